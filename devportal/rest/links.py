"""Machine links: download and upload addresses, signed together with the access token."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from urllib.parse import urlencode

from devportal.errors import RestError
from devportal.portals.portal import Portal
from devportal.world import World


def machine_url(
    world: World, portal: Portal, access_token: str, *, method: str, payload: str
) -> str:
    """`{portal}/rest/{method}.json?auth=..&token=..`; it dies with its access token."""
    text = f"{payload}|{secrets.token_hex(8)}"
    token = f"{text}|{_signature(portal, text, access_token)}"
    query = urlencode({"auth": access_token, "token": token})
    return f"{world.auth.client_endpoint(portal)}{method}.json?{query}"


def read_machine_token(portal: Portal, access_token: str, token: str) -> str:
    """The payload of a link; 403 when it was changed or belongs to another access token."""
    text, _, signature = token.rpartition("|")
    if not hmac.compare_digest(signature.encode(), _signature(portal, text, access_token).encode()):
        raise RestError("ACCESS_DENIED", "Link check failed", 403)
    return text.rpartition("|")[0]


def _signature(portal: Portal, text: str, access_token: str) -> str:
    signed = f"link|{text}|{access_token}"
    return hmac.new(portal.secret, signed.encode(), hashlib.sha256).hexdigest()
