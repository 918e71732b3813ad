"""Portal, web and workers as real processes whose clock can be moved and whose workers can die."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from pathlib import Path

import requests

from demo.stack import ROOT, Stack, descendants

SLOW_S = 0.5
LONGEST_JUMP_S = 150.0  # below the time after which a silent queue is called deaf
# Less CPU than this in a second, in ticks of 10 ms, is a supervisor looking at its clock.
IDLE_TICKS = 20
LOOKS = 5


class Stage(Stack):
    """A Stack with a clock of its own, in `clock`, and room for many documents."""

    documents: int = 0
    ahead_s: float = 0.0

    @property
    def clock(self) -> Path:
        return self.folder / "clock"

    def prepare(self) -> None:
        super().prepare()
        self.clock.write_text("0")
        self.environment |= {
            "CHAOS_CLOCK": str(self.clock),
            "PYTHONPATH": str(ROOT / "chaos" / "clock"),
            "SIGNX_FREE_SIGNATURES": str(self.documents + 50),
            "SELF_HOSTED_PORTALS": ",".join(f"{name}@127.0.0.1" for name in self._names()),
        }

    def _names(self) -> list[str]:
        """The portal's name, and the one it moves to when `renamed_302` strikes."""
        return [f"{host}:{self.portal_port}" for host in (self.portal_host, "127.0.0.1")]

    def run(self, name: str, command: list[str]) -> None:
        more = ["--slow-s", str(SLOW_S)] if name == "portal" else []
        super().run(name, [*command, *more])

    def jump(self, seconds: float) -> None:
        """Everybody's clock moves ahead; what was put off comes due."""
        self.ahead_s += seconds
        beside = self.clock.with_suffix(".new")
        beside.write_text(str(self.ahead_s))
        beside.replace(self.clock)

    def kill_somebody(self, dice: random.Random) -> str:
        """SIGKILL for one process of the worker, or for all of them at once; who it was."""
        worker = self.processes["worker"]
        children = descendants(worker.pid)
        if not children or dice.random() < 1 / 3:
            self.kill("worker")
            self.start_worker()
            return "the worker"
        with contextlib.suppress(ProcessLookupError):
            os.kill(dice.choice(children), signal.SIGKILL)
        return "one of its processes"

    def looks_idle(self, seconds: float) -> bool:
        """Watch for so long: web and workers neither compute nor want to, and nobody asks.

        On a busy machine they may want to and get no processor, so their state is looked at too.
        """
        pids, asked, wanting = self._working(), self.requests_seen(), 0
        ticks, began = sum(_stat(pid)[1] for pid in pids), time.monotonic()
        for _look in range(LOOKS):
            time.sleep(seconds / LOOKS)
            wanting += any(_stat(pid)[0] == "R" for pid in pids)
        used = sum(_stat(pid)[1] for pid in pids) - ticks
        is_busy = used / (time.monotonic() - began) >= IDLE_TICKS or wanting > LOOKS / 2
        return not is_busy and self.requests_seen() == asked

    def _working(self) -> list[int]:
        """Every process of web and worker."""
        started = [self.processes[name].pid for name in ("web", "worker") if name in self.processes]
        return [pid for first in started for pid in [first, *descendants(first)]]

    def requests_seen(self) -> int:
        """How many requests the portal and its authorization server have had."""
        address = f"{self.portal_address}/_dev/requests"
        return int(requests.get(address, params={"since": 10**9}, timeout=60).json()["last"])


def _stat(pid: int) -> tuple[str, int]:
    """State and CPU time of a process, in clock ticks; of one that is gone, nothing."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return "", 0
    return fields[0], int(fields[11]) + int(fields[12])
