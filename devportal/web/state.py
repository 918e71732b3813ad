"""How views reach the world, the portal that is asked and the person who looks."""

from __future__ import annotations

from typing import Any

from flask import abort, current_app, request

from devportal import cast
from devportal.portals.portal import Portal, User
from devportal.world import World

EXTENSION = "devportal-world"


def world() -> World:
    """The world behind this application."""
    found: World = current_app.extensions[EXTENSION]
    return found


def portal_of_host() -> Portal | None:
    """The portal whose host name was asked."""
    return world().portal_at(request.host)


def portal_or_first() -> Portal:
    """The portal of the Host header; under any other name the first one."""
    return portal_of_host() or world().portal


def chosen_portal(given: Any = None) -> Portal:
    """For the control API: by domain, member_id or number 1 or 2; else by host, else the first."""
    wanted = str(given or request.args.get("portal") or "")
    if not wanted:
        return portal_or_first()
    for number, portal in enumerate(world().portals, start=1):
        if wanted in (portal.domain, portal.member_id, str(number)):
            return portal
    return abort(404, description=f"there is no portal {wanted}")


def viewer_or_director(portal: Portal) -> User:
    """For what surrounds a page, its error page included: whoever is named, if he is there."""
    text = request.args.get("as", "")
    user = portal.users.get(int(text)) if text.isdigit() else None
    return user if user is not None and user.active else portal.users[cast.DIRECTOR]


def viewer(portal: Portal) -> User:
    """The employee named by `?as=`; the director when nobody is named. Fired people see nothing."""
    text = request.args.get("as", "")
    user_id = int(text) if text.isdigit() else cast.DIRECTOR
    user = portal.users.get(user_id)
    if user is None or not user.active:
        abort(404, description="there is no such employee")
    return user
