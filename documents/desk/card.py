"""What the card of one document shows, and who may act on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from documents.access.visibility import visible_to
from documents.after.sender_acts import REMINDER_PAUSE
from documents.core import annulment, files
from documents.core.agreement_offers import accepted_before, due_offer
from documents.desk.chips import (
    Chip,
    Progress,
    document_chip,
    next_signers,
    progress,
    signer_chip,
    version,
)
from documents.desk.own_turn import OwnTurn, own_turn
from documents.models import Document, Signer, StoredFile
from employees.models import Employee, Right
from employees.people.delegations import may_send
from employees.signatures.codes import mask_address
from journal.actors import actor_name
from journal.events import EventKind
from journal.models import AuditEvent
from journal.sentences import sentence
from journal.services import chain_of
from signing.base import Level

Kind = StoredFile.Kind
DOWNLOADS = (Kind.SIGNED, Kind.REPORT, Kind.AGREEMENT, Kind.SOURCE)
SEALING_IS_LATE = timedelta(minutes=2)
TIMELINE_LENGTH = 100
_GOOD = {EventKind.SIGNER_SIGNED, EventKind.DOCUMENT_COMPLETED, EventKind.SIGNER_AGREED}
_BAD = {
    EventKind.DOCUMENT_DECLINED,
    EventKind.DOCUMENT_FAILED,
    EventKind.DOCUMENT_EXPIRED,
    EventKind.SIGNER_DECLINED,
    EventKind.SIGNER_CODE_WRONG,
    EventKind.SIGNER_LETTER_BOUNCED,
}


@dataclass(frozen=True)
class SignerLine:
    """`is_awaited`: to sign, or to answer a proposal to annul. `remind_after` is when the next
    reminder may go out; None = now."""

    signer: Signer
    chip: Chip
    address: str
    is_awaited: bool
    remind_after: datetime | None


@dataclass(frozen=True)
class Entry:
    """A line of the timeline; `trace` is the IP and device, for those with the journal right."""

    at: datetime
    actor: str
    text: str
    tone: str
    trace: str


@dataclass(frozen=True)
class Card:
    document: Document
    chip: Chip
    progress: Progress
    version: str
    signers: list[SignerLine]
    timeline: list[Entry]
    downloads: list[StoredFile]
    shown: StoredFile | None
    may_act: bool
    may_write: bool
    is_late: bool
    turn: OwnTurn | None
    agreement: str
    replaced: Document | None
    editions: list[Document]
    may_replace: bool

    @property
    def awaited_count(self) -> int:
        return sum(line.is_awaited for line in self.signers)


def read(document: Document, reader: Employee, at: datetime) -> Card:
    events = list(chain_of(document.subject, document.portal).order_by("-number"))
    events = events[:TIMELINE_LENGTH]
    stored = {one.kind: one for one in files.of_kinds(document, [*DOWNLOADS, Kind.SHOWN])}
    may_act = document.status == Document.Status.SENT and reader.has_right(Right.SEND)
    is_late = document.sealing_at is not None and at - document.sealing_at > SEALING_IS_LATE
    return Card(
        document=document,
        chip=document_chip(document, reader, at),
        progress=progress(document),
        version=version(document),
        signers=_signer_lines(document, at),
        timeline=_timeline(events, reader),
        downloads=[stored[kind] for kind in DOWNLOADS if kind in stored],
        shown=stored.get(Kind.SIGNED) or stored.get(Kind.SHOWN),
        may_act=may_act,
        may_write=reader.has_right(Right.SEND),
        is_late=is_late and document.status == Document.Status.SEALING,
        turn=own_turn(document, reader, at),
        agreement=agreement_state(document),
        replaced=visible_to(reader).filter(editions=document).first(),
        editions=list(visible_to(reader).filter(replaces=document).order_by("-created_at")),
        may_replace=document.is_final and may_send(reader, at=at),
    )


def agreement_state(document: Document) -> str:
    """What the sides' agreement on electronic signatures stands on, in words for the sender."""
    others = document.signers.filter(side=Signer.Side.COUNTERPARTY)
    if any(signer.agreed_at or due_offer(signer) for signer in others):
        return _("Signed together with the document")
    if all(accepted_before(signer) for signer in others):
        return _("In force since an earlier document")
    if document.level != Level.SIMPLE:
        return _("Not asked for")
    return _("Not asked for: a simple signature counts only if the sides have agreed on it")


def _signer_lines(document: Document, at: datetime) -> list[SignerLine]:
    waiting = next_signers(document) if document.status == Document.Status.SENT else []
    if document.status == Document.Status.COMPLETED:
        waiting = annulment.waiting_for(document)
    lines = []
    for signer in document.signers.all():
        last = max(filter(None, (signer.invited_at, signer.reminded_at)), default=None)
        after = last + REMINDER_PAUSE if last and last + REMINDER_PAUSE > at else None
        address = mask_address(signer.email or signer.phone)
        chip = signer_chip(signer, document)
        lines.append(SignerLine(signer, chip, address, signer in waiting, after))
    return lines


def _timeline(events: Sequence[AuditEvent], reader: Employee) -> list[Entry]:
    sees_traces = reader.has_right(Right.JOURNAL)
    return [
        Entry(
            at=event.at,
            actor=actor_name(event),
            text=sentence(event),
            tone=_tone(event),
            trace=_trace(event) if sees_traces else "",
        )
        for event in events
    ]


def _tone(event: AuditEvent) -> str:
    return "is-ok" if event.kind in _GOOD else "is-bad" if event.kind in _BAD else ""


def _trace(event: AuditEvent) -> str:
    parts = (str(event.personal_data.get(key, "")) for key in ("ip", "user_agent"))
    return " · ".join(part for part in parts if part)
