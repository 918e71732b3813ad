"""A clock that can be moved ahead for a whole set of processes: found first on their PYTHONPATH.

The number in the file CHAOS_CLOCK is how many seconds they are ahead of the real time. Waiting
for a retry in an hour then takes no hour, and nothing else about the processes is different.
"""

from __future__ import annotations

import os
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import time_machine

LOOK_EVERY_S = 0.05


class _Follower:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._ahead_s = 0.0
        self._traveller = time_machine.travel(datetime.now(UTC), tick=True)
        self._coordinates = self._traveller.start()

    def start(self) -> None:
        self._catch_up()
        threading.Thread(target=self._follow, daemon=True, name="chaos-clock").start()

    def _follow(self) -> None:
        while True:
            time.sleep(LOOK_EVERY_S)
            self._catch_up()

    def _catch_up(self) -> None:
        try:
            wanted_s = float(self._path.read_text())
        except (OSError, ValueError):  # the file is being written
            return
        if wanted_s > self._ahead_s:
            self._coordinates.shift(wanted_s - self._ahead_s)
            self._ahead_s = wanted_s


if _file := os.environ.get("CHAOS_CLOCK"):
    _follower = _Follower(Path(_file))
    _follower.start()
    # Threads do not survive a fork, and the queue forks its workers.
    os.register_at_fork(after_in_child=_follower.start)
