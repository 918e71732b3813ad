"""Business processes as data: a row of steps, each a robot with its inputs and what came back."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

CREATE_DOCUMENT = "create_document"
"""Code of the portal's own step «Создание документа CRM»."""


class StepState(StrEnum):
    """Where a step stands. `waiting` steps wait for `bizproc.event.send`."""

    PLANNED = "planned"
    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"


@dataclass(slots=True)
class Step:
    """One robot of the process; `name` is how later steps refer to it: `{=send:document_id}`."""

    name: str
    code: str
    inputs: dict[str, Any] = field(default_factory=dict)
    use_subscription: str = ""
    timeout_s: int = 0
    activity_name: str = ""
    state: StepState = StepState.PLANNED
    event_token: str = ""
    sent: dict[str, Any] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    error: str = ""
    handler_statuses: list[int] = field(default_factory=list)
    started_at: float | None = None
    closed_at: float | None = None

    @property
    def has_timed_out(self) -> bool:
        """Whether it was closed by its time limit (built-in output IsTimeout)."""
        return self.values.get("IsTimeout") == 1


@dataclass(slots=True)
class Process:
    """One running or finished process on a CRM item."""

    id: str
    title: str
    entity_type_id: int
    entity_id: int
    document_id: int
    started_by: int
    started_at: float
    steps: list[Step]
    finished_at: float | None = None

    @property
    def is_finished(self) -> bool:
        """No step is left to run, or one failed."""
        return self.finished_at is not None

    @property
    def has_failed(self) -> bool:
        """Whether a step could not be run at all (workflow error)."""
        return any(step.state is StepState.FAILED for step in self.steps)

    def step(self, name: str) -> Step:
        """A step by its name; KeyError when there is none."""
        for step in self.steps:
            if step.name == name:
                return step
        raise KeyError(name)

    def current(self) -> Step | None:
        """The first step that is not over."""
        open_states = (StepState.PLANNED, StepState.WAITING)
        return next((step for step in self.steps if step.state in open_states), None)
