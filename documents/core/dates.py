"""A time in words, with its zone, as public pages and letters tell it."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from signing.placement.stamps import zone_name

# strftime("%b") would follow the server's locale.
_ENGLISH_MONTHS = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)


def date_time(at: datetime, language: str) -> str:
    """«24.11.2026, 14:05 (МСК, UTC+3)» or «24 Nov 2026, 14:05 (MSK, UTC+3)», in the site's zone."""
    local = timezone.localtime(at)
    zone = zone_name(local, language)
    return f"{day(at, language)}, {local:%H:%M} ({zone})".replace(", UTC", ",\N{NO-BREAK SPACE}UTC")


def day(at: datetime, language: str) -> str:
    """«24.11.2026» or «24 Nov 2026»."""
    local = timezone.localtime(at)
    if language.startswith("ru"):
        return f"{local:%d.%m.%Y}"
    return f"{local.day} {_ENGLISH_MONTHS[local.month - 1]} {local.year}"
