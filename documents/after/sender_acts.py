"""What the sender does with a document on its way: withdraw, remind, send anew, correct an
address."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from documents.access import act_codes, public_limits
from documents.core import annulment, flow
from documents.models import Document, Signer
from documents.news import announcements, invitations, notices, reminders
from employees.models import Employee, Right
from employees.signatures.codes import mask_address
from journal.events import EventKind
from journal.services import record
from outbox.sms import phone_digits
from signx.errors import ErrorCode, SignXError

Status = Document.Status
REMINDER_PAUSE = timedelta(minutes=10)


@transaction.atomic
def cancel_document(document: Document, *, by: Employee, reason: str, at: datetime) -> Document:
    """Withdraw a document that nobody has to sign any more. Raises NOT_FOUND, RIGHT_MISSING,
    STATUS_CONFLICT."""
    _require_sender(document, by)
    personal = {"actor": by.name}
    return flow.move(
        document.pk,
        Status.CANCELLED,
        actor=by.audit_name,
        detail=reason.strip(),
        personal=personal,
        at=at,
    )


@transaction.atomic
def remind_signer(signer: Signer, *, by: Employee, at: datetime) -> None:
    """A letter to the one whose turn it is, at most one in 10 minutes; earlier links go on.

    Raises SignXError: NOT_FOUND, RIGHT_MISSING, STATUS_CONFLICT, NOT_YOUR_TURN, INPUT_INVALID.
    """
    _require_sender(signer.document, by)
    signer = _waiting(signer)
    last = reminders.last_letter_at(signer)
    if last is not None and at - last < REMINDER_PAUSE:
        raise SignXError(
            ErrorCode.INPUT_INVALID,
            "reminded too soon",
            reason=_("a letter went out less than 10 minutes ago"),
        )
    reminders.write_again(
        signer,
        invitations.Why.REMINDER,
        actor=by.audit_name,
        at=at,
        personal={"actor": by.name},
    )


@transaction.atomic
def resend_invitation(signer: Signer, *, by: Employee, at: datetime) -> None:
    """A new link; the old one stops at once. Raises as `remind_signer`, without the pause."""
    _require_sender(signer.document, by)
    signer = _waiting(signer)
    public_limits.count_letter(signer.email, at=at)
    reminders.write_again(
        signer,
        invitations.Why.NEW_LINK,
        actor=by.audit_name,
        at=at,
        personal={"actor": by.name},
    )


@transaction.atomic
def change_address(
    signer: Signer, email: str = "", *, phone: str = "", by: Employee, at: datetime
) -> None:
    """The sender corrects where a signer's letters go, or the phone his codes go to; what is empty
    stays. A new link goes there, the old links and every code sent so far stop working, and an
    agreement accepted from the old address is asked for again. The old e-mail address is told.

    Raises as `resend_invitation`; INPUT_INVALID for an employee, who has no link, for the present
    address, and for one that belongs to another party.
    """
    _require_sender(signer.document, by)
    signer = _waiting(signer)
    old_email, old_address = signer.email, signer.code_address
    email, phone = email or old_email, phone or signer.phone
    _require_new_address(signer, email, phone)
    public_limits.count_letter(email, at=at)
    signer.email, signer.phone, signer.address_changed_at = email, phone, at
    if signer.is_undecided and signer.code_address != old_address:
        signer.agreed_at = None
    signer.save(update_fields=["email", "phone", "address_changed_at", "agreed_at"])
    act_codes.stop_all(signer, at=at)
    flow.reached(signer.document, signer)
    reminders.send_link(signer, invitations.Why.NEW_LINK, at=at)
    before, after = (old_email, email) if email != old_email else (old_address, phone)
    record(
        signer.document.portal,
        EventKind.SIGNER_ADDRESS_CHANGED,
        actor=by.audit_name,
        subject=signer.document.subject,
        data={"signer": signer.key},
        personal={
            "actor": by.name,
            "name": signer.name,
            "before": mask_address(before),
            "address": mask_address(after),
        },
        at=at,
    )
    if email != old_email:
        notices.queue_moved(signer, old_email, at=at)
    announcements.tell(signer.document, "address_changed", signer=signer, at=at)


def _require_new_address(signer: Signer, email: str, phone: str) -> None:
    """Another's address would let him sign in this signer's place."""
    reason: str | Promise = ""
    if signer.signs_in_portal:
        reason = _("an employee signs in Bitrix24, no letter with a link is sent")
    elif (email, phone) == (signer.email, signer.phone):
        reason = _("this is the present address; send a new link instead")
    elif _belongs_to_another(signer, email, phone):
        reason = _("this address belongs to another signer or to an employee of the company")
    if reason:
        raise SignXError(ErrorCode.INPUT_INVALID, f"address of {signer.key}", reason=reason)


def _belongs_to_another(signer: Signer, email: str, phone: str) -> bool:
    others = list(signer.document.signers.exclude(pk=signer.pk))
    digits = phone_digits(phone)
    if email != signer.email and (
        any(one.email.lower() == email.lower() for one in others)
        or Employee.objects.for_portal(signer.document.portal).filter(email__iexact=email).exists()
    ):
        return True
    return phone != signer.phone and any(phone_digits(one.phone) == digits for one in others)


def _require_sender(document: Document, by: Employee) -> None:
    if by.portal_id != document.portal_id:
        raise SignXError(ErrorCode.NOT_FOUND, "a document of another portal")
    by.require(Right.SEND)


def _waiting(signer: Signer) -> Signer:
    """The signer with his locked document, if it is this signer whom the document waits for: to
    sign it, or to answer the proposal to annul it."""
    document = flow.lock(signer.document_id)
    waiting = document.awaited_signers if document.status == Status.SENT else []
    if document.status == Status.COMPLETED:
        waiting = annulment.waiting_for(document)
    if not waiting:
        raise SignXError(ErrorCode.STATUS_CONFLICT, f"the document is {document.status}")
    awaited = next((one for one in waiting if one.pk == signer.pk), None)
    if awaited is None:
        raise SignXError(ErrorCode.NOT_YOUR_TURN, f"signer {signer.key}")
    awaited.document = document
    return awaited
