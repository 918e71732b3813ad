"""The small business-process runner: calls robots in turn and keeps what they gave back."""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable
from functools import partial
from typing import Any

from devportal import phpform
from devportal.behaviour.faults import Point
from devportal.portals.crm_types import CrmType, crm_type
from devportal.portals.portal import Portal
from devportal.portals.process import CREATE_DOCUMENT, Process, Step, StepState
from devportal.processes import robot_calls
from devportal.processes.expressions import Surroundings, resolve
from devportal.world import World


def start(
    world: World,
    portal: Portal,
    *,
    entity_type_id: int,
    entity_id: int,
    document_id: int,
    steps: list[Step],
    started_by: int,
    title: str = "Договор на подпись",
) -> Process:
    """Begin a process on a CRM item; its first robots are called at once."""
    now = world.clock.now()
    process = Process(
        id=f"{secrets.token_hex(7)}.{random.randint(10_000_000, 99_999_999)}",
        title=title,
        entity_type_id=entity_type_id,
        entity_id=entity_id,
        document_id=document_id,
        started_by=started_by,
        started_at=now,
        steps=steps,
    )
    for index, step in enumerate(steps, start=1):
        step.activity_name = f"A{random.randint(1000, 99999)}_{index}_2_3"
    portal.processes[process.id] = process
    run(world, portal, process)
    return process


def run(world: World, portal: Portal, process: Process) -> None:
    """Take steps until one has to wait, one fails, or none is left."""
    while not process.is_finished:
        step = process.current()
        if step is None:
            process.finished_at = world.clock.now()
        elif step.state is StepState.WAITING:
            return
        else:
            _begin(world, portal, process, step)


def receive(
    world: World, portal: Portal, event_token: str, values: dict[str, Any], message: str
) -> bool:
    """An answer of the application. False only for a bad signature; late ones change nothing.

    The first answer to a waiting step closes it and the process goes on.
    """
    found = robot_calls.read_event_token(portal, event_token)
    if found is None:
        return False
    process, step = _waiting_step(portal, found, event_token)
    if process is None or step is None:
        return True
    robot = portal.app.robots.get(step.code)
    if robot is None:
        # The step's class is gone from the portal: it cannot be resumed until it is added again.
        return True
    if message:
        step.log.append(message)
    step.values |= _known_values(robot, values)
    _close(world, portal, process, step)
    return True


def log(portal: Portal, event_token: str, message: str) -> bool:
    """A line for the process log; the step stays open. False for a bad signature."""
    found = robot_calls.read_event_token(portal, event_token)
    if found is None:
        return False
    process = portal.processes.get(found[0])
    for step in process.steps if process else []:
        if step.activity_name == found[1]:
            step.log.append(message)
    return True


def close_overdue(world: World, portal: Portal) -> None:
    """Close waiting steps whose time limit has passed, with IsTimeout = 1."""
    now = world.clock.now()
    for process in list(portal.processes.values()):
        step = process.current()
        if step is None or step.state is not StepState.WAITING or step.started_at is None:
            continue
        if step.timeout_s and now >= step.started_at + step.timeout_s:
            step.values["IsTimeout"] = 1
            _close(world, portal, process, step)


def terminate(world: World, process: Process) -> None:
    """Stop a process by hand; answers that come later have no effect."""
    for step in process.steps:
        if step.state in (StepState.PLANNED, StepState.WAITING):
            step.state, step.error = StepState.FAILED, "Процесс остановлен"
    process.finished_at = world.clock.now()


def _begin(world: World, portal: Portal, process: Process, step: Step) -> None:
    step.started_at = world.clock.now()
    if step.code == CREATE_DOCUMENT:
        step.values = {"document_id": str(process.document_id)}
        _finish_step(world, step)
        return
    robot = portal.app.robots.get(step.code)
    if robot is None:
        step.state = StepState.FAILED
        step.error = f"Действие «{step.code}» не найдено: робот не зарегистрирован на портале"
        process.finished_at = world.clock.now()
        return
    _call_robot(world, portal, process, step, robot)


def _call_robot(
    world: World, portal: Portal, process: Process, step: Step, robot: dict[str, Any]
) -> None:
    kind = crm_type(process.entity_type_id)
    assert kind is not None  # noqa: S101 (a process cannot be started on another type)
    step.event_token = robot_calls.new_event_token(portal, process.id, step.activity_name)
    step.sent = _inputs(portal, process, step, robot, kind)
    subscription = step.use_subscription or robot.get("USE_SUBSCRIPTION") or ""
    if world.ways.of("subscription") == "forced_n":
        subscription = "N"
    call = robot_calls.build_call(
        world,
        portal,
        robot,
        process_id=process.id,
        event_token=step.event_token,
        crm_type=kind,
        item_id=process.entity_id,
        properties=step.sent,
        use_subscription=subscription,
        timeout_s=step.timeout_s,
    )
    if subscription == "Y":
        step.state = StepState.WAITING
    else:
        _finish_step(world, step)
    post_call(world, portal, robot, call, step)


def post_call(
    world: World,
    portal: Portal,
    robot: dict[str, Any],
    call: dict[str, Any],
    step: Step | None = None,
) -> None:
    """Send a call to its handler, twice when the fault `duplicate_call` strikes or always."""
    is_struck = "duplicate_call" in world.faults.draw(Point.ROBOT_CALL)
    copies = 2 if is_struck or world.ways.of("call_times") == "twice" else 1
    form = phpform.encode(call, raw_brackets=world.ways.of("brackets") == "raw")
    for _ in range(copies):
        number = world.note_outgoing("robot", robot["CODE"], portal, robot["HANDLER"])
        note = partial(_answered, world.answer_to(number), step)
        world.courier.send(robot["HANDLER"], form, note)


def _answered(note: Callable[[int], None], step: Step | None, status: int) -> None:
    note(status)
    if step is not None:
        step.handler_statuses.append(status)


def _inputs(
    portal: Portal, process: Process, step: Step, robot: dict[str, Any], kind: CrmType
) -> dict[str, Any]:
    around = Surroundings(portal, process, kind)
    sent: dict[str, Any] = {}
    for key, declared in (robot.get("PROPERTIES") or {}).items():
        chosen = step.inputs.get(key, declared.get("DEFAULT"))
        sent[key] = robot_calls.as_sent(
            resolve(chosen, around),
            declared.get("TYPE") or "string",
            multiple=declared.get("MULTIPLE") == "Y",
        )
    return sent


def _waiting_step(
    portal: Portal, found: tuple[str, str], event_token: str
) -> tuple[Process | None, Step | None]:
    process = portal.processes.get(found[0])
    step = process.current() if process and not process.is_finished else None
    is_waiting = (
        step is not None and step.state is StepState.WAITING and step.event_token == event_token
    )
    return (process, step) if is_waiting else (None, None)


def _known_values(robot: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    declared = {key.lower(): key for key in robot.get("RETURN_PROPERTIES") or {}}
    return {
        declared[key.lower()]: value for key, value in values.items() if key.lower() in declared
    }


def _close(world: World, portal: Portal, process: Process, step: Step) -> None:
    _finish_step(world, step)
    run(world, portal, process)


def _finish_step(world: World, step: Step) -> None:
    step.state = StepState.DONE
    step.closed_at = world.clock.now()
