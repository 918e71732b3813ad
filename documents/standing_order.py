"""The company's signature at sending: the signer's standing order, with the words that say so."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from documents import files
from documents.models import Document, Signature, Signer
from employees.codes import mask_address
from employees.keys import platform_seal_pair
from employees.models import Employee, SignatureProfile
from signx.errors import ErrorCode, SignXError

ROBOT_PREFIX = "robot:"


def sign_for_company(document: Document, *, actor: str, at: datetime) -> None:
    """Write down the company's decision to sign the file as it is at this moment.

    Its PDF revision follows at hand-over. The profile is read now, because an employee who stops
    his signature stops it at once. Raises SignXError: SIGNATURE_MISSING, SIGNATURE_NOT_CONFIRMED,
    RIGHT_MISSING (robots may not use it).
    """
    key_pair = platform_seal_pair()  # made at the first use: before the moment it attests
    for signer in document.signers.filter(side=Signer.Side.COMPANY).select_related("employee"):
        profile = _usable_profile(signer, by_robot=actor.startswith(ROBOT_PREFIX))
        Signature.objects.get_or_create(
            signer=signer,
            defaults={
                "level": document.level,
                "signed_at": at,
                "confirmed_by": _way(document, signer, profile, actor)[:200],
                "signed_sha256": files.shown_sha256(document),
                "time_zone": settings.TIME_ZONE,
                "key_pair": key_pair,
            },
        )


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
