"""The balance of a portal: a ledger of top-ups, holds, captures, releases and corrections.

One unit is one document sent. A hold takes units aside when sending starts; a capture spends
them when the document is signed by all, a release gives them back when it is not. Every entry
is a journal event in the same transaction. Writers of one portal take turns on the lock of its
journal chain, so the rules hold under any concurrency and on every database.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from bitrix24.models import Portal
from employees.balances.notices import warn_if_low
from employees.models import FIRST_INSTALL, BalanceEntry
from journal.events import EventKind
from journal.services import lock_head, record
from signx.errors import ErrorCode, SignXError

SPENT_PERIOD = timedelta(days=30)
LOW_BALANCE = 10

_Kind = BalanceEntry.Kind


@dataclass(frozen=True)
class BalanceSummary:
    """Units: still to spend, held by running documents, spent in the last 30 days."""

    available: int
    held: int
    spent_30_days: int

    @property
    def is_empty(self) -> bool:
        return self.available == 0

    @property
    def is_low(self) -> bool:
        return self.available <= LOW_BALANCE


@dataclass(frozen=True)
class _Reason:
    """Why an entry is made; `text` may hold people's words."""

    text: str
    actor: str
    at: datetime
    document_id: int | None = None
    document_label: str = ""


def available(portal: Portal) -> int:
    """Units that may still be spent; one indexed read."""
    return _newest(portal).available_after


def summary(portal: Portal, at: datetime) -> BalanceSummary:
    newest = _newest(portal)
    captured = BalanceEntry.objects.for_portal(portal).filter(
        kind=_Kind.CAPTURE, at__gt=at - SPENT_PERIOD, at__lte=at
    )
    spent = BalanceEntry.objects.for_portal(portal).filter(
        kind=_Kind.HOLD, document_id__in=captured.values("document_id")
    )
    total = spent.aggregate(total=Sum("units"))["total"] or 0
    return BalanceSummary(newest.available_after, newest.held_after, -total)


@transaction.atomic
def hold(
    portal: Portal,
    *,
    units: int,
    document_id: int,
    document_label: str,
    actor: str,
    at: datetime,
) -> BalanceEntry | None:
    """Take units aside for a document; a repeat changes nothing and returns the same entry.

    `document_label` is the document's public number, never its title. Nothing is held for a
    price of 0. Raises BALANCE_EMPTY, and STATUS_CONFLICT when the hold was already given back.
    """
    if units < 0:
        raise ValueError("a price is not negative")
    lock_head(portal)
    if entry := _entry(document_id, _Kind.HOLD):
        if _entry(document_id, _Kind.RELEASE):
            raise SignXError(ErrorCode.STATUS_CONFLICT, f"document {document_id} was released")
        return entry
    if units > available(portal):
        raise SignXError(ErrorCode.BALANCE_EMPTY, f"{units} needed")
    if units == 0:
        return None
    reason = _Reason("", actor, at, document_id, document_label)
    return _add(portal, _Kind.HOLD, -units, units, reason)


@transaction.atomic
def capture(document_id: int, *, actor: str, at: datetime) -> BalanceEntry | None:
    """Spend what is held for a document; a repeat returns the same entry.

    None when nothing was held (a document that costs nothing).
    Raises STATUS_CONFLICT when the hold was given back.
    """
    return _close_hold(document_id, _Kind.CAPTURE, _Kind.RELEASE, _Reason("", actor, at))


@transaction.atomic
def release(document_id: int, *, reason: str, actor: str, at: datetime) -> BalanceEntry | None:
    """Give back what is held for a document; a repeat returns the same entry.

    None when nothing was held. Raises STATUS_CONFLICT when it was spent.
    """
    return _close_hold(document_id, _Kind.RELEASE, _Kind.CAPTURE, _Reason(reason, actor, at))


@transaction.atomic
def top_up(portal: Portal, *, units: int, reason: str, actor: str, at: datetime) -> BalanceEntry:
    """Add paid units. Raises INPUT_INVALID without a reason or without units."""
    _require(units > 0, _("a top-up is one unit or more"))
    _require(bool(reason.strip()), _("give the reason"))
    lock_head(portal)
    return _add(portal, _Kind.TOP_UP, units, 0, _Reason(reason.strip(), actor, at))


@transaction.atomic
def correct(portal: Portal, *, units: int, reason: str, actor: str, at: datetime) -> BalanceEntry:
    """Add or take away units by hand. Raises INPUT_INVALID, also below zero."""
    _require(units != 0, _("a correction changes the balance"))
    _require(bool(reason.strip()), _("give the reason"))
    lock_head(portal)
    _require(available(portal) + units >= 0, _("the balance would fall below zero"))
    return _add(portal, _Kind.CORRECTION, units, 0, _Reason(reason.strip(), actor, at))


@transaction.atomic
def give_free_signatures(portal: Portal, *, at: datetime | None = None) -> BalanceEntry | None:
    """What a portal gets at its first install, once in its life. None when it already has."""
    lock_head(portal)
    entries = BalanceEntry.objects.for_portal(portal)
    if settings.FREE_SIGNATURES < 1 or entries.filter(actor=FIRST_INSTALL).exists():
        return None
    return top_up(
        portal,
        units=settings.FREE_SIGNATURES,
        reason=gettext_noop("Free signatures at the first install"),
        actor=FIRST_INSTALL,
        at=at or timezone.now(),
    )


def _close_hold(
    document_id: int, kind: BalanceEntry.Kind, opposite: BalanceEntry.Kind, reason: _Reason
) -> BalanceEntry | None:
    held = _entry(document_id, _Kind.HOLD)
    if held is None:
        return None
    lock_head(held.portal)
    if entry := _entry(document_id, kind):
        return entry
    if _entry(document_id, opposite):
        raise SignXError(ErrorCode.STATUS_CONFLICT, f"document {document_id}: {opposite.value}")
    reason = _Reason(reason.text, reason.actor, reason.at, document_id, held.document_label)
    given_back = -held.units if kind == _Kind.RELEASE else 0
    return _add(held.portal, kind, given_back, held.units, reason)


def _add(
    portal: Portal, kind: BalanceEntry.Kind, units: int, held_change: int, reason: _Reason
) -> BalanceEntry:
    """The one writer of the ledger. The caller holds the portal's lock."""
    newest = _newest(portal)
    entry = BalanceEntry.objects.create(
        portal=portal,
        kind=kind,
        units=units,
        document_id=reason.document_id,
        document_label=reason.document_label,
        available_after=newest.available_after + units,
        held_after=newest.held_after + held_change,
        reason=reason.text,
        actor=reason.actor,
        at=reason.at,
    )
    _journal(entry)
    warn_if_low(entry)
    return entry


def _journal(entry: BalanceEntry) -> None:
    record(
        entry.portal,
        EventKind.BALANCE_CHANGED,
        actor=entry.actor,
        subject=("balance", str(entry.pk)),
        data={
            "entry": str(entry.kind),
            "units": entry.units,
            "available": entry.available_after,
            "held": entry.held_after,
            "document": entry.document_label,
        },
        personal={"reason": entry.reason},
        at=entry.at,
    )


def _newest(portal: Portal) -> BalanceEntry:
    newest = BalanceEntry.objects.for_portal(portal).order_by("-id").first()
    return newest or BalanceEntry(available_after=0, held_after=0)


def _entry(document_id: int, kind: BalanceEntry.Kind) -> BalanceEntry | None:
    entries = BalanceEntry.objects.of_document(document_id).select_related("portal")
    return entries.filter(kind=kind).first()


def _require(condition: bool, reason: object) -> None:
    if not condition:
        raise SignXError(ErrorCode.INPUT_INVALID, reason=reason)  # type: ignore[arg-type]
