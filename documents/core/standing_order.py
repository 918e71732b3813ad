"""The company's signature at sending: the signer's standing order, with the words that say so."""

from __future__ import annotations

import logging
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import QuerySet
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from documents.access.links import is_turn_of
from documents.core import files
from documents.core.law import refuse_level
from documents.models import Document, Signature, Signer
from employees.models import Employee, KeyPair, SignatureProfile
from employees.signatures.certificates import require_certificate
from employees.signatures.codes import mask_address
from employees.signatures.keys import platform_seal_pair
from signing.base import Level
from signx.errors import ErrorCode, SignXError

log = logging.getLogger(__name__)

ROBOT_PREFIX = "robot:"


def sign_for_company(document: Document, *, actor: str, at: datetime) -> None:
    """Write down the company's decision to sign the file as it is at this moment.

    Its PDF revision follows at hand-over. The profile is read now, because an employee who stops
    his signature stops it at once. A signature whose turn comes after the counterparty's is only
    judged here and given by `sign_in_turn`. Raises SignXError: SIGNATURE_MISSING,
    SIGNATURE_NOT_CONFIRMED, RIGHT_MISSING (robots may not use it, or it has no certificate),
    SIGNATURE_LEVEL_REFUSED (the kind of signature changed since the draft).
    """
    personnel = document.is_personnel
    for signer in _company_signers(document):
        profile = _usable_profile(signer, by_robot=actor.startswith(ROBOT_PREFIX))
        refuse_level(
            document.title,
            [signer.side],
            profile.level,
            kind=document.kind,
            personnel=personnel,
        )
        if is_turn_of(signer):
            _give(document, signer, profile, actor, at)
        else:
            _key_pair(signer, profile, at)


def sign_in_turn(document: Document, *, at: datetime) -> list[Signature]:
    """The company signs after the counterparty, by the same standing order; under the lock.

    Whose signature was stopped meanwhile does not sign: he is asked as any other signer.
    """
    given = []
    for signer in _company_signers(document).exclude(status=Signer.Status.SIGNED):
        if not is_turn_of(signer):
            continue
        try:
            by_robot = document.ordered_by.startswith(ROBOT_PREFIX)
            profile = _usable_profile(signer, by_robot=by_robot)
            given.append(_give(document, signer, profile, document.ordered_by, at))
        except SignXError as error:
            log.info("document %s: no standing order any more: %s", document.public_id, error)
    return given


def _company_signers(document: Document) -> QuerySet[Signer]:
    return document.signers.filter(side=Signer.Side.COMPANY).select_related("employee")


def _give(
    document: Document, signer: Signer, profile: SignatureProfile, actor: str, at: datetime
) -> Signature:
    signature, _is_new = Signature.objects.get_or_create(
        signer=signer,
        defaults={
            "level": profile.level,
            "signed_at": at,
            "confirmed_by": _way(document, signer, profile, actor)[:200],
            "signed_sha256": files.shown_sha256(document),
            "time_zone": settings.TIME_ZONE,
            "key_pair": _key_pair(signer, profile, at),
        },
    )
    return signature


def _key_pair(signer: Signer, profile: SignatureProfile, at: datetime) -> KeyPair:
    """The person's own for an unqualified signature, else the seal. Raises RIGHT_MISSING."""
    if profile.level == Level.SIMPLE or signer.employee is None:
        return platform_seal_pair()
    return require_certificate(signer.employee, at=at)


def _usable_profile(signer: Signer, *, by_robot: bool) -> SignatureProfile:
    profile = SignatureProfile.objects.filter(employee=signer.employee).first()
    if profile is None or profile.state in {
        SignatureProfile.State.CODE_SENT,
        SignatureProfile.State.STOPPED,
    }:
        raise SignXError(ErrorCode.SIGNATURE_MISSING, f"signer {signer.key}", name=signer.name)
    if profile.state != SignatureProfile.State.CONFIRMED:
        raise SignXError(
            ErrorCode.SIGNATURE_NOT_CONFIRMED, f"signer {signer.key}", name=signer.name
        )
    if by_robot and not profile.robots_allowed:
        raise SignXError(
            ErrorCode.RIGHT_MISSING,
            f"signer {signer.key}",
            name=signer.name,
            reason=gettext_lazy("robots may not use this signature"),
        )
    return profile


def _way(document: Document, signer: Signer, profile: SignatureProfile, actor: str) -> str:
    """How the company's signature was confirmed, in the document's language, address masked."""
    turned_on = profile.turned_on_at or profile.confirmed_at
    day = turned_on.astimezone(ZoneInfo(settings.TIME_ZONE)) if turned_on else None
    with translation.override(document.language):
        facts = {
            "date": f"{day:%d.%m.%Y}" if day else "—",
            "address": mask_address(profile.email),
            "sender": _name_of(document, actor),
        }
        if actor.startswith(ROBOT_PREFIX):
            text = _(
                "standing order to the robot, turned on %(date)s by a code sent to %(address)s"
            )
        elif signer.employee is not None and signer.employee.audit_name == actor:
            text = _("own order in Bitrix24; signature turned on %(date)s by a code to %(address)s")
        else:
            text = _("order of %(sender)s; signature turned on %(date)s by a code to %(address)s")
        return text % facts


def _name_of(document: Document, actor: str) -> str:
    user_id = actor.removeprefix("employee:")
    if not user_id.isdigit():
        return actor
    person = Employee.objects.filter(portal=document.portal, bitrix_user_id=int(user_id)).first()
    return person.name if person is not None else actor
