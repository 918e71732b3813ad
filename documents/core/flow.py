"""The state machine of a document and its signers. Nothing else assigns a status.

Every step is one transaction: the status, its journal event, the balance entry and the queued
deliveries are there together or not at all. Lock order: document, portal (balance), journal.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from ipaddress import ip_address
from typing import Any

from django.db import transaction
from django.utils import timezone, translation
from django_q.tasks import async_task

from documents.access.links import is_turn_of
from documents.core import agreement_texts, editions, files, listeners, standing_order
from documents.core.agreement_offers import due_offer
from documents.core.evidence import Evidence
from documents.models import Agreement, Document, Signature, Signer
from employees.balances import ledger
from journal.events import EventKind
from journal.services import record
from signx.errors import ErrorCode, SignXError

Status = Document.Status

TRANSITIONS: dict[str, frozenset[str]] = {
    Status.DRAFT: frozenset({Status.SENDING, Status.CANCELLED}),
    Status.SENDING: frozenset({Status.SENT, Status.FAILED}),
    Status.SENT: frozenset({Status.SEALING, Status.DECLINED, Status.EXPIRED, Status.CANCELLED}),
    Status.SEALING: frozenset({Status.COMPLETED}),
    Status.COMPLETED: frozenset({Status.ANNULLED}),
}  # a status with no row here is final

RETURNS_THE_HOLD = frozenset({Status.DECLINED, Status.EXPIRED, Status.CANCELLED, Status.FAILED})
# What a worker has to do once the status is there; the row's next_step_at makes it come due.
STEPS = {Status.SENDING: "documents.tasks.hand_over", Status.SEALING: "documents.tasks.seal"}
_TIMES = {Status.SENT: "sent_at", Status.SEALING: "sealing_at"}
SYSTEM = "system"


@transaction.atomic
def move(
    document_id: int,
    to: str,
    *,
    actor: str,
    detail: str = "",
    personal: Mapping[str, Any] | None = None,
    at: datetime | None = None,
    error: SignXError | None = None,
) -> Document:
    """Change a document's status, with everything that follows from it, in one transaction.

    `detail` is the reason of a refusal or a withdrawal in people's words; `error` tells why a
    document failed. Moving to the current status changes nothing, because deliveries repeat.
    Raises SignXError(STATUS_CONFLICT) for a step missing from TRANSITIONS.
    """
    at = at or timezone.now()
    document = lock(document_id)
    before = document.status
    if before == to:
        return document
    if to not in TRANSITIONS.get(before, ()):
        raise SignXError(ErrorCode.STATUS_CONFLICT, f"{before} -> {to}")

    _write(document, Status(to), at, detail, error)
    _record(document, before, actor, detail, personal, at)
    if to == Status.COMPLETED:
        editions.take_its_place(document, actor=actor, at=at)
    _settle_balance(document, before, actor, at)
    listeners.tell_moved(document, at)
    if to in STEPS:
        transaction.on_commit(partial(async_task, STEPS[Status(to)], document.pk))
    return document


def lock(document_id: int) -> Document:
    """The document's row, locked to the end of the transaction."""
    return (
        Document.objects.select_for_update(of=("self",))
        .select_related("portal")
        .get(pk=document_id)
    )


@transaction.atomic
def signer_viewed(signer_id: int, evidence: Evidence, at: datetime) -> None:
    """The signer saw the document; later views change nothing."""
    document, signer = _open_for(signer_id, at)
    if signer.status != Signer.Status.PENDING:
        return
    signer.status, signer.viewed_at = Signer.Status.VIEWED, at
    signer.save(update_fields=["status", "viewed_at"])
    reached(document, signer)
    _record_signer(document, signer, EventKind.SIGNER_VIEWED, evidence, at)
    listeners.tell_acted(document, signer, "viewed", at)


@transaction.atomic
def signer_agreed(
    signer_id: int,
    evidence: Evidence,
    at: datetime,
    *,
    template_version: str,
    template_hash: str,
    language: str,
) -> None:
    """The signer accepted the additional agreement; accepting it again changes nothing.

    Raises as `signer_signed` does; STATUS_CONFLICT also when another text was shown than the
    document asks for.
    """
    document, signer = _open_for(signer_id, at)
    offer = due_offer(signer)
    if offer is None:
        return
    if template_hash != offer.digest:
        raise SignXError(ErrorCode.STATUS_CONFLICT, "another agreement was shown")
    agreement_texts.keep(template_hash)
    signer.agreed_at = at
    signer.save(update_fields=["agreed_at"])
    Agreement.objects.get_or_create(
        portal=document.portal,
        counterparty=signer.counterparty,
        address=signer.code_address,
        template_hash=template_hash,
        defaults={
            "template_version": template_version,
            "language": language,
            "accepted_at": at,
            "document": document,
        },
    )
    data = {"template_version": template_version, "template_hash": template_hash}
    _record_signer(document, signer, EventKind.SIGNER_AGREED, evidence, at, data)


@transaction.atomic
def signer_signed(signer_id: int, evidence: Evidence, at: datetime) -> Document:
    """The signer's decision, taken under the document's lock; signing twice is signing once.

    Raises SignXError: STATUS_CONFLICT (moved on, or another file was shown), NOT_YOUR_TURN,
    LINK_INVALID (the term is over), CONSENT_MISSING, SIGNATURE_LEVEL_REFUSED.
    """
    document, signer = _open_for(signer_id, at)
    if signer.status == Signer.Status.SIGNED:
        return document
    _check_decision(document, signer, evidence)
    Signature.objects.create(
        signer=signer,
        level=evidence.level,
        signed_at=at,
        confirmed_by=evidence.confirmed_by,
        signed_sha256=evidence.signed_sha256,
        ip=address(evidence.ip),
        user_agent=evidence.user_agent[:300],
        time_zone=evidence.time_zone[:60],
    )
    mark_signed(document, signer, evidence, at)
    reached(document, signer)
    for given in standing_order.sign_in_turn(document, at=at):
        mark_signed(document, given.signer, Evidence.of(given), at)
    if document.awaited_signer is None:
        return move(document.pk, Status.SEALING, actor=signer.audit_name, at=at)
    listeners.tell_acted(document, signer, "signed", at)
    return document


def mark_signed(document: Document, signer: Signer, evidence: Evidence, at: datetime) -> None:
    """The signer's status and its journal event; the Signature row is there already."""
    signer.status, signer.decided_at = Signer.Status.SIGNED, at
    signer.save(update_fields=["status", "decided_at"])
    data = {"level": evidence.level, "sha256": evidence.signed_sha256}
    personal = {"confirmed_by": evidence.confirmed_by}
    _record_signer(document, signer, EventKind.SIGNER_SIGNED, evidence, at, data, personal)


@transaction.atomic
def signer_declined(signer_id: int, reason: str, evidence: Evidence, at: datetime) -> Document:
    """The signer refuses: nobody can sign any more. Raises as `signer_signed` does."""
    document, signer = _open_for(signer_id, at)
    if signer.status == Signer.Status.DECLINED:
        return document
    if signer.status == Signer.Status.SIGNED:
        raise SignXError(ErrorCode.STATUS_CONFLICT, "the signer has signed already")
    signer.status, signer.decided_at, signer.decline_reason = Signer.Status.DECLINED, at, reason
    signer.save(update_fields=["status", "decided_at", "decline_reason"])
    personal = {"reason": reason}
    _record_signer(document, signer, EventKind.SIGNER_DECLINED, evidence, at, None, personal)
    return move(document.pk, Status.DECLINED, actor=signer.audit_name, detail=reason, at=at)


def _open_for(signer_id: int, at: datetime) -> tuple[Document, Signer]:
    """The locked document and its signer, if the signer may act (or has acted) now."""
    found = Signer.objects.filter(pk=signer_id).values_list("document_id", flat=True).first()
    if found is None:
        raise SignXError(ErrorCode.NOT_FOUND, f"signer {signer_id}")
    document = lock(found)
    # Read after the lock: what was read before it may be another worker's past.
    signer = document.signers.get(pk=signer_id)
    if signer.status in {Signer.Status.SIGNED, Signer.Status.DECLINED}:
        return document, signer
    if document.status == Status.SENDING and signer.link_hash:
        # Whoever holds the link has got the letter; the mail server's word is only late.
        document = move(document.pk, Status.SENT, actor=SYSTEM, at=at)
    if document.status != Status.SENT:
        raise SignXError(ErrorCode.STATUS_CONFLICT, f"the document is {document.status}")
    if document.expires_at <= at:
        raise SignXError(ErrorCode.LINK_INVALID, "the term is over")
    if not is_turn_of(signer):
        raise SignXError(ErrorCode.NOT_YOUR_TURN, f"signer {signer.key}")
    return document, signer


def address(ip: str | None) -> str | None:
    """An IP address the database takes: a proxy may hand on anything."""
    try:
        return str(ip_address(ip)) if ip else None
    except ValueError:
        return None


def _check_decision(document: Document, signer: Signer, evidence: Evidence) -> None:
    if signer.status == Signer.Status.DECLINED:
        raise SignXError(ErrorCode.STATUS_CONFLICT, "the signer has refused already")
    if evidence.signed_sha256 != files.shown_sha256(document):
        raise SignXError(ErrorCode.STATUS_CONFLICT, "another file was shown")
    if due_offer(signer) is not None:
        raise SignXError(ErrorCode.CONSENT_MISSING, f"signer {signer.key}")
    if evidence.level != document.level:
        # A failure on the way never lowers the level silently.
        raise SignXError(
            ErrorCode.SIGNATURE_LEVEL_REFUSED, f"{evidence.level} instead of {document.level}"
        )


def _write(
    document: Document, to: Document.Status, at: datetime, detail: str, error: SignXError | None
) -> None:
    document.status = to
    document.next_step_at = at if to in STEPS else None
    document.step_attempts = 0
    if to in _TIMES:
        setattr(document, _TIMES[to], at)
    if to in {Status.SEALING, Status.COMPLETED}:
        document.error_code = document.error = ""  # a letter that had come back matters no more
    if to in Document.FINAL:
        document.closed_reason = detail
    if to == Status.ANNULLED:
        document.annulled_at = at
    elif to in Document.FINAL:
        document.closed_at = at
    if error is not None:
        document.error_code = error.code.value
        with translation.override(document.portal.language):
            document.error = error.sentence
    document.save()


def _record(
    document: Document,
    before: str,
    actor: str,
    detail: str,
    personal: Mapping[str, Any] | None,
    at: datetime,
) -> None:
    data = {"from": before}
    if document.error_code:
        data["error_code"] = document.error_code
    words = dict(personal or {}) | ({"reason": detail} if detail else {})
    record(
        document.portal,
        EventKind(f"document_{document.status}"),
        actor=actor,
        subject=document.subject,
        data=data,
        personal=words or None,
        at=at,
    )


def _record_signer(
    document: Document,
    signer: Signer,
    kind: EventKind,
    evidence: Evidence,
    at: datetime,
    data: Mapping[str, Any] | None = None,
    personal: Mapping[str, Any] | None = None,
) -> None:
    record(
        document.portal,
        kind,
        actor=signer.audit_name,
        subject=document.subject,
        data={"signer": signer.key} | dict(data or {}),
        personal=evidence.personal | {"name": signer.name} | dict(personal or {}),
        at=at,
    )


def _settle_balance(document: Document, before: str, actor: str, at: datetime) -> None:
    if not document.units or before == Status.DRAFT:
        return
    if document.status == Status.COMPLETED:
        ledger.capture(document.pk, actor=actor, at=at)
    elif document.status in RETURNS_THE_HOLD:
        ledger.release(document.pk, reason=str(Status(document.status).label), actor=actor, at=at)


def reached(document: Document, signer: Signer) -> None:
    """There is a way to the signer (again): what came back before counts no more."""
    if signer.bounced_at is None:
        return
    signer.bounced_at, signer.bounce_reason = None, ""
    signer.save(update_fields=["bounced_at", "bounce_reason"])
    if document.error_code and not document.signers.filter(bounced_at__isnull=False).exists():
        document.error_code = document.error = ""
        document.save(update_fields=["error_code", "error", "changed_at"])
