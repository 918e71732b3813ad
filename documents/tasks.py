"""Background steps of a document: hand over, seal, expire. Safe to run twice, killed anywhere.

A step claims its document by moving `next_step_at` ahead: should the worker die, the lease runs
out and the sweep finds the document again. The row, not the queue, remembers the attempts.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from documents.core import flow
from documents.models import Document, Signer
from documents.news import bounces, invitations, notices, reminders
from documents.proof import sealing
from documents.proof.hand_over import invite, sign_for_company
from employees.signatures.codes import mask_address
from journal.events import EventKind
from journal.services import record
from outbox.models import Delivery
from signx.claims import LEASE, claim
from signx.errors import RETRYABLE, ErrorCode, SignXError

log = logging.getLogger(__name__)

Status = Document.Status
RETRY_DELAYS = tuple(timedelta(seconds=s) for s in (2, 5, 15, 30, 60, 60, 120, 300, 600))
# Sealing never gives up: everybody has signed. Hand-over does after about 20 minutes.
ALARM_AFTER = timedelta(minutes=2)
SWEEP_LIMIT = 20
EXPIRY_LIMIT = 200
OPEN = frozenset({Status.SENDING, Status.SENT})


def hand_over(document_id: int, at: datetime | None = None) -> None:
    """Prepare the fields, apply the company's signature, queue the invitation."""
    at = at or timezone.now()
    document = _claim(document_id, Status.SENDING, at)
    if document is None:
        return
    if document.step_attempts > len(RETRY_DELAYS) + 1:  # no worker lived to tell why
        _postpone_hand_over(document, SignXError(ErrorCode.INTERNAL_ERROR, "worn out"), at)
        return
    try:
        sign_for_company(document, at=at)
        invite(document)
    except Exception as error:
        _postpone_hand_over(document, _expected(error, document), at)


def seal(document_id: int, at: datetime | None = None) -> None:
    """Make the result files and complete the document; repeated until it is done."""
    at = at or timezone.now()
    document = _claim(document_id, Status.SEALING, at)
    if document is None:
        return
    if document.step_attempts > 1 and at >= (document.sealing_at or at) + LEASE:
        # The attempt before died with its worker, or support knows already.
        _tell_support(document, SignXError(ErrorCode.INTERNAL_ERROR, "no answer"), at)
    try:
        sealing.make_files(document, at=at)
        flow.move(document.pk, Status.COMPLETED, actor=flow.SYSTEM, at=at)
    except Exception as error:
        _postpone_sealing(document, _expected(error, document), at)


def follow_due(at: datetime | None = None) -> None:
    """Take up every step whose time has come, expire what was not signed in time, remind."""
    at = at or timezone.now()
    steps = {Status.SENDING: hand_over, Status.SEALING: seal}
    due = Document.objects.step_due(at).order_by("next_step_at")
    for pk, status in list(due.values_list("pk", "status")[:SWEEP_LIMIT]):
        steps[Status(status)](pk, at)
    for pk in list(Document.objects.overdue(at).values_list("pk", flat=True)[:EXPIRY_LIMIT]):
        _expire(pk, at)
    for pk in list(Document.objects.reminder_due(at).values_list("pk", flat=True)[:EXPIRY_LIMIT]):
        reminders.remind(pk, at=at)


def has_due(at: datetime) -> bool:
    """Whether `follow_due` would find something at `at`."""
    documents = Document.objects
    return (
        documents.step_due(at).exists()
        or documents.overdue(at).exists()
        or documents.reminder_due(at).exists()
    )


def invitation_settled(delivery: Delivery) -> None:
    """Listener of the outbox: the mail server took a letter with a link, or it never will.

    In the transaction that settles the delivery.
    """
    found = Signer.objects.filter(pk=delivery.payload["signer"]).first()
    if found is None:
        return
    document = flow.lock(found.document_id)
    signer = document.signers.get(pk=found.pk)
    at = delivery.settled_at or timezone.now()
    if delivery.key != invitations.key_of(signer):
        return  # its link was replaced: a newer letter decides
    if document.status not in OPEN:
        return  # closed meanwhile: the letter was not even built
    if delivery.state == Delivery.State.DONE:
        _invited(document, signer, at)
    elif document.status == Status.SENDING and not _others_may_come(document, signer):
        error = _mail_error(delivery, signer)
        flow.move(document.pk, Status.FAILED, actor=flow.SYSTEM, at=at, error=error)
    elif bounces.is_undeliverable(delivery):
        bounces.note(delivery, delivery.error, at=at)


def _claim(document_id: int, status: str, at: datetime) -> Document | None:
    """The document, if it waits for this step and nobody else is at it."""
    waiting = Document.objects.step_due(at).filter(pk=document_id, status=status)
    if not claim(waiting, field="next_step_at", at=at, attempts="step_attempts"):
        return None
    return Document.objects.select_related("portal").get(pk=document_id)


def _expected(error: Exception, document: Document) -> SignXError:
    if isinstance(error, SignXError):
        log.warning("document %s: %s", document.public_id, error)
        return error
    log.error("document %s: a step broke", document.public_id, exc_info=error)
    return SignXError(ErrorCode.INTERNAL_ERROR, type(error).__name__)


def _postpone_hand_over(document: Document, error: SignXError, at: datetime) -> None:
    attempts = document.step_attempts
    if error.code in RETRYABLE and attempts <= len(RETRY_DELAYS):
        _retry_at(document, Status.SENDING, at + RETRY_DELAYS[attempts - 1])
        return
    flow.move(document.pk, Status.FAILED, actor=flow.SYSTEM, at=at, error=error)


def _postpone_sealing(document: Document, error: SignXError, at: datetime) -> None:
    delay = RETRY_DELAYS[min(document.step_attempts, len(RETRY_DELAYS)) - 1]
    alarm_at = (document.sealing_at or at) + ALARM_AFTER
    next_at = min(at + delay, alarm_at) if at < alarm_at else at + delay
    _retry_at(document, Status.SEALING, next_at)
    if at >= alarm_at:
        _tell_support(document, error, at)


def _retry_at(document: Document, status: str, at: datetime) -> None:
    # Only while the document is where this attempt found it: it may have moved on meanwhile.
    Document.objects.filter(
        pk=document.pk, status=status, step_attempts=document.step_attempts
    ).update(next_step_at=at)


@transaction.atomic
def _tell_support(document: Document, error: SignXError, at: datetime) -> None:
    locked = flow.lock(document.pk)
    if locked.status != Status.SEALING or not notices.tell_support(locked, error.code.value):
        return
    record(
        locked.portal,
        EventKind.DOCUMENT_SEALING,
        actor=flow.SYSTEM,
        subject=locked.subject,
        data={"support_told": True, "error_code": error.code.value},
        at=at,
    )


def _expire(document_id: int, at: datetime) -> None:
    try:
        flow.move(document_id, Status.EXPIRED, actor=flow.SYSTEM, at=at)
    except SignXError as error:  # signed or withdrawn between the look and the lock
        log.info("document %s is not expired: %s", document_id, error.detail)


def _invited(document: Document, signer: Signer, at: datetime) -> None:
    if signer.invited_at is None:
        signer.invited_at = at
        signer.save(update_fields=["invited_at"])
        record(
            document.portal,
            EventKind.SIGNER_INVITED,
            actor=flow.SYSTEM,
            subject=document.subject,
            data={"signer": signer.key},
            personal={
                "name": signer.name,
                "address": mask_address(signer.email or signer.code_address),
            },
            at=at,
        )
    if document.status == Status.SENDING:
        flow.move(document.pk, Status.SENT, actor=flow.SYSTEM, at=at)


def _others_may_come(document: Document, signer: Signer) -> bool:
    """Whether another of those who were asked at the same time has his letter or may get it: then
    the document goes on, whichever letter was settled first."""
    others = [one for one in document.awaited_signers if one.pk != signer.pk and one.link_hash]
    letters = Delivery.objects.filter(key__in=[invitations.key_of(one) for one in others])
    return letters.exclude(state=Delivery.State.DEAD).exists()


def _mail_error(delivery: Delivery, signer: Signer) -> SignXError:
    """Refused, or not taken in two days: the address or its server is what to look at."""
    if delivery.channel == "portal":  # an employee's notice
        return SignXError(ErrorCode.PORTAL_UNREACHABLE, f"invitation: {delivery.error_code}")
    return SignXError(
        ErrorCode.MAIL_REJECTED,
        f"{delivery.error_code}: {delivery.error}",
        address=mask_address(signer.email),
    )
