"""The limits of requests and of execution time.

Source: Bitrix24 docs, settings/performance/limits.
"""

from __future__ import annotations

import math
from collections import defaultdict

from devportal.clock import Clock

MINUTES_METERED = 10


class Bucket:
    """Holds `size` requests and leaks `leak_per_s` of them a second; size 0 means no limit."""

    def __init__(self, size: int, leak_per_s: float, clock: Clock) -> None:
        self._size = size
        self._leak_per_s = leak_per_s
        self._clock = clock
        self._level = 0.0
        self._at = clock.now()

    def admits(self) -> bool:
        """Count one request; False once the bucket overflows."""
        now = self._clock.now()
        self._level = max(0.0, self._level - (now - self._at) * self._leak_per_s)
        self._at = now
        if self._size and self._level + 1 > self._size:
            return False
        self._level += 1
        return True


class OperatingMeter:
    """Execution time by (portal, method) in ten buckets of a minute; limit 0 means no limit."""

    def __init__(self, limit_s: float, cost_s: float, clock: Clock) -> None:
        self._limit_s = limit_s
        self._cost_s = cost_s
        self._clock = clock
        self._minutes: dict[tuple[str, str], dict[int, float]] = defaultdict(dict)

    def is_exhausted(self, member_id: str, method: str) -> bool:
        """Whether the method is blocked now."""
        return bool(self._limit_s) and self.spent_s(member_id, method) >= self._limit_s

    def charge(self, member_id: str, method: str, seconds: float) -> None:
        """Count one execution."""
        minutes = self._minutes[member_id, method.lower()]
        minute = int(self._clock.now() // 60)
        minutes[minute] = minutes.get(minute, 0.0) + seconds + self._cost_s

    def spent_s(self, member_id: str, method: str) -> float:
        """`time.operating`: seconds of the last ten minutes."""
        return sum(self._live(member_id, method).values())

    def resets_at(self, member_id: str, method: str) -> int:
        """`time.operating_reset_at`: when the oldest minute stops to count."""
        oldest = min(self._live(member_id, method), default=int(self._clock.now() // 60))
        return math.ceil((oldest + MINUTES_METERED) * 60)

    def _live(self, member_id: str, method: str) -> dict[int, float]:
        minutes = self._minutes[member_id, method.lower()]
        first = int(self._clock.now() // 60) - MINUTES_METERED + 1
        for minute in [old for old in minutes if old < first]:
            del minutes[minute]
        return minutes
