"""Events to the application, and what befalls its installation on a portal.

Source: Bitrix24 docs, api-reference/events and settings/app-uninstallation.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from devportal import phpform
from devportal.auth.block import auth_block
from devportal.portals.portal import EventHandler, Installation, Portal
from devportal.world import World

EVENTS = (
    "ONAPPINSTALL",
    "ONAPPUPDATE",
    "ONAPPUNINSTALL",
    "ONAPPPAYMENT",
    "ONCRMDEALADD",
    "ONCRMDEALUPDATE",
    "ONCRMDEALDELETE",
    "ONCRMCONTACTUPDATE",
    "ONCRMCOMPANYUPDATE",
    "ONCRMDOCUMENTGENERATORDOCUMENTADD",
    "ONCRMDOCUMENTGENERATORDOCUMENTUPDATE",
    "ONCRMDOCUMENTGENERATORDOCUMENTDELETE",
    "ONUSERADD",
)
_WITH_REFRESH = ("ONAPPINSTALL", "ONAPPUPDATE")


def fire(
    world: World,
    portal: Portal,
    event: str,
    data: dict[str, Any],
    *,
    user_id: int = 0,
    changes: dict[str, Any] | None = None,
) -> int:
    """Post an event to every handler bound to it; how many. Nothing before installFinish.

    `changes` replaces keys of the auth block (None removes one): for forged and old deliveries.
    """
    if not portal.app.is_installed:
        return 0
    handlers = [row for row in portal.app.handlers if row.event == event.upper()]
    for handler in handlers:
        text = _form(world, portal, handler, data, user_id=user_id, changes=changes or {})
        _send(world, portal, handler, text)
    return len(handlers)


def finish_install(world: World, portal: Portal, user_id: int) -> None:
    """What `installFinish` does: widgets, events and the application page come alive."""
    if portal.app.is_installed or not portal.app.is_present:
        return
    portal.app.is_installed = True
    data = {
        "VERSION": portal.app.version,
        "ACTIVE": "Y",
        "INSTALLED": "Y",
        "LANGUAGE_ID": portal.language,
    }
    fire(world, portal, "ONAPPINSTALL", data, user_id=user_id)


def update_app(world: World, portal: Portal, user_id: int) -> None:
    """A new version: robots are deleted, the wizard runs again, the event comes first."""
    portal.app.robots.clear()
    portal.app.version += 1
    portal.app.token_number += world.ways.of("update_token") == "new"
    data = {
        "VERSION": portal.app.version,
        "PREVIOUS_VERSION": portal.app.version - 1,
        "LANGUAGE_ID": portal.language,
    }
    way = world.ways.of("update_event")
    if way != "none":
        fire(world, portal, "ONAPPUPDATE", data, user_id=user_id if way == "tokens" else 0)
    portal.app.is_installed = False
    if world.ways.of("update_handlers") == "lost":
        portal.app.handlers.clear()
        portal.app.placements.clear()


def uninstall(world: World, portal: Portal, *, clean: bool = True, late: bool = False) -> None:
    """Remove the application: one event without tokens, then nothing of it is left.

    `late`: the event comes with the next `tick`, when the application may know already.
    """
    app = portal.app
    if not app.is_present:
        return
    handlers = [row for row in app.handlers if row.event == "ONAPPUNINSTALL"]
    yes, no = ("1", "0") if world.ways.of("booleans") == "1" else ("Y", "N")
    data = {"LANGUAGE_ID": portal.language, "CLEAN": yes if clean else no}
    if app.is_installed:
        for handler in handlers:
            text = _form(world, portal, handler, data, user_id=0, changes={})
            send = partial(_send, world, portal, handler, text)
            if late:
                world.jobs.append(send)
            else:
                send()
    portal.app = Installation(row_id=app.row_id, is_present=False, version=app.version)


def put_back(portal: Portal) -> None:
    """Add a removed application again; it waits for its wizard."""
    if not portal.app.is_present:
        portal.app = Installation(row_id=portal.app.row_id + 1)


def _form(
    world: World,
    portal: Portal,
    handler: EventHandler,
    data: dict[str, Any],
    *,
    user_id: int,
    changes: dict[str, Any],
) -> str:
    auth = auth_block(world, portal, user_id, with_refresh=handler.event in _WITH_REFRESH)
    if handler.event == "ONAPPPAYMENT" and world.ways.of("payment_token") == "absent":
        del auth["application_token"]
    form = {
        "event": handler.event,
        "event_handler_id": handler.id,
        "data": data,
        "ts": int(world.clock.now()),
        "auth": auth | changes,
    }
    return phpform.encode(form, raw_brackets=world.ways.of("brackets") == "raw")


def _send(world: World, portal: Portal, handler: EventHandler, text: str) -> None:
    number = world.note_outgoing("event", handler.event, portal, handler.url)
    world.courier.send(handler.url, text, world.answer_to(number))
