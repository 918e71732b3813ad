"""When a failed delivery is tried again, and when it is given up."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

HOUR_S = 3600
# Delay after the n-th counted attempt; about 45 hours in all: a weekend's outage of one evening
# and a working day of a portal without access are both survived.
RETRY_DELAYS_S = (30, 120, 600, 1800, 2 * HOUR_S) + (6 * HOUR_S,) * 7
JITTER = 0.15


def next_attempt(attempts: int, at: datetime) -> datetime | None:
    """Time of the next attempt after `attempts` failed ones; None when it is time to give up."""
    if attempts > len(RETRY_DELAYS_S):
        return None
    delay_s = RETRY_DELAYS_S[max(attempts, 1) - 1]
    return at + timedelta(seconds=delay_s * random.uniform(1 - JITTER, 1 + JITTER))
