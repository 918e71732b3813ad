"""Answers to business processes: `bizproc.event.send`, `bizproc.activity.log`, running ones."""

from __future__ import annotations

from typing import Any

from devportal import workflows
from devportal.clock import iso
from devportal.crm_types import crm_type
from devportal.errors import RestError, access_denied
from devportal.rest.registry import Call, Page, page_of, rest_method


@rest_method("bizproc.event.send", "bizproc")
def event_send(call: Call) -> bool:
    """True for every token with a sound signature, which proves nothing; else 403.

    Only the first answer to a step that still waits has an effect.
    """
    values = call.upper.get("RETURN_VALUES")
    message = str(call.upper.get("LOG_MESSAGE") or "")
    is_sound = workflows.receive(
        call.world,
        call.portal,
        str(call.upper.get("EVENT_TOKEN") or ""),
        values if isinstance(values, dict) else {},
        message,
    )
    if not is_sound:
        raise access_denied()
    return True


@rest_method("bizproc.activity.log", "bizproc")
def activity_log(call: Call) -> bool:
    """A line in the log of a process; the step stays open."""
    message = str(call.upper.get("LOG_MESSAGE") or "")
    if not message:
        raise RestError("ERROR_EMPTY_LOG_MESSAGE", "Empty log message!")
    if not workflows.log(call.portal, str(call.upper.get("EVENT_TOKEN") or ""), message):
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
