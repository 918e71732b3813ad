"""What a portal may be asked now. All workers of all machines count together, in the database.

Source: Bitrix24 docs, settings/performance/limits: a leaky bucket of requests per portal
(QUERY_LIMIT_EXCEEDED) and ten one-minute buckets of execution time per method
(OPERATION_TIME_LIMIT). Both are kept by us before the portal has to; its refusals are obeyed too.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import F, FloatField, Q, Value
from django.db.models.functions import Greatest
from django.utils import timezone

from bitrix24.models import MethodBudget, Portal
from bitrix24.wire.answers import as_dict, as_float, as_int
from bitrix24.wire.errors import BUSY, UNPAID, BitrixError
from signx.errors import ErrorCode

log = logging.getLogger(__name__)

# In Portal.missing (bitrix24.installation.features).
PAYMENT = "payment"
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 64.0
PAUSE_SPREAD = 1.5
# OVERLOAD_LIMIT is a block that somebody at Bitrix24 has put and somebody has to lift.
BLOCKED = timedelta(hours=1)
# One of the ten buckets has emptied by then.
METHOD_PAUSE_S = 60
# A request that would have to wait no longer than this waits, for a place in the bucket or for the
# end of a portal's first pause; others come again later.
PATIENCE_S = 1.6
# Places of the bucket that background work leaves to people who look at a page.
KEPT_FOR_PEOPLE = 5
# Those who come again do so one after another.
SPREAD_S = 5.0
# Shares of a method's time: from the first one its use is written down, at the second it rests.
NOTED_SHARE, RESTING_SHARE = 0.25, 0.9


def admit(portal: Portal, method: str, *, for_person: bool = False) -> None:
    """Count one request to the portal, after a short wait if need be.

    Raises BitrixError(PORTAL_BUSY) with `retry_at` while the method rests, or when the portal
    rests or the bucket is full for longer than PATIENCE_S.
    """
    if until := resting_methods(portal, timezone.now()).get(method.lower()):
        raise busy(method, until)
    waited_s = 0.0
    while True:
        delay_s = _take(portal, method, timezone.now(), for_person=for_person)
        if delay_s == 0:
            return
        if waited_s + delay_s > PATIENCE_S:
            spread_s = random.uniform(0, SPREAD_S)
            raise busy(method, timezone.now() + timedelta(seconds=delay_s + spread_s))
        time.sleep(delay_s)
        waited_s += delay_s


def resting_methods(portal: Portal, at: datetime) -> dict[str, datetime]:
    """Methods that rest, in lower case, with the end of their rest."""
    resting = portal.method_budgets.filter(rests_until__gt=at).values_list("method", "rests_until")
    return {method: until for method, until in resting if until}


def note_refusal(portal: Portal, method: str, error: BitrixError, at: datetime) -> None:
    """Begin the rest that a refusal asks for, and put its end into `error.retry_at`."""
    if error.is_one_of(UNPAID):
        _note_unpaid(portal, error.retry_at or at)
    if not error.is_one_of(BUSY):
        return
    reason = error.bitrix_code.lower()
    # A batch has no time of its own, so its refusal does not say which method should rest.
    if reason == "operation_time_limit" and method != "batch":
        error.retry_at = _rest(portal, method.lower(), at)
    elif reason == "overload_limit":
        error.retry_at = _block_portal(portal, at)
    else:
        error.retry_at = _pause_portal(portal, at)


def is_blocked(portal: Portal, at: datetime) -> bool:
    """Whether a person, not the portal's bucket, has to let us in again."""
    longest = timedelta(seconds=LONGEST_PAUSE_S * PAUSE_SPREAD)
    return portal.paused_until is not None and portal.paused_until > at + longest


def note_success(portal: Portal, method: str, times: Any, at: datetime) -> None:
    """The portal answers: its next refusal begins with a short pause. `times` is the answer's
    `time`, where the portal tells how much of the method's time is used."""
    if portal.busy_streak:
        Portal.objects.filter(pk=portal.pk).update(busy_streak=0)
    note_time(portal, method, times, at)


def note_time(portal: Portal, method: str, times: Any, at: datetime) -> None:
    """Have a method rest before the portal blocks it. `times`: the `time` of one method's answer,
    also of one command's in a batch."""
    spent_s = as_float(as_dict(times).get("operating"))
    limit_s = settings.BITRIX24_OPERATING_LIMIT_S
    if spent_s < NOTED_SHARE * limit_s or method == "batch":
        return
    resets_at = _resets_at(as_dict(times), at)
    MethodBudget.objects.update_or_create(
        portal=portal,
        method=method.lower(),
        defaults={
            "spent_s": spent_s,
            "resets_at": resets_at,
            "rests_until": resets_at if spent_s >= RESTING_SHARE * limit_s else None,
        },
    )


def busy(method: str, until: datetime) -> BitrixError:
    return BitrixError(ErrorCode.PORTAL_BUSY, f"{method} rests", retry_at=until)


def _take(portal: Portal, method: str, at: datetime, *, for_person: bool) -> float:
    """Seconds until there is a place in the bucket; 0: it has just been taken.

    The generic cell rate algorithm (ITU-T I.371, A.1): one number per portal, one statement,
    no lock that outlives it. Raises BitrixError(PORTAL_BUSY) while the portal rests for long.
    """
    step_s = 1 / settings.BITRIX24_RATE_PER_S
    places = settings.BITRIX24_BURST - (0 if for_person else KEPT_FOR_PEOPLE)
    room_s = (max(places, 1) - 1) * step_s
    now_s = at.timestamp()
    taken = (
        Portal.objects.filter(pk=portal.pk, bucket_empty_at__lte=now_s + room_s)
        .filter(Q(paused_until=None) | Q(paused_until__lte=at))
        .update(bucket_empty_at=Greatest(F("bucket_empty_at"), Value(now_s, FloatField())) + step_s)
    )
    if taken:
        return 0
    row = Portal.objects.values("bucket_empty_at", "paused_until").get(pk=portal.pk)
    if row["paused_until"] and row["paused_until"] > at:
        rest_s = (row["paused_until"] - at).total_seconds()
        if rest_s > PATIENCE_S:
            raise busy(method, row["paused_until"])
        return float(rest_s)
    # Never 0: somebody may have given the place back between the two statements.
    return max(float(row["bucket_empty_at"]) - now_s - room_s, 0.01)


def _pause_portal(portal: Portal, at: datetime) -> datetime:
    """Each refusal after a pause doubles the next one; those that were under way together when it
    began are one."""
    row = Portal.objects.get(pk=portal.pk)
    if row.paused_until is not None and row.paused_until > at:
        return row.paused_until
    pause_s = min(FIRST_PAUSE_S * 2 ** min(row.busy_streak, 10), LONGEST_PAUSE_S)
    until = at + timedelta(seconds=pause_s * random.uniform(1, PAUSE_SPREAD))
    awake = Portal.objects.filter(pk=portal.pk).exclude(paused_until__gt=at)
    awake.update(paused_until=until, busy_streak=F("busy_streak") + 1)
    portal.busy_streak = row.busy_streak + 1  # so that its next answer ends the streak
    return until


def _block_portal(portal: Portal, at: datetime) -> datetime:
    log.warning("portal %s has blocked our requests: OVERLOAD_LIMIT", portal.pk)
    until = at + BLOCKED
    Portal.objects.filter(pk=portal.pk).update(paused_until=until)
    return until


def _note_unpaid(portal: Portal, until: datetime) -> None:
    """Administrators read why; the portal is looked over by then, to see whether it still is so."""
    row = Portal.objects.filter(pk=portal.pk)
    row.update(missing=[PAYMENT])
    row.filter(look_over_at__gt=until).update(look_over_at=until)


def _rest(portal: Portal, method: str, at: datetime) -> datetime:
    """Until the time that the method's last answer named: the refusal itself names none."""
    known = portal.method_budgets.filter(method=method, resets_at__gt=at).first()
    until: datetime = known.resets_at if known else at + timedelta(seconds=METHOD_PAUSE_S)
    MethodBudget.objects.update_or_create(
        portal=portal, method=method, defaults={"resets_at": until, "rests_until": until}
    )
    return until


def _resets_at(times: Mapping[str, Any], at: datetime) -> datetime:
    reset_s = as_int(times.get("operating_reset_at"))
    named = datetime.fromtimestamp(reset_s, UTC) if reset_s else at
    return named if named > at else at + timedelta(seconds=METHOD_PAUSE_S)
