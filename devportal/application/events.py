"""Events to the application. Source: Bitrix24 docs, api-reference/events."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from devportal import phpform
from devportal.application.auth_block import auth_block
from devportal.portals.portal import EventHandler, Portal
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
    posts = prepare(world, portal, event, data, user_id=user_id, changes=changes)
    for post in posts:
        post()
    return len(posts)


def prepare(
    world: World,
    portal: Portal,
    event: str,
    data: dict[str, Any],
    *,
    user_id: int = 0,
    changes: dict[str, Any] | None = None,
) -> list[Callable[[], None]]:
    """An event as it is now, for each of its handlers; calling one posts it."""
    if not portal.app.is_installed:
        return []
    return [
        partial(
            _send,
            world,
            portal,
            handler,
            _form(world, portal, handler, data, user_id=user_id, changes=changes or {}),
        )
        for handler in portal.app.handlers
        if handler.event == event.upper()
    ]


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
