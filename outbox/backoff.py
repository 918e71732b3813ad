"""When a failed delivery is tried again, and when it is given up."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

HOUR_S = 3600
# Delay after the n-th counted attempt; about 44 hours in all: a weekend's outage of one evening
# and a working day of a portal without access are both survived. It grows slowly at first: several
# failures in a row are bad luck on a portal that fails every other request, and what waits for the
# answer is a person.
_MINUTES_S = (30, 60, 120, 300, 600, 1200, 1800)
_HOURS = (1, 2, 4, 6, 6, 6, 6, 6, 6)
RETRY_DELAYS_S = (*_MINUTES_S, *(hours * HOUR_S for hours in _HOURS))
JITTER = 0.15


def next_attempt(attempts: int, at: datetime) -> datetime | None:
    """Time of the next attempt after `attempts` failed ones; None when it is time to give up."""
    if attempts > len(RETRY_DELAYS_S):
        return None
    delay_s = RETRY_DELAYS_S[max(attempts, 1) - 1]
    return at + timedelta(seconds=delay_s * random.uniform(1 - JITTER, 1 + JITTER))
