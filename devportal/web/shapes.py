"""The world's things as the control API shows them."""

from __future__ import annotations

from typing import Any

from devportal.clock import iso
from devportal.portals.portal import Comment, GeneratedDocument, Notification, Portal
from devportal.portals.process import Process, Step


def process_json(process: Process) -> dict[str, Any]:
    """A process with its steps."""
    return {
        "id": process.id,
        "title": process.title,
        "deal_id": process.entity_id,
        "document_id": process.document_id,
        "started_by": process.started_by,
        "started_at": process.started_at,
        "finished_at": process.finished_at,
        "is_finished": process.is_finished,
        "has_failed": process.has_failed,
        "steps": [step_json(step) for step in process.steps],
    }


def step_json(step: Step) -> dict[str, Any]:
    """A step: inputs as they were sent, values as they came back."""
    return {
        "name": step.name,
        "code": step.code,
        "state": step.state.value,
        "event_token": step.event_token,
        "sent": step.sent,
        "values": step.values,
        "log": step.log,
        "error": step.error,
        "handler_statuses": step.handler_statuses,
        "started_at": step.started_at,
        "closed_at": step.closed_at,
    }


def document_json(document: GeneratedDocument, now: float) -> dict[str, Any]:
    """A generated document without its bytes."""
    return {
        "title": document.title,
        "entity_type_id": document.entity_type_id,
        "entity_id": document.entity_id,
        "is_converted": document.is_converted(now),
        "has_failed": document.has_failed(now),
    }


def comment_json(portal: Portal, comment: Comment) -> dict[str, Any]:
    """A timeline comment with its files."""
    files = [portal.disk.objects[file_id] for file_id in comment.file_ids]
    return {
        "id": comment.id,
        "author_id": comment.author_id,
        "text": comment.text,
        "created_at": iso(comment.created_at),
        "files": [
            {"id": item.id, "name": item.name, "bytes": len(item.content or b"")} for item in files
        ],
    }


def notification_json(notice: Notification) -> dict[str, Any]:
    """A notice."""
    return {
        "id": notice.id,
        "user_id": notice.user_id,
        "text": notice.text,
        "tag": notice.tag,
        "sub_tag": notice.sub_tag,
        "author": notice.author,
        "created_at": iso(notice.created_at),
    }
