"""Whether the person of an open frame still works in the portal, and still as an administrator.

A session lives for hours; what it says of its person is asked anew every CONFIRM_EVERY, with his
own token, at the next request.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from bitrix24.models import FrameSession, PortalToken
from bitrix24.rest import methods
from bitrix24.wire import transport
from bitrix24.wire.errors import DEAD_USER, STALE_TOKEN, TOKENLESS, BitrixError
from signx.errors import ErrorCode, SignXError

CONFIRM_EVERY = timedelta(minutes=15)
# A silent portal is not asked again by every request of a page, nor by the next of them while one
# still waits for it.
ASK_AGAIN = timedelta(minutes=1)
ANSWER_WITHIN = timedelta(seconds=transport.ENTRY_TOTAL_S)


def confirm(frame: FrameSession, at: datetime) -> bool:
    """Whether the session's words about its person are fresh; False while the portal is silent.

    Asks the network when they are not. Raises SignXError(SESSION_EXPIRED), and ends the session,
    when the portal takes the person's token no more: he was dismissed or may not use SIGNX. An
    employee's page gets itself a new session with a fresh token; nobody else can.
    """
    if frame.confirmed_at > at - CONFIRM_EVERY:
        return True
    if frame.silent_until is not None and frame.silent_until > at:
        return False
    _remember(frame, silent_until=at + ANSWER_WITHIN)
    try:
        with transport.somebody_waits(transport.ENTRY_TOTAL_S):
            profile = methods.profile(frame.portal, as_user=frame.bitrix_user_id)
    except BitrixError as error:
        if error.is_one_of(DEAD_USER | STALE_TOKEN | TOKENLESS):
            frame.delete()
            raise SignXError(ErrorCode.SESSION_EXPIRED, error.detail) from error
        _remember(frame, silent_until=timezone.now() + ASK_AGAIN)
        return False
    _remember(
        frame,
        user_name=profile.name[:200],
        is_portal_admin=profile.is_admin,
        confirmed_at=at,
        silent_until=None,
    )
    tokens = PortalToken.objects.filter(portal=frame.portal, bitrix_user_id=frame.bitrix_user_id)
    tokens.exclude(is_admin=profile.is_admin).update(is_admin=profile.is_admin)
    return True


def _remember(frame: FrameSession, **values: object) -> None:
    for name, value in values.items():
        setattr(frame, name, value)
    FrameSession.objects.filter(pk=frame.pk).update(**values)
