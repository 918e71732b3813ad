"""What is done to the processes while they work: the clock runs and jumps, workers are killed."""

from __future__ import annotations

import random
import threading

from chaos.stage import LONGEST_JUMP_S, Stage

LOOK_S = 0.5
FIRST_JUMP_S = 60.0  # what a method rests that has used up its time
# While somebody works, the clock goes this much ahead of the real time with every look: a portal
# that takes two requests a second is waited for in a third of the time. Not faster: leases and
# the supervisor's patience are in this time, and work is in the real one.
FLOW_S = 1.0


class Disruptions(threading.Thread):
    """Runs while it is entered; `kill_every` 0 lets everybody live.

    Somebody is killed after about so many requests to the portal: in the midst of work, and after
    as much of it on a slow machine as on a fast one.
    """

    def __init__(self, stage: Stage, dice: random.Random, kill_every: int = 0) -> None:
        super().__init__(name="chaos-disruptions", daemon=True)
        self.stage = stage
        self.dice = dice
        self.kill_every = kill_every
        self.killed = 0
        self._next_kill = stage.requests_seen() + kill_every
        self._jump_s = FIRST_JUMP_S
        self._stopped = threading.Event()

    def __enter__(self) -> Disruptions:
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stopped.set()
        self.join()

    def run(self) -> None:
        while not self._stopped.is_set():
            self._pass_time()
            seen = self.stage.requests_seen()
            if self.kill_every and seen >= self._next_kill:
                self.stage.kill_somebody(self.dice)
                self.killed += 1
                self._next_kill = seen + round(self.kill_every * self.dice.uniform(0.5, 1.5))

    def _pass_time(self) -> None:
        """Nobody works and nobody asks: the clock may go to where something comes due."""
        if self.stage.looks_idle(LOOK_S):
            self.stage.jump(self._jump_s)
            self._jump_s = min(self._jump_s * 2, LONGEST_JUMP_S)
        else:
            self.stage.jump(FLOW_S)
            self._jump_s = FIRST_JUMP_S
