"""`python -m chaos`: DOCUMENTS=200, RATE=0.1 (of every fault), KILL_EVERY=100 (requests),
SEED=1.

First without faults, to know what a document costs; then with all of them. Ends with a table of
invariants; the exit code is 0 only if every one holds. Logs and data are in var/chaos.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sys
import time
from collections.abc import Iterator

from chaos import invariants
from chaos.disruptions import LOOK_S, Disruptions
from chaos.faults import INJECTED
from chaos.invariants import Invariant
from chaos.load import Load
from chaos.stage import LONGEST_JUMP_S, Stage
from chaos.traffic import Traffic, traffic_of
from demo import screen
from demo.people import Frame
from demo.stack import ROOT, StackError
from demo.story import DIRECTOR, Story

LONE_DOCUMENTS = 3
BASELINE_DOCUMENTS = 10
PATIENCE_S = 3600


class Run:
    """One office, the load on it, and what is done to both."""

    def __init__(self, documents: int, rate: float, kill_every: int, seed: int) -> None:
        self.documents = documents
        self.rate = rate
        self.kill_every = kill_every
        self.dice = random.Random(seed)
        self.stage = Stage(ROOT / "var" / "chaos", app_port=0, portal_port=0, smtp_port=0)
        self.stage.documents = documents + BASELINE_DOCUMENTS + LONE_DOCUMENTS
        self.stage.prepare()
        self.story = Story(self.stage)

    def check(self) -> list[Invariant]:
        screen.title("The baseline: no faults")
        self.story.open_office()
        baseline = Load(self.story.portal)
        since = self.stage.requests_seen()
        with screen.step(f"{LONE_DOCUMENTS} documents one after another, to know what one costs"):
            for _document in range(LONE_DOCUMENTS):
                self._run_baseline(baseline, 1)
        alone = traffic_of(baseline, since)
        with screen.step(f"{BASELINE_DOCUMENTS} documents at once"):
            since = self.stage.requests_seen()
            self._run_baseline(baseline, BASELINE_DOCUMENTS)
            together = traffic_of(baseline, since)
        screen.fact("requests for documents one after another", alone)
        screen.fact(f"for {BASELINE_DOCUMENTS} at once", f"{together.asked:.0f}")
        rows = invariants.answered_once(baseline)
        return rows if not all(row.holds for row in rows) else self._inject_faults(alone)

    def _run_baseline(self, load: Load, documents: int) -> None:
        load.add(documents)
        with Disruptions(self.stage, self.dice):
            self._until_the_end(load)

    def _inject_faults(self, alone: Traffic) -> list[Invariant]:
        screen.title(f"Fault injection: each at {self.rate:.0%}, workers killed at random")
        load, portal = Load(self.story.portal), self.story.portal
        balance, since = self.story.balance(), self.stage.requests_seen()
        refused_before = portal.get("overflows")["overflows"]
        portal.post("faults", dict.fromkeys(INJECTED, self.rate))
        with screen.step(f"{self.documents} documents"):
            load.add(self.documents)
            with Disruptions(self.stage, self.dice, self.kill_every) as disruptions:
                self._until_the_end(load)
        portal.post("faults", dict.fromkeys(INJECTED, 0.0))
        traffic = traffic_of(load, since)
        self._drain()
        told = invariants.outcomes(load)
        screen.fact("what processes were told", told)
        struck = portal.get("faults")["struck"]
        screen.fact("faults that struck", {name: n for name, n in struck.items() if n})
        screen.fact("workers killed", disruptions.killed)
        screen.fact("hours that passed", f"{self.stage.ahead_s / 3600:.1f}")
        screen.fact("requests under faults", traffic)
        return [
            *invariants.answered_once(load),
            invariants.refusals_are_true(load),
            invariants.outcomes_match_signers(load),
            invariants.requests_are_bounded(traffic, alone),
            invariants.within_rate_limit(portal.get("overflows")["overflows"] - refused_before),
            invariants.balance_adds_up(balance - self.story.balance(), told.get("completed", 0)),
            self._journal(),
        ]

    def _until_the_end(self, load: Load) -> None:
        """Let people read their mail until no process waits, an hour at most."""
        deadline = time.monotonic() + PATIENCE_S
        while open_ones := load.open_processes():
            if time.monotonic() > deadline:
                screen.fact("still open", open_ones)
                return
            load.read_mail()
            time.sleep(LOOK_S)

    def _drain(self) -> None:
        """What was put off, the repeats of answers among it, goes out without faults."""
        with screen.step("the faults are over; what was put off goes out"):
            Frame(self.story.portal, DIRECTOR)
            for _jump in range(6):
                self.stage.jump(LONGEST_JUMP_S)
                time.sleep(3)

    def _journal(self) -> Invariant:
        try:
            self.stage.manage("verify_journal")
        except StackError as broken:
            return Invariant("journal chain", str(broken)[:60], holds=False)
        return Invariant("journal chain", "whole", holds=True)


@contextlib.contextmanager
def _run() -> Iterator[Run]:
    given = os.environ.get
    run = Run(
        documents=int(given("DOCUMENTS") or 200),
        rate=float(given("RATE") or 0.1),
        kill_every=int(given("KILL_EVERY") or 100),
        seed=int(given("SEED") or 1),
    )
    try:
        yield run
    finally:
        run.stage.stop()


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with _run() as run:
        rows = run.check()
    screen.title("Does it hold?")
    print(invariants.table(rows))
    return 0 if all(row.holds for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
