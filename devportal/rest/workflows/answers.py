"""Answers to business processes: `bizproc.event.send`, `bizproc.activity.log`, running ones."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

from devportal.clock import iso
from devportal.errors import RestError, access_denied
from devportal.portals.crm_types import crm_type
from devportal.processes import robot_calls, runner
from devportal.rest.registry import Call, Page, page_of, rest_method

_SMALL_ANSWER_BYTES = 2048


@rest_method("bizproc.event.send", "bizproc")
def event_send(call: Call) -> bool:
    """True for every token with a sound signature, which proves nothing; else 403.

    Only the first answer to a step that still waits has an effect.
    """
    values = call.upper.get("RETURN_VALUES")
    message = str(call.upper.get("LOG_MESSAGE") or "")
    event_token = str(call.upper.get("EVENT_TOKEN") or "")
    found = robot_calls.read_event_token(call.portal, event_token)
    if found is None:
        raise access_denied()
    given = values if isinstance(values, dict) else {}
    size = len(json.dumps(given, ensure_ascii=False).encode())
    if call.world.ways.of("answer_size") == "2kb" and size > _SMALL_ANSWER_BYTES:
        raise RestError("ERROR_WRONG_RETURN_VALUES", "RETURN_VALUES is too long")
    _carry_out(call, partial(runner.receive, call.world, call.portal, event_token, given, message))
    return True


def _carry_out(call: Call, job: Callable[[], object]) -> None:
    """At once, as a background job, or, where the process is locked, not this time."""
    way = call.world.ways.of("event_send")
    if way == "queued":
        call.world.jobs.append(job)
    elif way in ("lost", "locked") and _is_first(call):
        if way == "locked":
            raise RestError("", "Workflow instance is locked")
    else:
        job()


def _is_first(call: Call) -> bool:
    token = call.upper.get("EVENT_TOKEN")
    given = [
        value
        for row in call.world.requests.calls(call.name)
        for key, value in row.params.items()
        if key.upper() == "EVENT_TOKEN"
    ]
    return given.count(token) <= 1


@rest_method("bizproc.activity.log", "bizproc")
def activity_log(call: Call) -> bool:
    """A line in the log of a process; the step stays open."""
    message = str(call.upper.get("LOG_MESSAGE") or "")
    if not message:
        raise RestError("ERROR_EMPTY_LOG_MESSAGE", "Empty log message!")
    if not runner.log(call.portal, str(call.upper.get("EVENT_TOKEN") or ""), message):
        raise access_denied()
    return True


@rest_method("bizproc.workflow.instances", "bizproc", admin=True)
def workflow_instances(call: Call) -> Page:
    """Processes that still run; FILTER by ID."""
    wanted = call.upper.get("FILTER")
    only = str(wanted.get("ID") or "") if isinstance(wanted, dict) else ""
    rows: list[dict[str, Any]] = []
    for process in call.portal.processes.values():
        kind = crm_type(process.entity_type_id)
        if process.is_finished or kind is None or (only and process.id != only):
            continue
        module, entity, document_id = kind.document_id(process.entity_id)
        rows.append(
            {
                "ID": process.id,
                "MODULE_ID": module,
                "ENTITY": entity,
                "DOCUMENT_ID": document_id,
                "STARTED": iso(process.started_at),
                "STARTED_BY": str(process.started_by),
            }
        )
    page, following = page_of(rows, call.upper.get("START"))
    return Page(page, len(rows), following)
