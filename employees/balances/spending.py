"""How many signatures were spent on each of the last days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import OuterRef, Subquery, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from bitrix24.models import Portal
from employees.models import BalanceEntry

DAYS = 30
_WIDTH, _HEIGHT, _GAP = 24, 120, 6  # of a bar, in units of the picture


@dataclass(frozen=True)
class Bar:
    """A day with its bar, in units of the picture's viewBox."""

    day: date
    units: int
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Chart:
    bars: list[Bar]
    width: int
    height: int
    highest: int
    total: int


def spent_by_day(portal: Portal, at: datetime) -> dict[date, int]:
    """Units captured on each of the last 30 days, today included, in the site's zone."""
    first = timezone.localdate(at) - timedelta(days=DAYS - 1)
    hold = BalanceEntry.objects.filter(
        document_id=OuterRef("document_id"), kind=BalanceEntry.Kind.HOLD
    )
    captured = (
        BalanceEntry.objects.for_portal(portal)
        .filter(kind=BalanceEntry.Kind.CAPTURE, at__gt=at - timedelta(days=DAYS + 1), at__lte=at)
        .annotate(day=TruncDate("at"), held=Subquery(hold.values("units")[:1]))
        .filter(day__gte=first)
    )
    spent = dict.fromkeys((first + timedelta(days=number) for number in range(DAYS)), 0)
    for row in captured.order_by().values("day").annotate(total=Sum("held")):
        spent[row["day"]] = -(row["total"] or 0)
    return spent


def chart(spent: dict[date, int]) -> Chart:
    highest = max(spent.values(), default=0)
    bars = []
    for place, (day, units) in enumerate(spent.items()):
        # A day without spending is a thin line, so that the axis has no holes.
        height = max(round(units / max(highest, 1) * _HEIGHT), 2)
        bars.append(Bar(day, units, place * (_WIDTH + _GAP), _HEIGHT - height, _WIDTH, height))
    width = len(bars) * (_WIDTH + _GAP) - _GAP
    return Chart(bars, width, _HEIGHT, highest, sum(spent.values()))
