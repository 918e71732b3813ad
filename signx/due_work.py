"""Work that waits for its time in rows. The worker's pulse looks at it every second and a schedule
every minute: whichever comes first wakes the task."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class DueWork:
    """`run` may run any number of times, anywhere; `has_due` is one cheap question about a time."""

    run: Callable[[], object]
    has_due: Callable[[datetime], bool]

    @property
    def task(self) -> str:
        """How the queue calls it."""
        return task_name(self.run)


DUE_WORK: list[DueWork] = []


def register(run: Callable[[], object], *, has_due: Callable[[datetime], bool]) -> None:
    """Have `run` woken whenever `has_due` says so."""
    DUE_WORK.append(DueWork(run, has_due))


def task_name(function: Callable[..., object]) -> str:
    """The dotted path by which django-q2 finds a function."""
    return f"{function.__module__}.{function.__qualname__}"
