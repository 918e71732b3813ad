"""What a portal may be asked now. Its refusals are remembered in the database, for all machines.

Source: Bitrix24 docs, settings/performance/limits: a leaky bucket per portal (QUERY_LIMIT_EXCEEDED)
and ten one-minute buckets of execution time per method (OPERATION_TIME_LIMIT).
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import F

from bitrix24.answers import as_dict, as_int
from bitrix24.errors import BUSY, BitrixError
from bitrix24.models import MethodPause, Portal
from signx.errors import ErrorCode

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 64.0
# One of the ten buckets has emptied by then.
METHOD_PAUSE_S = 60


def check(portal: Portal, method: str, at: datetime) -> None:
    """Raises BitrixError(PORTAL_BUSY) with `retry_at` while the portal or the method rests."""
    if portal.paused_until and portal.paused_until > at:
        raise busy(method, portal.paused_until)
    if until := paused_methods(portal, at).get(method.lower()):
        raise busy(method, until)


def paused_methods(portal: Portal, at: datetime) -> dict[str, datetime]:
    """Methods that rest, in lower case, with the end of their rest."""
    return dict(portal.method_pauses.filter(until__gt=at).values_list("method", "until"))


def note_refusal(
    portal: Portal, method: str, error: BitrixError, body: Mapping[str, Any], at: datetime
) -> None:
    """Begin the rest that a refusal asks for, and put its end into `error.retry_at`."""
    if not error.is_one_of(BUSY):
        return
    if error.bitrix_code.lower() == "operation_time_limit":
        error.retry_at = _pause_method(portal, method, body, at)
    else:
        error.retry_at = _pause_portal(portal, at)


def note_success(portal: Portal) -> None:
    """The portal answers again: its next refusal begins with a short pause."""
    if portal.busy_streak:
        Portal.objects.filter(pk=portal.pk).update(busy_streak=0)


def busy(method: str, until: datetime) -> BitrixError:
    return BitrixError(ErrorCode.PORTAL_BUSY, f"{method} rests", retry_at=until)


def _pause_portal(portal: Portal, at: datetime) -> datetime:
    pause_s = min(FIRST_PAUSE_S * 2 ** min(portal.busy_streak, 10), LONGEST_PAUSE_S)
    until = at + timedelta(seconds=pause_s * random.uniform(1, 1.5))
    Portal.objects.filter(pk=portal.pk).update(paused_until=until, busy_streak=F("busy_streak") + 1)
    return until


def _pause_method(portal: Portal, method: str, body: Mapping[str, Any], at: datetime) -> datetime:
    reset_s = as_int(as_dict(body.get("time")).get("operating_reset_at"))
    named = datetime.fromtimestamp(reset_s, UTC) if reset_s else at
    until = named if named > at else at + timedelta(seconds=METHOD_PAUSE_S)
    MethodPause.objects.update_or_create(
        portal=portal, method=method.lower(), defaults={"until": until}
    )
    return until
