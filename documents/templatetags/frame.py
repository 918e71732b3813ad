"""What the frame's pages draw with: icons, times, people, chips, the bar on top."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zlib import crc32

from django import template
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from documents.core import dates
from documents.desk import chips
from documents.desk.chips import Chip, Progress
from employees.balances import ledger
from employees.models import Employee, Right

register = template.Library()
LOW_BALANCE = 10


@register.simple_tag
def icon(name: str, size: str = "") -> SafeString:
    """A picture from the sprite in frame/_icons.html; `size="s"` is 16 px instead of 20."""
    return format_html(
        '<svg class="sx-icon{}" aria-hidden="true"><use href="#i-{}"></use></svg>',
        " sx-icon--s" if size == "s" else "",
        name,
    )


@register.filter
def when(at: datetime | None) -> SafeString | str:
    """«today, 14:05», «yesterday, 14:05», then the date; the exact time with its zone on hover."""
    if at is None:
        return ""
    local = timezone.localtime(at)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        local.isoformat(timespec="seconds"),
        dates.date_time(at, get_language() or "en"),
        f"{day(at)}, {local:%H:%M}",
    )


@register.filter
def day(at: datetime) -> str:
    today = timezone.localdate()
    date = timezone.localtime(at).date()
    if date == today:
        return gettext("today")
    if date == today - timedelta(days=1):
        return gettext("yesterday")
    return date_only(at)


@register.filter
def date_only(at: datetime | None) -> str:
    return dates.day(at, get_language() or "en") if at else ""


@register.filter
def last_day(end: datetime) -> str:
    """The last whole day before a term's end, which is the next midnight."""
    return date_only(end - timedelta(seconds=1))


@register.filter
def plain_day(value: date) -> str:
    """A calendar day, which has no zone."""
    return date_only(timezone.make_aware(datetime.combine(value, time(12))))


@register.filter
def clock(at: datetime) -> str:
    return f"{timezone.localtime(at):%H:%M}"


@register.simple_tag
def avatar(name: str, is_off: bool = False) -> SafeString:
    """Initials in a circle; the colour follows the name. The name itself stands beside it."""
    letters = "".join(word[0] for word in name.split()[:2] if word).upper()
    tone = "off" if is_off else str(crc32(name.encode()) % 4 + 1)
    return format_html(
        '<span class="sx-avatar sx-avatar--{}" aria-hidden="true">{}</span>', tone, letters
    )


@register.filter
def short_name(name: str) -> str:
    return chips.short_name(name)


@register.inclusion_tag("frame/_chip.html")
def chip(shown: Chip) -> dict[str, Any]:
    return {"chip": shown}


@register.inclusion_tag("frame/_progress.html")
def progress_bar(shown: Progress) -> dict[str, Any]:
    return {"progress": shown}


@register.filter
def signed_number(units: int) -> str:
    """With a real minus sign: «+5», «−1», «0»."""
    return f"{units:+d}".replace("-", "\N{MINUS SIGN}") if units else "0"


@dataclass(frozen=True)
class NavLink:
    code: str
    name: str | Promise
    address: str
    is_current: bool


# Who sees the link; None = everybody. The views ask for the same rights.
_PAGES: tuple[tuple[str, str | Promise, str, Right | None], ...] = (
    ("documents", _("Documents"), "documents:documents", None),
    ("employees", _("Employees"), "employees:employees", None),
    ("journal", _("Journal"), "journal:journal", Right.JOURNAL),
    ("balance", _("Balance"), "employees:balance", None),
    ("settings", _("Settings"), "documents:settings", Right.SETTINGS),
)


@register.inclusion_tag("frame/_bar.html", takes_context=True)
def frame_bar(context: dict[str, Any]) -> dict[str, Any]:
    """The name, the pages this employee may open and what is left on the balance."""
    employee: Employee | None = getattr(context.get("request"), "employee", None)
    if employee is None:
        return {"links": (), "left": None}
    current = context.get("page")
    is_tab = context["request"].frame.placement == "CRM_DEAL_DETAIL_TAB"
    left = ledger.available(employee.portal)
    return {
        "links": [
            NavLink(code, name, reverse(address), code == current)
            for code, name, address, right in _PAGES
            if not is_tab and (right is None or employee.has_right(right))
        ],
        "left": left,
        "tone": "bad" if left <= 0 else "warn" if left < LOW_BALANCE else "",
    }


@register.filter
def grouped(public_id: str) -> str:
    """A document's public id as people read it: «7kqm-29xd-fhp3»."""
    return "-".join(public_id[start : start + 4] for start in range(0, len(public_id), 4))
