"""`python -m chaos`: DOCUMENTS=200, RATE=0.1 (of every fault), KILL_EVERY=100 (requests),
SEED=1.

First a calm portal, to know what a document costs; then the storm. Ends with a table; the exit
code is 0 only if every row of it holds. Logs and data are in var/chaos.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sys
import time
from collections.abc import Iterator

from chaos import verdict
from chaos.crowd import Crowd
from chaos.stage import LONGEST_JUMP_S, Stage
from chaos.storm import STORM
from chaos.weather import LOOK_S, Weather
from demo import screen
from demo.people import Frame
from demo.stack import ROOT, StackError
from demo.story import DIRECTOR, Story

LONE_DOCUMENTS = 3
CALM_DOCUMENTS = 10
PATIENCE_S = 3600


class Run:
    """One office, one crowd, and the weather around them."""

    def __init__(self, documents: int, rate: float, kill_every: int, seed: int) -> None:
        self.documents = documents
        self.rate = rate
        self.kill_every = kill_every
        self.dice = random.Random(seed)
        self.stage = Stage(ROOT / "var" / "chaos", app_port=0, portal_port=0, smtp_port=0)
        self.stage.documents = documents + CALM_DOCUMENTS + LONE_DOCUMENTS
        self.stage.prepare()
        self.story = Story(self.stage)

    def tell(self) -> list[verdict.Row]:
        screen.title("An office with a calm portal")
        self.story.open_office()
        calm = Crowd(self.story.portal)
        since = self.stage.requests_seen()
        with screen.step(f"{LONE_DOCUMENTS} documents one after another, to know what one costs"):
            for _document in range(LONE_DOCUMENTS):
                self._calm(calm, 1)
        price = verdict.traffic(calm, since)
        with screen.step(f"{CALM_DOCUMENTS} documents at once"):
            since = self.stage.requests_seen()
            self._calm(calm, CALM_DOCUMENTS)
            together = verdict.traffic(calm, since)
        screen.fact("requests for documents one after another", price)
        screen.fact(f"for {CALM_DOCUMENTS} at once", f"{together.asked:.0f}")
        rows = verdict.answered_once(calm)
        return rows if not all(row.holds for row in rows) else self._storm(price)

    def _calm(self, crowd: Crowd, documents: int) -> None:
        crowd.add(documents)
        with Weather(self.stage, self.dice):
            self._until_the_end(crowd)

    def _storm(self, price: verdict.Traffic) -> list[verdict.Row]:
        screen.title(f"The storm: every fault at {self.rate:.0%}, workers killed at random")
        crowd, portal = Crowd(self.story.portal), self.story.portal
        balance, since = self.story.balance(), self.stage.requests_seen()
        refused_before = portal.get("overflows")["overflows"]
        portal.post("faults", dict.fromkeys(STORM, self.rate))
        with screen.step(f"{self.documents} documents"):
            crowd.add(self.documents)
            with Weather(self.stage, self.dice, self.kill_every) as weather:
                self._until_the_end(crowd)
        portal.post("faults", dict.fromkeys(STORM, 0.0))
        traffic = verdict.traffic(crowd, since)
        self._calm_down()
        told = verdict.outcomes(crowd)
        screen.fact("what processes were told", told)
        struck = portal.get("faults")["struck"]
        screen.fact("faults that struck", {name: n for name, n in struck.items() if n})
        screen.fact("workers killed", weather.killed)
        screen.fact("hours that passed", f"{self.stage.ahead_s / 3600:.1f}")
        screen.fact("requests in the storm", traffic)
        return [
            *verdict.answered_once(crowd),
            verdict.told_the_truth(crowd),
            verdict.as_people_wished(crowd),
            verdict.no_storm(traffic, price),
            verdict.within_limits(portal.get("overflows")["overflows"] - refused_before),
            verdict.balance_adds_up(balance - self.story.balance(), told.get("completed", 0)),
            self._journal(),
        ]

    def _until_the_end(self, crowd: Crowd) -> None:
        """Let people read their mail until no process waits, an hour at most."""
        deadline = time.monotonic() + PATIENCE_S
        while open_ones := crowd.open_processes():
            if time.monotonic() > deadline:
                screen.fact("still open", open_ones)
                return
            crowd.read_mail()
            time.sleep(LOOK_S)

    def _calm_down(self) -> None:
        """What was put off, the repeats of answers among it, goes out on a calm portal."""
        with screen.step("the portal is calm again; what was put off goes out"):
            Frame(self.story.portal, DIRECTOR)
            for _jump in range(6):
                self.stage.jump(LONGEST_JUMP_S)
                time.sleep(3)

    def _journal(self) -> verdict.Row:
        try:
            self.stage.manage("verify_journal")
        except StackError as broken:
            return verdict.Row("journal chain", str(broken)[:60], holds=False)
        return verdict.Row("journal chain", "whole", holds=True)


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
        rows = run.tell()
    screen.title("Does it hold?")
    print(verdict.table(rows))
    return 0 if all(row.holds for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
