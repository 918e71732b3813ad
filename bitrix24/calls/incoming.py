"""Calls from the portal: read the nested form, find the portal, check its token."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.http.request import RawPostDataException, UnreadablePostError

from bitrix24.calls import offers
from bitrix24.models import Portal
from bitrix24.wire import phpform
from bitrix24.wire.answers import as_dict, as_int, as_text
from signx.errors import ErrorCode, SignXError

# A real call holds a few ids, texts and tokens: some kilobytes. Anybody may send one.
LONGEST_BODY = 256 * 1024


def parse(request: HttpRequest) -> dict[str, Any]:
    """The body of a robot call or an event as nested dicts, lists and strings.

    Reading takes a fraction of a second whatever comes. Raises SignXError(INPUT_INVALID) only.
    """
    if as_int(request.META.get("CONTENT_LENGTH")) > LONGEST_BODY:
        raise SignXError(ErrorCode.INPUT_INVALID, "the body is too long", reason="256 KB")
    try:
        body = request.body
    except (UnreadablePostError, RawPostDataException) as error:
        raise SignXError(ErrorCode.INPUT_INVALID, "the body cannot be read") from error
    return phpform.parse(body)


def authenticate(payload: Mapping[str, Any]) -> Portal:
    """The portal that sent a payload: known member_id, the right application_token.

    The token is weak (portal users can read it), so nothing is destroyed on its word alone.
    Raises SignXError: NOT_FOUND for an unknown or uninstalled portal, REQUEST_FORGED.
    """
    auth = as_dict(payload.get("auth"))
    portal = find_portal(as_text(auth.get("member_id")))
    if portal is None or portal.status == Portal.Status.UNINSTALLED:
        raise SignXError(ErrorCode.NOT_FOUND, "no such portal")
    if not has_token(portal, as_text(auth.get("application_token"))):
        raise SignXError(ErrorCode.REQUEST_FORGED, f"portal {portal.pk}: application_token")
    offers.put_by_if_needed(portal, auth)
    return portal


def find_former(payload: Mapping[str, Any]) -> Portal | None:
    """The portal of a payload that was sent by an installation which has ended here."""
    auth = as_dict(payload.get("auth"))
    portal = find_portal(as_text(auth.get("member_id")))
    if portal is None or portal.status != Portal.Status.UNINSTALLED:
        return None
    given = hash_token(as_text(auth.get("application_token")))
    return portal if hmac.compare_digest(portal.former_token_hash, given) else None


def find_portal(member_id: str) -> Portal | None:
    """A portal by its only lasting name."""
    return Portal.objects.filter(member_id=member_id).first() if member_id else None


def has_token(portal: Portal, application_token: str) -> bool:
    """Constant-time comparison; a portal whose token we do not know yet has none."""
    known = portal.application_token
    return bool(known) and hmac.compare_digest(known.encode(), application_token.encode())


def hash_token(application_token: str) -> str:
    """What is kept of a token that has ended."""
    return hashlib.sha256(application_token.encode()).hexdigest()
