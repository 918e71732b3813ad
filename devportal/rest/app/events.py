"""`event.*`: which handlers the application's events go to."""

from __future__ import annotations

import itertools
from typing import Any

from devportal.application.events import EVENTS
from devportal.errors import RestError, access_denied
from devportal.portals.portal import EventHandler
from devportal.rest.handler_urls import check_handler_url
from devportal.rest.registry import Call, rest_method

_handler_ids = itertools.count(12)


@rest_method("events")
def events(call: Call) -> list[str]:
    """Names of all events."""
    return list(EVENTS)


@rest_method("event.bind")
def event_bind(call: Call) -> bool:
    """Bind a handler. An employee binds only for himself; offline needs an administrator."""
    event, url, auth_type = _event(call), _handler(call), _auth_type(call)
    if not call.user.is_admin:
        if auth_type not in (0, call.user.id):
            raise access_denied("Only administrator can set auth_type of another user")
        if str(call.upper.get("EVENT_TYPE") or "online").lower() == "offline":
            raise access_denied("Only administrator can bind offline events")
        auth_type = call.user.id
    check_handler_url(url)
    row = (event, url, auth_type)
    if row in ((old.event, old.url, old.auth_type) for old in call.portal.app.handlers):
        text = "Unable to set event handler: Handler already binded"
        raise RestError("ERROR_CORE", text)
    call.portal.app.handlers.append(EventHandler(next(_handler_ids), event, url, auth_type))
    return True


@rest_method("event.get")
def event_get(call: Call) -> list[dict[str, Any]]:
    """What is bound."""
    return [
        {
            "event": row.event,
            "handler": row.url,
            "auth_type": str(row.auth_type),
            "offline": 0,
        }
        for row in call.portal.app.handlers
    ]


@rest_method("event.unbind")
def event_unbind(call: Call) -> dict[str, int]:
    """Unbind by event and handler; how many there were."""
    event, url = _event(call), _handler(call)
    app = call.portal.app
    kept = [row for row in app.handlers if (row.event, row.url) != (event, url)]
    count = len(app.handlers) - len(kept)
    app.handlers = kept
    return {"count": count}


def _event(call: Call) -> str:
    name = str(call.upper.get("EVENT") or "").upper()
    if not name:
        raise RestError("ERROR_ARGUMENT", "Argument 'EVENT' is null or empty", argument="EVENT")
    if name not in EVENTS:
        raise RestError("ERROR_EVENT_NOT_FOUND", "Event not found")
    return name


def _handler(call: Call) -> str:
    url = str(call.upper.get("HANDLER") or "")
    if not url:
        raise RestError("ERROR_ARGUMENT", "Argument 'HANDLER' is null or empty", argument="HANDLER")
    return url


def _auth_type(call: Call) -> int:
    value = str(call.upper.get("AUTH_TYPE") or "0")
    return int(value) if value.isdigit() else 0
