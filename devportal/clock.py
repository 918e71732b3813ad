"""The world's clock: real time that can be moved forward."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

PORTAL_ZONE = timezone(timedelta(hours=3))


def _system_time() -> float:
    # Looked up on every call, so that a test which freezes time freezes the portal too.
    return time.time()


class Clock:
    """Unix seconds from `source` plus everything the clock was advanced by."""

    def __init__(self, source: Callable[[], float] = _system_time) -> None:
        self._source = source
        self._ahead_s = 0.0

    def now(self) -> float:
        """Unix time in seconds."""
        return self._source() + self._ahead_s

    def advance(self, seconds: float) -> None:
        """Move the clock; it never goes back."""
        if seconds < 0:
            raise ValueError("time does not go back")
        self._ahead_s += seconds

    def iso(self, at: float | None = None) -> str:
        """ISO-8601 in the portal's zone, as REST answers carry it: `2026-03-05T10:20:30+03:00`."""
        return iso(self.now() if at is None else at)


def iso(at: float) -> str:
    """Unix seconds as ISO-8601 in the portal's zone."""
    moment = datetime.fromtimestamp(at, tz=UTC).astimezone(PORTAL_ZONE)
    return moment.isoformat(timespec="seconds")


def local_text(at: float) -> str:
    """Unix seconds as a Russian portal prints them: `24.11.2026 14:05:09`."""
    moment = datetime.fromtimestamp(at, tz=UTC).astimezone(PORTAL_ZONE)
    return moment.strftime("%d.%m.%Y %H:%M:%S")
