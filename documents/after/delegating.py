"""Handing the signing over to a colleague of the same company, when the sender allows it.

Whoever holds the link alone must not be able to name another signer: the present one confirms the
hand-over with a code. The colleague gets a link of his own, and confirms his address by the code
he signs with; the link and the codes of the one before stop working.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from documents.access import act_codes
from documents.access.act_codes import Act
from documents.access.links import may_delegate, require_ready
from documents.core import flow
from documents.models import CodeChannel, Document, Signer
from documents.news import announcements, invitations
from documents.signer.services import Visit
from employees.signatures.codes import mask_address
from journal.events import EventKind
from journal.services import record
from outbox.sms import phone_digits
from signx.errors import ErrorCode, SignXError


@dataclass(frozen=True)
class Colleague:
    """`phone` is for a signer whose codes go by SMS: the channel never becomes a weaker one."""

    name: str
    email: str
    phone: str = ""


def needs_phone(signer: Signer) -> bool:
    return signer.code_channel == CodeChannel.SMS


@transaction.atomic
def request_code(signer: Signer, to: Colleague, visit: Visit, *, at: datetime) -> None:
    """A code to the present signer that fits only this colleague, in this browser.

    Raises RIGHT_MISSING, INPUT_INVALID, NOT_YOUR_TURN, STATUS_CONFLICT, CODE_TOO_SOON, CODE_LIMIT.
    """
    _require(signer, to, at)
    bound_to = _binding(signer, to, visit)
    act_codes.ensure(signer, Act.DELEGATE, bound_to=bound_to, trace=visit.trace, at=at)


def delegate_signer(
    signer: Signer, to: Colleague, *, code: str, visit: Visit, at: datetime
) -> Signer:
    """Put the colleague in the signer's place and send him his own link.

    Not inside a transaction: a try of the code stays counted. Raises as `request_code`, and
    CODE_WRONG, CODE_EXPIRED.
    """
    _require(signer, to, at)
    act_codes.check(
        signer,
        Act.DELEGATE,
        code=code,
        bound_to=_binding(signer, to, visit),
        trace=visit.trace,
        at=at,
    )
    return _hand_over(signer.pk, to, visit, at)


@transaction.atomic
def _hand_over(signer_id: int, to: Colleague, visit: Visit, at: datetime) -> Signer:
    document = flow.lock(Signer.objects.values_list("document_id", flat=True).get(pk=signer_id))
    signer = document.signers.get(pk=signer_id)
    signer.document = document
    require_ready(signer, at=at)  # signed, refused or withdrawn while the code was typed
    before = signer.name
    _rename(signer, to, at)
    act_codes.stop_all(signer, at=at)
    flow.reached(document, signer)
    invitations.send_link(signer, why=invitations.Why.INVITATION)
    record(
        document.portal,
        EventKind.SIGNER_DELEGATED,
        actor=signer.audit_name,
        subject=document.subject,
        data={"signer": signer.key},
        personal=visit.trace
        | {"before": before, "name": to.name, "address": mask_address(to.email)},
        at=at,
    )
    announcements.tell(document, "delegated", signer=signer, at=at)
    return signer


def _rename(signer: Signer, to: Colleague, at: datetime) -> None:
    """Nothing of what the one before has said, seen or agreed to counts for the colleague."""
    signer.name, signer.email, signer.role, signer.phone = to.name, to.email, "", to.phone
    signer.status = Signer.Status.PENDING
    signer.invited_at = signer.viewed_at = signer.agreed_at = signer.reminded_at = None
    signer.delegated_at = at
    signer.save()


def _require(signer: Signer, to: Colleague, at: datetime) -> None:
    if not may_delegate(signer):
        raise SignXError(
            ErrorCode.RIGHT_MISSING,
            f"signer {signer.key}",
            name=signer.name,
            reason=_("the sender does not allow handing the signing over"),
        )
    require_ready(signer, at=at)
    if _is_known(signer.document, to.email):
        raise SignXError(
            ErrorCode.INPUT_INVALID,
            "the colleague is a party already",
            reason=_("this address belongs to one of the signers"),
        )
    if needs_phone(signer) and not phone_digits(to.phone):
        reason = _("the code goes by SMS: the colleague's phone is needed")
        raise SignXError(ErrorCode.INPUT_INVALID, "no phone", reason=reason)


def _is_known(document: Document, email: str) -> bool:
    return document.signers.filter(email__iexact=email).exists()


def _binding(signer: Signer, to: Colleague, visit: Visit) -> str:
    parts = (
        act_codes.subject(signer),
        signer.document.public_id,
        to.name,
        to.email.lower(),
        to.phone,
    )
    return act_codes.bind(*parts, visit.session_key)
