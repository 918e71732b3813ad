"""What a stamp says, by the Russian convention (GOST R 7.0.97-2016) and by the level's truth.

A simple signature has no certificate, so its stamp names the person and the way of confirmation.
"""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from signing.base import Level, Party, StampText

TITLES = {
    Level.SIMPLE: gettext_lazy("Document signed with a simple electronic signature"),
    Level.UNQUALIFIED: gettext_lazy("Document signed with an unqualified electronic signature"),
    Level.QUALIFIED: gettext_lazy("Document signed with a qualified electronic signature"),
}
LEVEL_NAMES = {
    Level.SIMPLE: gettext_lazy("simple electronic signature"),
    Level.UNQUALIFIED: gettext_lazy("unqualified electronic signature"),
    Level.QUALIFIED: gettext_lazy("qualified electronic signature"),
}
_MOSCOW_OFFSET = timedelta(hours=3)


def stamp_lines(
    party: Party,
    *,
    signed_at: datetime,
    document_number: str,
    language: str,
    qr_url: str = "",
    zone: tzinfo | None = None,
) -> StampText:
    """The stamp of one party; the time is told in `zone`, or in the zone `signed_at` carries."""
    with translation.override(language):
        lines = [
            str(TITLES[party.level]),
            party.name,
            ", ".join(part for part in (party.role, party.organisation) if part),
            _("Confirmed by: %(way)s") % {"way": party.confirmed_by} if party.confirmed_by else "",
            _("Certificate: %(certificate)s") % {"certificate": party.certificate}
            if party.certificate
            else "",
            _("Signed: %(time)s") % {"time": time_with_zone(signed_at, language, zone)},
            _("Document No. %(number)s") % {"number": document_number} if document_number else "",
        ]
    return StampText(tuple(line for line in lines if line), qr_url)


def time_with_zone(at: datetime, language: str, zone: tzinfo | None = None) -> str:
    """A time with its zone: «24.11.2026, 14:05:09 (МСК, UTC+3)», «24 Nov 2026, 14:05:09 (UTC)»."""
    local = at.astimezone(zone) if zone else at
    return f"{time_without_zone(local, language)} ({zone_name(local, language)})"


def time_without_zone(at: datetime, language: str) -> str:
    """A time without its zone, where the zone stands elsewhere."""
    if language.startswith("ru"):
        return f"{at:%d.%m.%Y, %H:%M:%S}"
    return f"{at.day} {_ENGLISH_MONTHS[at.month - 1]} {at:%Y, %H:%M:%S}"


def zone_name(at: datetime, language: str) -> str:
    """The offset of a time, with the name of Moscow time, which Russian business papers use."""
    offset = at.utcoffset() or timedelta()
    if not offset:
        return "UTC"
    minutes = round(offset.total_seconds() / 60)
    hours, rest = divmod(abs(minutes), 60)
    label = f"UTC{'+' if minutes > 0 else '−'}{hours}" + (f":{rest:02}" if rest else "")
    if offset == _MOSCOW_OFFSET:
        return f"{'МСК' if language.startswith('ru') else 'MSK'}, {label}"
    return label


# strftime("%b") would follow the server's locale.
_ENGLISH_MONTHS = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)
