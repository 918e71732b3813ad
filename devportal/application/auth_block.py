"""The `auth[...]` block that Bitrix24 puts into events and robot calls."""

from __future__ import annotations

from typing import Any

from devportal.portals.portal import Portal
from devportal.servers.tokens import ACCESS_LIFETIME_S
from devportal.world import World

_ALWAYS = ("member_id", "application_token")


def call_auth(world: World, portal: Portal, user_id: int, **echoes: str) -> dict[str, Any]:
    """The block of a robot call. What it holds besides the portal's two keys is in doubt."""
    block = auth_block(world, portal, user_id, with_refresh=True)
    match world.ways.of("call_auth"):
        case "bare":
            return {key: block[key] for key in _ALWAYS}
        case "extra":
            return block | echoes | {"client_id": world.config.client_id}
    return block


def auth_block(world: World, portal: Portal, user_id: int, *, with_refresh: bool) -> dict[str, Any]:
    """Who calls, with that person's tokens; without tokens for user 0, fired or unknown ones."""
    block: dict[str, Any] = {
        "domain": portal.domain,
        "client_endpoint": world.auth.client_endpoint(portal),
        "server_endpoint": world.auth.server_endpoint,
        "member_id": portal.member_id,
        "application_token": portal.application_token,
    }
    user = portal.users.get(user_id)
    if user is None or not user.active or not portal.app.is_present:
        return block
    token = world.auth.issue(portal, user_id)
    block |= {
        "access_token": token.access_token,
        "expires": int(token.expires_at),
        "expires_in": ACCESS_LIFETIME_S,
        "scope": ",".join(world.config.scopes),
        "status": "L",
        "user_id": user_id,
    }
    if with_refresh:
        block["refresh_token"] = token.refresh_token
    return block
