"""`python -m chaos`: DOCUMENTS=200, RATE=0.1 (of every fault), KILL_EVERY_S=20, SEED=1.

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

import requests

from chaos import verdict
from chaos.crowd import Crowd
from chaos.stage import LONGEST_JUMP_S, Stage
from chaos.storm import STORM
from demo import screen
from demo.people import Frame
from demo.stack import ROOT, StackError
from demo.story import DIRECTOR, Story

CALM_DOCUMENTS = 10
PATIENCE_S = 3600
LOOK_S = 1.0
FIRST_JUMP_S = 15.0
OPEN_APP_EVERY_S = 60.0
# Less CPU than this in a second, in ticks of 10 ms, is a supervisor looking at its clock.
IDLE_TICKS = 20


class Run:
    """One office, one crowd, and the weather around them."""

    def __init__(self, documents: int, rate: float, kill_every_s: float, seed: int) -> None:
        self.documents = documents
        self.rate = rate
        self.kill_every_s = kill_every_s
        self.dice = random.Random(seed)
        self.stage = Stage(ROOT / "var" / "chaos", app_port=0, portal_port=0, smtp_port=0)
        self.stage.documents = documents + CALM_DOCUMENTS
        self.stage.prepare()
        self.story = Story(self.stage)
        self.killed = self.visits = 0
        self.next_kill = self.next_visit = 0.0
        self.jump_s = FIRST_JUMP_S

    def tell(self) -> list[verdict.Row]:
        screen.title("An office with a calm portal")
        self.story.open_office()
        calm = self._crowd()
        since = self.stage.requests_seen()
        with screen.step(f"{CALM_DOCUMENTS} documents, to know what one costs"):
            calm.add(CALM_DOCUMENTS)
            self._until_the_end(calm, is_stormy=False)
        price = verdict.requests_of(calm, since) / CALM_DOCUMENTS
        rows = verdict.answered_once(calm)
        return rows if not all(row.holds for row in rows) else self._storm(price)

    def _storm(self, price: float) -> list[verdict.Row]:
        screen.title(f"The storm: every fault at {self.rate:.0%}, workers killed at random")
        crowd, portal = self._crowd(), self.story.portal
        balance, since = self.story.balance(), self.stage.requests_seen()
        refused_before = portal.get("overflows")["overflows"]
        portal.post("faults", dict.fromkeys(STORM, self.rate))
        with screen.step(f"{self.documents} documents"):
            crowd.add(self.documents)
            self._until_the_end(crowd, is_stormy=True)
        portal.post("faults", dict.fromkeys(STORM, 0.0))
        # A visit asks who is there: one request that no document is the cause of.
        asked = verdict.requests_of(crowd, since) - self.visits
        self._calm_down()
        told = verdict.outcomes(crowd)
        self._show(told, portal.get("faults")["struck"])
        return [
            *verdict.answered_once(crowd),
            verdict.told_the_truth(crowd),
            verdict.as_people_wished(crowd),
            verdict.no_storm(asked, self.documents, price),
            verdict.within_limits(portal.get("overflows")["overflows"] - refused_before),
            verdict.balance_adds_up(balance - self.story.balance(), told.get("completed", 0)),
            self._journal(),
        ]

    def _crowd(self) -> Crowd:
        return Crowd(self.story.portal, let_work=lambda: time.sleep(LOOK_S))

    def _until_the_end(self, crowd: Crowd, *, is_stormy: bool) -> None:
        """Let people read their mail until no process waits. Raises StackError after an hour."""
        deadline = time.monotonic() + PATIENCE_S
        self.next_kill = time.monotonic() + self.kill_every_s
        while crowd.open_processes():
            if time.monotonic() > deadline:
                screen.fact("still open", crowd.open_processes())
                return
            crowd.read_mail()
            if is_stormy:
                self._weather()
            self._pass_time()

    def _weather(self) -> None:
        """Workers die; the director looks into the application, which brings fresh tokens."""
        now = time.monotonic()
        if self.kill_every_s and now > self.next_kill:
            self.stage.kill_somebody(self.dice)
            self.killed += 1
            self.next_kill = now + self.kill_every_s * self.dice.uniform(0.5, 1.5)
        if now > self.next_visit:
            self.visits += 1
            with contextlib.suppress(requests.RequestException):
                Frame(self.story.portal, DIRECTOR)
            self.next_visit = now + OPEN_APP_EVERY_S

    def _pass_time(self) -> None:
        """Nobody works and nobody asks: the clock may go to where something comes due."""
        ticks, asked = self.stage.busy_ticks(), self.stage.requests_seen()
        began = time.monotonic()
        time.sleep(LOOK_S)
        rate = (self.stage.busy_ticks() - ticks) / (time.monotonic() - began)
        if rate < IDLE_TICKS and self.stage.requests_seen() == asked:
            self.stage.jump(self.jump_s)
            self.jump_s = min(self.jump_s * 2, LONGEST_JUMP_S)
        else:
            self.jump_s = FIRST_JUMP_S

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

    def _show(self, told: dict[str, int], struck: dict[str, int]) -> None:
        screen.fact("what processes were told", told)
        screen.fact("faults that struck", {name: n for name, n in struck.items() if n})
        screen.fact("workers killed", self.killed)
        screen.fact("hours that passed", f"{self.stage.ahead_s / 3600:.1f}")


@contextlib.contextmanager
def _run() -> Iterator[Run]:
    given = os.environ.get
    run = Run(
        documents=int(given("DOCUMENTS") or 200),
        rate=float(given("RATE") or 0.1),
        kill_every_s=float(given("KILL_EVERY_S") or 20),
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
