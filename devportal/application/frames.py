"""Opening the application in a frame: the form the portal posts, and the frame's session."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from devportal.errors import EntryRefused
from devportal.portals.portal import Portal, User
from devportal.servers.tokens import ACCESS_LIFETIME_S
from devportal.world import World

MAIN = "DEFAULT"
# Self-hosted portals of earlier versions do not send them.
_NEW_KEYS = ("SERVER_ENDPOINT", "APPLICATION_TOKEN", "APPLICATION_SCOPE")


@dataclass(frozen=True, slots=True)
class Frame:
    """An open frame. `sid` is APP_SID; BX24.js and the page around it know it."""

    sid: str
    member_id: str
    user_id: int
    placement: str
    options: dict[str, Any]
    is_installer: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """The form post that opens the application: where to, and its fields."""

    url: str
    fields: dict[str, str]
    frame: Frame


def open_entry(
    world: World,
    portal: Portal,
    user: User,
    *,
    placement: str = MAIN,
    options: dict[str, Any] | None = None,
    handler: str = "",
) -> Entry:
    """The exact request of Bitrix24 for a person and a place.

    The installer is opened until the installation is finished. `handler` picks one of several
    bindings of a place. Raises EntryRefused where the portal would show a message instead.
    """
    is_installer = not portal.app.is_installed
    url = _target(world, portal, user, placement, handler)
    given = options or {}
    frame = Frame(secrets.token_hex(16), portal.member_id, user.id, placement, given, is_installer)
    world.frames[frame.sid] = frame
    query = {
        "DOMAIN": portal.domain,
        "PROTOCOL": "1" if world.config.scheme == "https" else "0",
        "LANG": portal.language,
        "APP_SID": frame.sid,
    }
    url += ("&" if "?" in url else "?") + urlencode(query)
    return Entry(url, _fields(world, portal, user, placement, given), frame)


def deal_options(deal_id: int) -> dict[str, str]:
    """PLACEMENT_OPTIONS of a tab in a deal's card."""
    return {"ID": str(deal_id), "URI": f"/crm/deal/details/{deal_id}/"}


def _target(world: World, portal: Portal, user: User, placement: str, handler: str) -> str:
    if not portal.app.is_present:
        raise EntryRefused("Приложение удалено с портала.")
    if not portal.app.is_installed:
        if not user.is_admin:
            raise EntryRefused("Приложение установлено не полностью. Обратитесь к администратору.")
        return world.config.installer_url
    if placement == MAIN:
        return world.config.application_url
    for row in portal.app.placements:
        if row.code == placement and handler in ("", row.url):
            return row.url
    raise EntryRefused(f"Приложение не встроено в {placement}.")


def _fields(
    world: World, portal: Portal, user: User, placement: str, options: dict[str, Any]
) -> dict[str, str]:
    token = world.auth.issue(portal, user.id)
    fields = {
        "AUTH_ID": token.access_token,
        "AUTH_EXPIRES": str(ACCESS_LIFETIME_S),
        "REFRESH_ID": token.refresh_token,
        "SERVER_ENDPOINT": world.auth.server_endpoint,
        "APPLICATION_TOKEN": portal.application_token,
        "APPLICATION_SCOPE": ",".join(world.config.scopes),
        "member_id": portal.member_id,
        "status": "L",
        "PLACEMENT": placement,
    }
    if world.ways.of("entry_keys") == "old":
        for key in _NEW_KEYS:
            del fields[key]
    if options:
        # PHP's json_encode: slashes escaped, Cyrillic too.
        fields["PLACEMENT_OPTIONS"] = json.dumps(options).replace("/", "\\/")
    return fields
