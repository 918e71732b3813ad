"""Reminders by schedule: to whom the document waits for, some days before the term."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from documents.core import flow
from documents.models import Document, Signer
from documents.news import annulment_letters, invitations
from journal.events import EventKind
from journal.services import record

REMIND_BEFORE = (timedelta(days=7), timedelta(days=3), timedelta(days=1))
# Who got a letter in these hours, by hand or with a new address, is not written to again.
QUIET = timedelta(hours=12)


def schedule(document: Document, *, after: datetime) -> None:
    """When the next reminder is due; none when the last one is over."""
    times = (document.expires_at - before for before in REMIND_BEFORE)
    document.next_reminder_at = min((due for due in times if due > after), default=None)
    document.save(update_fields=["next_reminder_at"])


@transaction.atomic
def remind(document_id: int, *, at: datetime) -> list[Signer]:
    """The reminders that are due, and the time of the next ones; whom they were written to."""
    document = flow.lock(document_id)
    due_at = document.next_reminder_at
    if document.status != Document.Status.SENT or due_at is None or due_at > at:
        return []
    schedule(document, after=at)
    if document.expires_at <= at:
        return []
    asked = [signer for signer in document.awaited_signers if _may_be_reminded(signer, at)]
    for signer in asked:
        signer.document = document
        write_again(signer, invitations.Why.REMINDER, actor=flow.SYSTEM, at=at)
    return asked


def write_again(
    signer: Signer,
    why: invitations.Why,
    *,
    actor: str,
    at: datetime,
    personal: dict[str, str] | None = None,
) -> None:
    """A letter with a link of its own, written down in the journal. Under the document's lock."""
    is_new_link = why is invitations.Why.NEW_LINK
    send_link(signer, why, at=at)
    signer.reminded_at = at
    signer.save(update_fields=["reminded_at"])
    record(
        signer.document.portal,
        EventKind.LINK_RENEWED if is_new_link else EventKind.REMINDER_SENT,
        actor=actor,
        subject=signer.document.subject,
        data={"signer": signer.key, "why": why.value},
        personal={"name": signer.name} | (personal or {}),
        at=at,
    )


def send_link(signer: Signer, why: invitations.Why, *, at: datetime) -> None:
    """The letter that asks for what the document waits for: a signature under it, or under the
    proposal to annul it."""
    if signer.document.status == Document.Status.COMPLETED:
        annulment_letters.ask(signer, is_again=why is not invitations.Why.REMINDER, at=at)
    else:
        invitations.send_link(signer, why=why)


def last_letter_at(signer: Signer) -> datetime | None:
    return max(filter(None, (signer.invited_at, signer.reminded_at)), default=None)


def _may_be_reminded(signer: Signer, at: datetime) -> bool:
    """Invited, reachable as far as we know, and not written to a moment ago."""
    last = last_letter_at(signer)
    return last is not None and at - last >= QUIET and signer.bounced_at is None
