"""The authorization server: whose token is this, and a new pair for an old one.

Source: Bitrix24 docs, settings/oauth (index, auto-renewal, error-codes, simple-way).
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.utils import timezone

from bitrix24.models import Portal, PortalToken
from bitrix24.tokens import access
from bitrix24.wire import rest_log, transport
from bitrix24.wire.addresses import check_address, netloc
from bitrix24.wire.answers import as_dict, as_int, as_text
from bitrix24.wire.errors import DEAD_USER, GONE, BitrixError, from_answer, unreachable
from signx.errors import ErrorCode

log = logging.getLogger(__name__)

REFRESH_TOTAL_S = 20
LEASE = timedelta(seconds=30)  # longer than a refresh and storing it may take
WAIT_STEP_S = 0.2
# A refresh takes a fraction of a second: who holds the lease longer is in trouble or dead, and
# another administrator's token is the better way.
WAIT_S = 5.0
ACCESS_LIFETIME_S = 3600
# The new pair exists in our memory alone; a database that is away for a moment must not cost it.
STORE_AGAIN_S = (0.1, 0.3, 1.0, 3.0)
FORGED = ErrorCode.REQUEST_FORGED
LOST = "refresh_lost"
DROPPED = "invalid_grant"


@dataclass(frozen=True, slots=True)
class AppInfo:
    """What the authorization server knows of an access token. The only trusted introduction."""

    client_id: str
    member_id: str
    domain: str
    client_endpoint: str
    user_id: int
    scope: str
    is_installed: bool


def server_for(endpoint: str) -> str:
    """The listed authorization server that a request names, or the first one of the list."""
    for server in settings.BITRIX24_AUTH_SERVERS:
        if endpoint and netloc(endpoint) == netloc(server):
            return str(server)
    return str(settings.BITRIX24_AUTH_SERVERS[0])


def app_info(access_token: str, server: str) -> AppInfo:
    """Ask `server` (one of server_for) about a token.

    Raises BitrixError: PORTAL_UNREACHABLE with `bitrix_code` for a token that is not good.
    """
    answer = _ask(
        None,
        "app.info",
        server,
        "/rest/app.info",
        {"auth": access_token},
        total_s=transport.ENTRY_TOTAL_S,
    )
    result = as_dict(answer.get("result"))
    install = as_dict(result.get("install"))
    return AppInfo(
        client_id=as_text(result.get("client_id")),
        member_id=as_text(install.get("member_id")),
        domain=as_text(install.get("domain")).lower(),
        client_endpoint=as_text(install.get("client_endpoint")),
        user_id=as_int(result.get("user_id")),
        scope=as_text(install.get("scope") or result.get("scope")),
        is_installed=bool(install.get("installed")),
    )


def introduce(member_id: str, access_token: str, server_endpoint: str) -> AppInfo:
    """Who a token belongs to, if it is of this portal and for us.

    Raises BitrixError(REQUEST_FORGED), and those of `app_info`.
    """
    info = app_info(access_token, server_for(server_endpoint))
    if (info.client_id, info.member_id) != (settings.BITRIX24_CLIENT_ID, member_id):
        raise BitrixError(FORGED, "tokens of another application or portal")
    return info


def refresh(token: PortalToken) -> PortalToken:
    """A new pair, stored before it is used. One refresh at a time per user, by a lease.

    Whoever finds the lease taken waits for the other's result. Raises BitrixError; a token that
    the server refuses is marked dead. A refresh whose answer was lost is asked for again with the
    same refresh token: the server may not have got it, or may answer a repeat.
    """
    stale = token.access_token
    deadline = time.monotonic() + WAIT_S
    while not _take_lease(token):
        time.sleep(WAIT_STEP_S)
        _reload(token)
        if token.dead_at is not None:
            raise _dead(token)
        if token.access_token != stale:
            return token
        if time.monotonic() > deadline:
            raise unreachable("refresh", "another refresh takes too long")
    _reload(token)
    if token.access_token != stale:
        _end_lease(token)
        return token
    return _refresh_now(token)


def learn_endpoint(portal: Portal, client_endpoint: str) -> bool:
    """Remember where the authorization server says the portal lives now; whether it is new.

    An address that we may not connect to is not remembered.
    """
    if not client_endpoint or client_endpoint == portal.client_endpoint:
        return False
    try:
        check_address(client_endpoint)
    except BitrixError as error:
        log.warning("portal %s: its new address is refused: %s", portal.pk, error)
        return False
    portal.client_endpoint = client_endpoint
    portal.domain = netloc(client_endpoint)
    portal.save(update_fields=["client_endpoint", "domain"])
    return True


def _reload(token: PortalToken) -> None:
    """It may have been dropped meanwhile, with all of its installation."""
    try:
        token.refresh_from_db()
    except PortalToken.DoesNotExist:
        token.dead_reason = DROPPED
        raise _dead(token) from None


def _take_lease(token: PortalToken) -> bool:
    now = timezone.now()
    free = PortalToken.objects.filter(pk=token.pk).exclude(refreshing_until__gt=now)
    return free.update(refreshing_until=now + LEASE) == 1


def _end_lease(token: PortalToken) -> None:
    PortalToken.objects.filter(pk=token.pk).update(refreshing_until=None)


def _refresh_now(token: PortalToken) -> PortalToken:
    # Written down before the request leaves: whatever happens to us, the doubt is known. `token`
    # itself still says whether an earlier answer was lost.
    PortalToken.objects.filter(pk=token.pk).update(is_in_doubt=True)

    def keep(answer: dict[str, Any]) -> None:
        if as_text(answer.get("member_id")) != token.portal.member_id:
            # Whoever brought it, it is worth nothing here, and spent by now.
            raise BitrixError(
                ErrorCode.PORTAL_UNREACHABLE,
                "the refresh token of another portal",
                bitrix_code="invalid_grant",
            )
        _store(token, answer)

    try:
        answer = _ask(
            token.portal,
            "oauth.token",
            server_for(token.portal.auth_server),
            "/oauth/token/",
            {
                "grant_type": "refresh_token",
                "client_id": settings.BITRIX24_CLIENT_ID,
                "client_secret": settings.BITRIX24_CLIENT_SECRET,
                "refresh_token": token.refresh_token,
            },
            total_s=REFRESH_TOTAL_S,
            keep=keep,
        )
    except BitrixError as error:
        if error.is_one_of(DEAD_USER | GONE):
            is_lost = token.is_in_doubt and error.is_one_of(DEAD_USER)
            mark_dead(token, LOST if is_lost else error.bitrix_code)
        elif error.bitrix_code:  # refused, so nothing was spent
            PortalToken.objects.filter(pk=token.pk).update(is_in_doubt=token.is_in_doubt)
        raise
    finally:
        _end_lease(token)
    learn_endpoint(token.portal, as_text(answer.get("client_endpoint")))
    return token


def _store(token: PortalToken, answer: Mapping[str, Any]) -> None:
    """The pair into the database, the first thing that is done with an answer."""
    for delay_s in STORE_AGAIN_S:
        try:
            _write(token, answer, timezone.now())
        except DatabaseError as error:
            log.warning("token %s: a new pair is not stored yet: %s", token.pk, error)
            connection.close()
            time.sleep(delay_s)
        else:
            return
    _write(token, answer, timezone.now())


def _write(token: PortalToken, answer: Mapping[str, Any], now: datetime) -> None:
    token.access_token = as_text(answer.get("access_token"))
    token.refresh_token = as_text(answer.get("refresh_token")) or token.refresh_token
    lifetime_s = as_int(answer.get("expires_in")) or ACCESS_LIFETIME_S
    token.expires_at = now + timedelta(seconds=lifetime_s)
    token.refreshed_at, token.is_in_doubt = now, False
    token.dead_at, token.dead_reason = None, ""
    # Also over a refusal that a second refresher was told meanwhile: this pair is the newest.
    names = ("access_token", "refresh_token", "expires_at", "refreshed_at", "is_in_doubt")
    values = {name: getattr(token, name) for name in (*names, "dead_at", "dead_reason")}
    PortalToken.objects.filter(pk=token.pk).update(**values)


def mark_dead(token: PortalToken, reason: str) -> None:
    """Never try this token again; opening the application gives the user a new one.

    Only if it is still the same token: the user may have opened the application meanwhile.
    """
    fresh = PortalToken.objects.filter(pk=token.pk).first()
    if fresh is None or fresh.access_token != token.access_token:
        return
    # Encrypted, so the database cannot compare the token itself; every new pair moves the time.
    same = PortalToken.objects.filter(pk=token.pk, refreshed_at=fresh.refreshed_at)
    if same.update(dead_at=timezone.now(), dead_reason=reason[:60]):
        access.note_death(token, reason)


def _dead(token: PortalToken) -> BitrixError:
    return BitrixError(
        ErrorCode.PORTAL_UNREACHABLE, "the token is dead", bitrix_code=token.dead_reason
    )


def _ask(
    portal: Portal | None,
    method: str,
    server: str,
    path: str,
    params: dict[str, str],
    *,
    total_s: float,
    keep: Callable[[dict[str, Any]], None] | None = None,
) -> dict[str, Any]:
    """GET as documented; errors may come with HTTP 200. `keep` gets a good answer before anything
    else is done, even before it is logged. Raises BitrixError."""
    if server not in settings.BITRIX24_AUTH_SERVERS:
        raise unreachable(method, "not a listed authorization server")
    at, started = timezone.now(), time.monotonic()
    status: int | None = None
    body: dict[str, Any] = {}
    try:
        response, content = transport.get(server.rstrip("/") + path, params=params, total_s=total_s)
        status = response.status_code
        body = _object(method, status, content)
        if keep is not None and "error" not in body and status < 400:
            keep(body)
    finally:
        rest_log.write(
            portal,
            method=method,
            at=at,
            duration_ms=int((time.monotonic() - started) * 1000),
            http_status=status,
            error=as_text(body.get("error")),
            request=params,
            response=body,
        )
    if "error" in body:
        raise from_answer(method, body["error"], body.get("error_description"), status)
    if status >= 400:
        raise unreachable(method, "an error without a code", status)
    return body


def _object(method: str, status: int, content: bytes) -> dict[str, Any]:
    try:
        body = json.loads(content)
    except ValueError as error:
        raise unreachable(method, "the answer is not JSON", status) from error
    if not isinstance(body, dict):
        raise unreachable(method, "the answer is not an object", status)
    return body
