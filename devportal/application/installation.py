"""What befalls the application on a portal: installed, updated, removed, put back.

Source: Bitrix24 docs, api-reference/events and settings/app-uninstallation.
"""

from __future__ import annotations

from devportal.application import events
from devportal.portals.portal import Installation, Portal
from devportal.world import World


def finish(world: World, portal: Portal, user_id: int) -> None:
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
    events.fire(world, portal, "ONAPPINSTALL", data, user_id=user_id)


def update(world: World, portal: Portal, user_id: int) -> None:
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
        events.fire(world, portal, "ONAPPUPDATE", data, user_id=user_id if way == "tokens" else 0)
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
    yes, no = ("1", "0") if world.ways.of("booleans") == "1" else ("Y", "N")
    data = {"LANGUAGE_ID": portal.language, "CLEAN": yes if clean else no}
    posts = events.prepare(world, portal, "ONAPPUNINSTALL", data)
    if late:
        world.jobs.extend(posts)
    else:
        for post in posts:
            post()
    portal.app = Installation(row_id=app.row_id, is_present=False, version=app.version)


def put_back(portal: Portal) -> None:
    """Add a removed application again; it waits for its wizard."""
    if not portal.app.is_present:
        portal.app = Installation(row_id=portal.app.row_id + 1)
