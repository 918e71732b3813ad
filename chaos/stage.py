"""Portal, web and workers as real processes whose clock can be moved and whose workers can die."""

from __future__ import annotations

import contextlib
import os
import random
import signal
from pathlib import Path

import requests

from demo.stack import ROOT, Stack, descendants

SLOW_S = 0.5
LONGEST_JUMP_S = 150.0  # below the time after which a silent queue is called deaf


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

    def busy_ticks(self) -> int:
        """CPU time that web and workers have used, in clock ticks."""
        pids = [
            pid
            for name in ("web", "worker")
            for pid in [self.processes[name].pid, *descendants(self.processes[name].pid)]
        ]
        return sum(_ticks(pid) for pid in pids)

    def requests_seen(self) -> int:
        """How many requests the portal and its authorization server have had."""
        address = f"{self.portal_address}/_dev/requests"
        return int(requests.get(address, params={"since": 10**9}, timeout=60).json()["last"])


def _ticks(pid: int) -> int:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0
    return int(fields[11]) + int(fields[12])
