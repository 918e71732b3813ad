"""Whose token a request is made with: a user's own or any administrator's, refreshed when it is
stale, the next one when it is dead.

Asks the network and must not be called inside a transaction.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from django.utils import timezone

from bitrix24.models import Portal, PortalToken
from bitrix24.tokens import access, oauth
from bitrix24.wire.errors import DEAD_USER, GONE, STALE_TOKEN, BitrixError
from signx.errors import ErrorCode

# How many users' tokens are tried for one request that names no user, and how many of them may
# end in a refresh without an answer: each may take 20 s.
TOKENS_TRIED = 4
REFRESHES_TRIED = 2

Answer = TypeVar("Answer")
Ask = Callable[[PortalToken], Answer]


def ask(portal: Portal, with_token: Ask[Answer], *, as_user: int | None) -> Answer:
    """What `with_token` answers for the first token that the portal takes.

    With `as_user` (a Bitrix24 user id) only that user's is tried; without it administrators',
    newest first. `with_token` makes one request and raises BitrixError.
    Raises BitrixError.
    """
    refusal = BitrixError(ErrorCode.PORTAL_UNREACHABLE, "no token", bitrix_code="NO_TOKEN")
    unanswered = 0
    for token in _candidates(portal, as_user):
        try:
            return _ask_once(token, with_token)
        except _Unusable as unusable:
            refusal = unusable.reason
            unanswered += unusable.is_unanswered
        if unanswered == REFRESHES_TRIED:
            break
    if as_user is None:
        Portal.objects.filter(pk=portal.pk).update(last_error=str(refusal)[:200])
        refusal.retry_at = access.note_loss(portal.pk)
    raise refusal


def newest(token: PortalToken) -> str:
    """The access token as it is stored now; a row that was dropped meanwhile keeps the last one."""
    with suppress(PortalToken.DoesNotExist):
        token.refresh_from_db(fields=["access_token"])
    return token.access_token


def learn_move(token: PortalToken) -> None:
    """Have the authorization server say where the token's portal lives now. Raises BitrixError."""
    server = oauth.server_for(token.portal.auth_server)
    try:
        info = oauth.app_info(token.access_token, server)
    except BitrixError as error:
        if not error.is_one_of(STALE_TOKEN):
            raise
        oauth.refresh(token)
        return
    if info.member_id == token.portal.member_id:
        oauth.learn_endpoint(token.portal, info.client_endpoint)


def _candidates(portal: Portal, as_user: int | None) -> list[PortalToken]:
    tokens = PortalToken.objects.usable().filter(portal=portal).select_related("portal")
    if as_user is not None:
        return list(tokens.filter(bitrix_user_id=as_user))
    now = timezone.now()
    # An employee's would ask with his rights: what he may not see would be answered as missing,
    # for good, where an administrator's return is waited for.
    administrators = tokens.filter(is_admin=True)[:TOKENS_TRIED]
    # A token that needs no refresh goes first: nothing can be lost with it, nobody waited for.
    return sorted(administrators, key=lambda token: token.expires_at <= now)


class _Unusable(Exception):
    """This user's token does not work now; another's may."""

    def __init__(self, reason: BitrixError, *, is_unanswered: bool = False) -> None:
        super().__init__(str(reason))
        self.reason = reason
        self.is_unanswered = is_unanswered


def _ask_once(token: PortalToken, with_token: Ask[Answer]) -> Answer:
    """One request, once more after a refresh if the token has run out. Raises _Unusable."""
    if token.expires_at > timezone.now():
        try:
            return with_token(token)
        except BitrixError as error:
            if error.is_one_of(DEAD_USER):
                oauth.mark_dead(token, error.bitrix_code)
                raise _Unusable(error) from error
            # A portal may call the application gone because the token is of an earlier
            # installation: the authorization server decides.
            if not error.is_one_of(STALE_TOKEN | GONE):
                raise
    fresh = _refreshed(token)
    try:
        return with_token(fresh)
    except BitrixError as error:
        if error.is_one_of(STALE_TOKEN | DEAD_USER | GONE):
            raise _Unusable(error) from error
        raise


def _refreshed(token: PortalToken) -> PortalToken:
    """Raises _Unusable where another user's token may do better: refused, or not answered."""
    try:
        return oauth.refresh(token)
    except BitrixError as error:
        if error.is_one_of(STALE_TOKEN | DEAD_USER | GONE):
            raise _Unusable(error) from error
        if not error.bitrix_code:
            raise _Unusable(error, is_unanswered=True) from error
        raise
