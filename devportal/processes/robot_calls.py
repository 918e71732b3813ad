"""The call that a robot's handler gets, key by key, and the signature of its event token.

Source: Bitrix24 server, bizproc restactivity.php; docs, api-reference/bizproc/bizproc-robot.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import string
from typing import Any

from devportal.application.auth_block import call_auth
from devportal.portals.crm_types import CrmType
from devportal.portals.portal import Portal
from devportal.world import World

_ALPHABET = string.ascii_letters + string.digits
_RANDOM_CHARS = 32


def new_event_token(portal: Portal, process_id: str, activity_name: str) -> str:
    """`{workflow}|{activity}|{32 random}.{64 hex}`, signed with the portal's key."""
    salt = "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM_CHARS))
    body = f"{process_id}|{activity_name}|{salt}"
    return f"{body}.{_signature(portal, body)}"


def read_event_token(portal: Portal, event_token: str) -> tuple[str, str] | None:
    """(workflow, activity) of a token with a sound signature, else None."""
    body, dot, signature = event_token.rpartition(".")
    if not dot or body.count("|") != 2:
        return None
    if not hmac.compare_digest(signature.encode(), _signature(portal, body).encode()):
        return None
    process_id, activity_name, _ = body.split("|")
    return process_id, activity_name


def build_call(
    world: World,
    portal: Portal,
    robot: dict[str, Any],
    *,
    process_id: str,
    event_token: str,
    crm_type: CrmType,
    item_id: int,
    properties: dict[str, Any],
    use_subscription: str,
    timeout_s: int,
) -> dict[str, Any]:
    """Nested data of the form post. Tokens belong to the robot's AUTH_USER_ID, if any."""
    user_id = int(robot.get("AUTH_USER_ID") or 0)
    return {
        "workflow_id": process_id,
        "code": robot["CODE"],
        "document_id": crm_type.document_id(item_id),
        "document_type": crm_type.document_type(),
        "event_token": event_token,
        "properties": properties,
        "use_subscription": use_subscription or None,
        "timeout_duration": timeout_s,
        "ts": int(world.clock.now()),
        "auth": call_auth(
            world,
            portal,
            user_id,
            WORKFLOW_ID=process_id,
            ACTIVITY_NAME=event_token.split("|")[1] if event_token.count("|") > 1 else "",
            CODE=robot["CODE"],
        ),
    }


def as_sent(value: Any, kind: str, *, multiple: bool) -> Any:
    """A resolved input the way the portal sends it: text, `user_12`, Y/N, or lists of them."""
    if isinstance(value, list | tuple):
        return [_single(item, kind) for item in value]
    if value in (None, ""):
        return [] if multiple else ""
    single = _single(value, kind)
    return [single] if multiple else single


def _single(value: Any, kind: str) -> str:
    if isinstance(value, bool):
        return "Y" if value else "N"
    text = "" if value is None else str(value)
    return f"user_{text}" if kind == "user" and text.isdigit() else text


def _signature(portal: Portal, body: str) -> str:
    return hmac.new(portal.secret, f"event|{body}".encode(), hashlib.sha256).hexdigest()
