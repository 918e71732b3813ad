"""The request limit: a leaky bucket. Source: Bitrix24 docs, settings/performance/limits."""

from __future__ import annotations

from devportal.clock import Clock


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
