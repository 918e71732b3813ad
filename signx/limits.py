"""Limits against abuse, counted in the database: one count for all processes and machines.

Windows are fixed (they begin with the clock, not with the first use): one row and one conditional
UPDATE per use, so that the limit holds exactly however many callers come at once. Across the edge
of two windows at most twice the limit passes. Keys are kept as keyed hashes: the table names
neither addresses nor people.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

from django.db.models import F, QuerySet
from django.utils.crypto import salted_hmac
from django.utils.translation import ngettext_lazy

from signx.errors import ErrorCode, SignXError
from signx.models import Usage
from signx.web.callers import address_of

# What one provider gives one customer: an office, a house, a few phones behind one carrier.
_NETWORK_BITS = {4: 24, 6: 56}
SWEPT_AT_ONCE = 20


@dataclass(frozen=True)
class Rule:
    """At most `uses` of something within one `window`, for one key."""

    name: str
    uses: int
    window: timedelta

    def begins(self, at: datetime) -> datetime:
        seconds = int(self.window.total_seconds())
        return datetime.fromtimestamp(int(at.timestamp()) // seconds * seconds, UTC)


def spend(rule: Rule, key: str, *, at: datetime, uses: int = 1) -> None:
    """Count uses, all or none. Raises LIMIT_REACHED(wait, minutes); an empty key has no limit.

    A count made inside a transaction goes with it: what must stay counted is spent before.
    """
    if not key:
        return
    begins = rule.begins(at)
    of_window = _of_window(rule, key, begins)
    known = of_window.values_list("uses", flat=True).first()
    if known is None:
        _open(rule, key, begins)
    # Read first: a flood that is refused anyway never takes the writer's lock.
    is_full = (known or 0) + uses > rule.uses
    left = of_window.filter(uses__lte=rule.uses - uses)
    if is_full or not left.update(uses=F("uses") + uses):
        raise _refusal(rule, begins + rule.window - at)


def require_left(rule: Rule, key: str, *, at: datetime) -> None:
    """Count nothing. Raises as `spend` does when every use of the window is spent.

    For what is known to be a use only once it has failed: those who succeed are never counted.
    """
    if key and uses_of(rule, key, at=at) >= rule.uses:
        raise _refusal(rule, rule.begins(at) + rule.window - at)


def uses_of(rule: Rule, key: str, *, at: datetime) -> int:
    """What is counted in the present window."""
    of_window = _of_window(rule, key, rule.begins(at))
    return of_window.values_list("uses", flat=True).first() or 0


def network_of(ip: str) -> str:
    """The network of a caller as a key: 198.51.100.0/24, 2001:db8:7:100::/56.

    Empty for this machine and for private networks: there everybody may come through one proxy,
    and a limit would lock out all of them.
    """
    address = address_of(ip)
    if address is None or address.is_loopback or address.is_private or address.is_link_local:
        return ""
    return str(ip_network((address, _NETWORK_BITS[address.version]), strict=False))


def _refusal(rule: Rule, wait: timedelta) -> SignXError:
    minutes = max(1, -int(-wait.total_seconds() // 60))
    hours = -(-minutes // 60)
    words = ngettext_lazy("%d minute", "%d minutes", minutes) % minutes
    if minutes > 90:
        words = ngettext_lazy("%d hour", "%d hours", hours) % hours
    return SignXError(ErrorCode.LIMIT_REACHED, rule.name, wait=words, minutes=minutes)


def _of_window(rule: Rule, key: str, begins: datetime) -> QuerySet[Usage]:
    return Usage.objects.filter(rule=rule.name, key=_hidden(rule, key), begins_at=begins)


def _open(rule: Rule, key: str, begins: datetime) -> None:
    over = Usage.objects.filter(ends_at__lt=begins).values_list("pk", flat=True)[:SWEPT_AT_ONCE]
    Usage.objects.filter(pk__in=list(over)).delete()
    row = Usage(
        rule=rule.name, key=_hidden(rule, key), begins_at=begins, ends_at=begins + rule.window
    )
    Usage.objects.bulk_create([row], ignore_conflicts=True)


def _hidden(rule: Rule, key: str) -> str:
    return salted_hmac(f"signx.limits.{rule.name}", key, algorithm="sha256").hexdigest()
