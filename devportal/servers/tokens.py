"""The authorization server: issues, checks and rotates OAuth tokens.

Source: Bitrix24 REST documentation, settings/oauth (lifetimes, rotation, error codes).
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from devportal.behaviour.doubts import Ways
from devportal.clock import Clock
from devportal.config import Config
from devportal.errors import RestError
from devportal.portals.portal import Portal

ACCESS_LIFETIME_S = 3600
REFRESH_LIFETIME_S = 180 * 24 * 3600


@dataclass(slots=True)
class Token:
    """A pair of tokens of one person on one portal for our application."""

    access_token: str
    refresh_token: str
    member_id: str
    user_id: int
    row_id: int
    expires_at: float
    refresh_expires_at: float
    is_refresh_spent: bool = False
    is_revoked: bool = False


class AuthServer:
    """Knows every token of every portal; portals ask it, as the real ones do."""

    def __init__(self, config: Config, clock: Clock, ways: Ways | None = None) -> None:
        self._config = config
        self._clock = clock
        self._ways = ways or Ways({})
        self._by_access: dict[str, Token] = {}
        self._by_refresh: dict[str, Token] = {}

    def issue(self, portal: Portal, user_id: int) -> Token:
        """A fresh pair for a person, as given when the application is opened or called."""
        now = self._clock.now()
        token = Token(
            access_token=secrets.token_hex(35),
            refresh_token=secrets.token_hex(35),
            member_id=portal.member_id,
            user_id=user_id,
            row_id=portal.app.row_id,
            expires_at=float(int(now) + ACCESS_LIFETIME_S),
            refresh_expires_at=now + REFRESH_LIFETIME_S,
        )
        self._by_access[token.access_token] = token
        self._by_refresh[token.refresh_token] = token
        return token

    def find(self, access_token: str) -> Token | None:
        """The pair of an access token, expired or not."""
        return self._by_access.get(access_token)

    def has_expired(self, token: Token) -> bool:
        """Whether REST would answer `expired_token` now."""
        return self._clock.now() >= token.expires_at

    def expire(self, access_token: str) -> None:
        """End an access token early; its refresh token still works."""
        if token := self.find(access_token):
            token.expires_at = self._clock.now()

    def revoke_refresh(self, refresh_token: str) -> None:
        """Make a refresh token worthless."""
        if token := self._by_refresh.get(refresh_token):
            token.is_revoked = True

    def refresh(self, params: dict[str, Any], portals: list[Portal]) -> dict[str, Any]:
        """`grant_type=refresh_token`: a new pair; the old refresh token is spent by it.

        Raises RestError: WRONG_CLIENT comes with HTTP 200, NOT_INSTALLED with 401, others 400.
        """
        self._check_client(params)
        token = self._by_refresh.get(str(params.get("refresh_token", "")))
        if token is None:
            raise RestError("invalid_grant", "Invalid refresh token")
        portal = next(row for row in portals if row.member_id == token.member_id)
        if not portal.app.is_present or portal.app.row_id != token.row_id:
            raise RestError("NOT_INSTALLED", "Application not installed", 401)
        self._check_alive(token, portal)
        token.is_refresh_spent = True
        return self.grant(portal, self.issue(portal, token.user_id))

    def grant(self, portal: Portal, token: Token) -> dict[str, Any]:
        """The token endpoint's answer. `domain` is the authorization server, not the portal."""
        return {
            "access_token": token.access_token,
            "client_endpoint": self.client_endpoint(portal),
            "domain": self._config.auth_host,
            "expires": int(token.expires_at),
            "expires_in": ACCESS_LIFETIME_S,
            "member_id": portal.member_id,
            "refresh_token": token.refresh_token,
            "scope": ",".join(self._config.scopes),
            "server_endpoint": self.server_endpoint,
            "status": "L",
            "user_id": token.user_id,
        }

    def app_info(self, access_token: str, portals: list[Portal]) -> dict[str, Any]:
        """`app.info` of the authorization server: whose token this is, on which portal."""
        token = self.find(access_token)
        if token is None:
            raise RestError("NO_AUTH_FOUND", "Wrong authorization data", 401)
        portal = next(row for row in portals if row.member_id == token.member_id)
        if not portal.app.is_present or portal.app.row_id != token.row_id:
            raise RestError("NOT_INSTALLED", "Application not installed", 401)
        if self.has_expired(token):
            raise RestError("expired_token", "The access token provided has expired.", 401)
        return {
            "client_id": self._config.client_id,
            "scope": ",".join(self._config.scopes),
            "expires": self._clock.iso(token.expires_at),
            "install": {
                "installed": portal.app.is_installed,
                "version": str(portal.app.version),
                "status": "L",
                "scope": ",".join(self._config.scopes),
                "domain": portal.domain,
                "uri": f"{self._config.scheme}://{portal.domain}",
                "client_endpoint": self.client_endpoint(portal),
                "member_id": portal.member_id,
                "member_type": "portal",
            },
            "user_id": str(token.user_id),
        }

    @property
    def server_endpoint(self) -> str:
        """`server_endpoint` of tokens and events: where `app.info` is asked."""
        is_first = self._ways.of("auth_server") == "first"
        base = self._config.auth_base if is_first else self._config.second_auth_url
        return f"{base}/rest/"

    def client_endpoint(self, portal: Portal) -> str:
        """Where the portal's REST methods live."""
        return f"{self._config.scheme}://{portal.domain}/rest/"

    def _check_client(self, params: dict[str, Any]) -> None:
        if params.get("grant_type") != "refresh_token":
            raise RestError("invalid_request", "Unsupported grant type")
        if not params.get("refresh_token") or not params.get("client_id"):
            raise RestError("invalid_request", "Required parameters are missing")
        if params["client_id"] != self._config.client_id:
            raise RestError("WRONG_CLIENT", "Wrong client", 200)
        if params.get("client_secret") != self._config.client_secret:
            raise RestError("invalid_client", "Invalid client secret")

    def _check_alive(self, token: Token, portal: Portal) -> None:
        user = portal.users.get(token.user_id)
        is_dead = user is None or not user.active
        is_spent = token.is_revoked or (
            token.is_refresh_spent and self._ways.of("refresh_reuse") == "refused"
        )
        if is_spent or is_dead or self._clock.now() >= token.refresh_expires_at:
            raise RestError("invalid_grant", "Invalid refresh token")
