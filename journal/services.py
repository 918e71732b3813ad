"""Writing to the journal, checking its chain, erasing personal details.

Personal details use these keys, so that pages can show them: `actor` (name of who did it),
`name` (of whom it is about), `address`, `ip`, `user_agent`, `reason` (in people's words).
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from bitrix24.models import Portal
from journal import export as exporting
from journal.chain import ChainCheck, Head, Link, Personal, check, plain
from journal.events import EventKind
from journal.models import AuditEvent, AuditEventQuerySet, JournalHead, PersonalDetail

Subject = tuple[str, str]  # ("document", public id), ("employee", "12")

_PORTAL_EVENTS = {
    "installed": EventKind.PORTAL_INSTALLED,
    "updated": EventKind.PORTAL_UPDATED,
    "uninstalled": EventKind.PORTAL_UNINSTALLED,
    "wiped": EventKind.PORTAL_WIPED,
}


def record(
    portal: Portal,
    kind: EventKind,
    *,
    actor: str,
    subject: Subject,
    data: dict[str, Any] | None = None,
    personal: dict[str, Any] | None = None,
    at: datetime | None = None,
) -> AuditEvent:
    """Add an event to the portal's chain, in the transaction of what it tells.

    `data` is chained for ever: no names, addresses, IPs or people's words in it, they belong
    into `personal`, which can be erased. Outside a transaction it is a RuntimeError.
    """
    head = lock_head(portal)
    details = _details(personal)
    link = Link(
        portal=portal.member_id,
        number=head.number + 1,
        at=_utc(at or timezone.now()),
        kind=str(kind.value),
        actor=actor,
        subject=subject,
        data=plain(data or {}),
        personal_digest=details.digest if details else "",
        previous_hash=head.hash,
    )
    event = _store(portal, link, details)
    head.number, head.hash = event.number, event.hash
    head.save(update_fields=["number", "hash"])
    return event


@transaction.atomic
def record_export(by: Any, what: str) -> None:
    """An employee takes data of his portal away: `what` is "journal" or "balance"."""
    record(
        by.portal,
        EventKind.DATA_EXPORTED,
        actor=by.audit_name,
        subject=("portal", str(by.portal.pk)),
        data={"what": what},
        personal={"actor": by.name},
    )


def lock_head(portal: Portal) -> JournalHead:
    """Make every other writer of this portal's chain and balance wait until we commit.

    Ask for it after the locks on documents and profiles, never before: two transactions that
    take the same locks in another order wait for each other for ever.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("the journal is written in the transaction of what it tells")
    head, _made = JournalHead.objects.select_for_update(no_key=True).get_or_create(portal=portal)
    return head


def head_hash(portal: Portal) -> str:
    """The hash of the portal's last event; empty while there is none."""
    head = JournalHead.objects.filter(portal=portal).first()
    return head.hash if head else ""


def chain_of(subject: Subject, portal: Portal | None = None) -> AuditEventQuerySet:
    """Events about one subject, oldest first, of one portal when the id is not unique."""
    events = AuditEvent.objects.about(*subject).select_related("personal").in_order()
    return events.for_portal(portal) if portal else events


def verify_chain(portal: Portal, *, anchor: str = "") -> ChainCheck:
    """Check every event and personal detail of a portal, from the first one to the head."""
    head = _head(portal)
    return check(_links(portal, head), head, anchor=anchor)


def export(portal: Portal, *, personal: bool = True) -> Iterator[str]:
    """JSON lines, a header first, that `manage.py verify_journal --file` checks offline."""
    head = _head(portal)
    return exporting.lines(
        portal.member_id, portal.domain, head, _links(portal, head), personal=personal
    )


@transaction.atomic
def erase_personal(
    portal: Portal, subject: Subject, *, actor: str, at: datetime | None = None
) -> int:
    """Delete the personal details of every event about a subject; the chain stays whole.

    Returns how many events lost their details. The erasure is an event itself.
    """
    lock_head(portal)
    details = PersonalDetail.objects.about(portal, *subject)
    erased, _by_model = details.delete()
    if erased:
        record(
            portal,
            EventKind.PERSONAL_ERASED,
            actor=actor,
            subject=subject,
            data={"events": erased},
            at=at,
        )
    return erased


@transaction.atomic
def portal_changed(portal: Portal, what: str) -> None:
    """Listener of bitrix24 (bitrix24/news.py). Wiping takes every personal detail of the portal
    with it; the chain stays whole."""
    kind = _PORTAL_EVENTS.get(what)
    if kind is None:
        return
    if what == "wiped":
        lock_head(portal)
        PersonalDetail.objects.filter(event__portal=portal).delete()
    record(
        portal,
        kind,
        actor=portal.told_by,
        subject=("portal", str(portal.pk)),
        data={"domain": portal.domain},
    )


def _head(portal: Portal) -> Head:
    row = JournalHead.objects.filter(portal=portal).first()
    return Head(row.number, row.hash) if row else Head(0, "")


def _links(portal: Portal, head: Head) -> Iterator[Link]:
    """The chain up to `head`: events written while we read belong to the next check."""
    events = (
        AuditEvent.objects.for_portal(portal)
        .filter(number__lte=head.number)
        .select_related("personal")
        .in_order()
    )
    return (_link(portal, event) for event in events.iterator(chunk_size=2000))


def _link(portal: Portal, event: AuditEvent) -> Link:
    row = getattr(event, "personal", None)
    return Link(
        portal=portal.member_id,
        number=event.number,
        at=_utc(event.at),
        kind=event.kind,
        actor=event.actor,
        subject=(event.subject_kind, event.subject_id),
        data=event.data,
        personal_digest=event.personal_digest,
        previous_hash=event.previous_hash,
        hash=event.hash,
        personal=Personal(row.salt, row.data) if row else None,
    )


def _details(personal: dict[str, Any] | None) -> Personal | None:
    known = {key: value for key, value in (personal or {}).items() if value not in ("", None)}
    return Personal(secrets.token_hex(16), plain(known)) if known else None


def _store(portal: Portal, link: Link, details: Personal | None) -> AuditEvent:
    event = AuditEvent.objects.create(
        portal=portal,
        number=link.number,
        at=datetime.fromisoformat(link.at),
        kind=link.kind,
        actor=link.actor,
        subject_kind=link.subject[0],
        subject_id=link.subject[1],
        data=link.data,
        personal_digest=link.personal_digest,
        previous_hash=link.previous_hash,
        hash=link.computed_hash(),
    )
    if details:
        PersonalDetail.objects.create(event=event, salt=details.salt, data=details.data)
    return event


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")
