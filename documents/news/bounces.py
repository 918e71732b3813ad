"""Messages to signers that were not delivered: refused at once, or returned later.

However the news comes (the mail server's refusal, a letter in the bounce mailbox, a provider's
webhook, the SMS gateway), it ends here, once per message: on the signer, in the journal, at the
sender's and the process's side, in the deal.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone, translation

from documents.core import flow
from documents.models import Document, Signer
from documents.news import announcements
from employees.signatures.codes import mask_address
from journal.events import EventKind
from journal.services import record
from outbox.causes import Cause
from outbox.models import Delivery
from signx.errors import ErrorCode, SignXError
from signx.logs import mask

EVENT = "mail_rejected"
# What the delivery says of itself, when the message can never arrive.
CODES = {"mail": ErrorCode.MAIL_REJECTED, "sms": ErrorCode.SMS_REJECTED}
REASON_LENGTH = 200
_WAITING = frozenset({Document.Status.SENDING, Document.Status.SENT})


def message_settled(delivery: Delivery) -> None:
    """Listener of the outbox for codes, copies and news; in the transaction that settles it."""
    if is_undeliverable(delivery):
        note(delivery, delivery.error, at=delivery.settled_at or timezone.now())


def is_undeliverable(delivery: Delivery) -> bool:
    """Refused, or deferred until it was given up; not broken on our own side."""
    causes = {*CODES.values(), *Cause.values}
    return delivery.state == Delivery.State.DEAD and delivery.error_code in causes


@transaction.atomic
def returned(delivery: Delivery, reason: str, *, at: datetime) -> bool:
    """A message that its carrier had taken came back; False when that is known, or not ours.

    The delivery becomes a dead one, so that the desk shows it and a second report changes nothing.
    """
    if "signer" not in delivery.payload:
        return False
    row = Delivery.objects.select_for_update().get(pk=delivery.pk)
    if row.state != Delivery.State.DONE:
        return False
    row.state, row.settled_at = Delivery.State.DEAD, at
    row.error_code = CODES[row.channel].value
    row.error = mask(reason.replace("\0", ""))[:REASON_LENGTH]  # NUL: PostgreSQL takes none
    row.save(update_fields=["state", "settled_at", "error_code", "error"])
    note(row, row.error, at=at)
    return True


@transaction.atomic
def note(delivery: Delivery, reason: str, *, at: datetime) -> None:
    """Write the failure down and tell everybody whom it concerns.

    A message to an earlier address or to the person before is only written in the journal.
    """
    found = Signer.objects.filter(pk=delivery.payload["signer"]).first()
    if found is None:
        return
    document = flow.lock(found.document_id)
    signer = document.signers.get(pk=found.pk)
    signer.document = document
    error = SignXError(CODES[delivery.channel], reason, address=_went_to(delivery, signer))
    _record(signer, delivery, reason, at)
    if _is_of_the_past(delivery, signer):
        return
    signer.bounced_at, signer.bounce_reason = at, reason[:REASON_LENGTH]
    signer.save(update_fields=["bounced_at", "bounce_reason"])
    if document.status in _WAITING and signer.is_undecided:
        _warn(document, error)
    announcements.tell(document, EVENT, signer=signer, at=at)


def _warn(document: Document, error: SignXError) -> None:
    """The document goes on, but the process and the card are told what is in its way."""
    document.error_code = error.code.value
    with translation.override(document.portal.language):
        document.error = error.sentence
    document.save(update_fields=["error_code", "error", "changed_at"])


def _is_of_the_past(delivery: Delivery, signer: Signer) -> bool:
    since = max(filter(None, (signer.delegated_at, signer.address_changed_at)), default=None)
    return since is not None and delivery.created_at < since


def _record(signer: Signer, delivery: Delivery, reason: str, at: datetime) -> None:
    """Of the one the message went to, who may not be the signer any more."""
    name = delivery.payload.get("name", signer.name)
    record(
        signer.document.portal,
        EventKind.SIGNER_LETTER_BOUNCED,
        actor=flow.SYSTEM,
        subject=signer.document.subject,
        data={"signer": signer.key, "message": delivery.kind},
        personal={"name": name, "address": _went_to(delivery, signer), "reason": reason},
        at=at,
    )


def _went_to(delivery: Delivery, signer: Signer) -> str:
    """The masked address; of messages from before it was kept, the signer's."""
    now = signer.code_address if delivery.channel == "sms" else signer.email
    return str(delivery.payload.get("address") or mask_address(now))
