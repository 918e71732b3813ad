"""Background work of the connection to portals; each may run any number of times, anywhere."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from bitrix24.calls import held, offers
from bitrix24.frame.session import HARD_LIFE
from bitrix24.installation import lifecycle, upkeep
from bitrix24.models import FrameSession, MethodBudget, Portal, PortalToken, RestCall
from bitrix24.tokens import oauth
from bitrix24.wire.errors import BitrixError
from signx import claims
from signx.errors import SignXError

log = logging.getLogger(__name__)

# Refresh tokens live 180 days and only a refresh renews them.
REFRESH_AFTER = timedelta(days=150)
# A portal that could not be looked over, or whose worker died over it, is tried again then.
LOOK_AGAIN = timedelta(hours=1)
# No further portal is begun after this; a worker may live three times as long on one task.
BUDGET_S = 60


def has_due(at: datetime) -> bool:
    """Whether some portal needs attention."""
    return any(duty.due(at).exists() for duty in _DUTIES)


def run_due() -> int:
    """Take up offered tokens, verify held calls, confirm announced uninstallations, delete what is
    to be deleted, renew registrations; how many portals."""
    at, deadline = timezone.now(), time.monotonic() + BUDGET_S
    done = 0
    for duty in _DUTIES:
        for portal_id in duty.due(at).values_list("pk", flat=True):
            if time.monotonic() > deadline:
                return done
            done += _do(duty, portal_id, at)
    return done


def forget_old_calls() -> None:
    """Daily: drop calls, sessions and budgets that are too old to keep."""
    at = timezone.now()
    RestCall.objects.filter(at__lt=at - timedelta(days=settings.REST_LOG_DAYS)).delete()
    FrameSession.objects.filter(created_at__lt=at - HARD_LIFE).delete()
    MethodBudget.objects.filter(resets_at__lt=at).delete()


def keep_tokens_alive() -> None:
    """Daily: refresh tokens that nobody has used for months, before they end."""
    old = PortalToken.objects.usable().filter(refreshed_at__lt=timezone.now() - REFRESH_AFTER)
    for token_id, portal_id in old.values_list("pk", "portal_id"):
        try:
            oauth.refresh(PortalToken.objects.select_related("portal").get(pk=token_id))
        except BitrixError as error:
            _note_error(portal_id, error)
        except Exception:
            log.exception("token %s: it is tried again tomorrow", token_id)


@dataclass(frozen=True, slots=True)
class _Duty:
    """Work for single portals: who it is due for, and when again if it does not come to its end."""

    due: Callable[[datetime], QuerySet[Portal]]
    do: Callable[[int, datetime], None]
    field: str
    again: timedelta


def _do(duty: _Duty, portal_id: int, at: datetime) -> bool:
    """Claimed before it is done: nobody else does it, and one portal's trouble is its own."""
    due = duty.due(at).filter(pk=portal_id)
    if not claims.claim(due, field=duty.field, at=at, lease=duty.again):
        return False
    try:
        duty.do(portal_id, at)
    except Exception:
        log.exception("portal %s: %s is tried again later", portal_id, duty.field)
    return True


def _overdue(at: datetime) -> QuerySet[Portal]:
    """A day has passed, an administrator looked in, or an event gave a reason."""
    return Portal.objects.active().filter(look_over_at__lte=at).order_by("look_over_at")


def _heal(portal_id: int, at: datetime) -> None:
    try:
        upkeep.heal(Portal.objects.get(pk=portal_id))
    except SignXError as error:
        _note_error(portal_id, error)


def _note_error(portal_id: int, error: SignXError) -> None:
    Portal.objects.filter(pk=portal_id).update(last_error=str(error)[:200])


_DUTIES = (
    _Duty(offers.due, offers.take_up, "offer_try_at", offers.TRY_AGAIN),
    _Duty(held.due, held.verify, "held_try_at", held.PAUSE),
    _Duty(
        lifecycle.leaving, lifecycle.confirm_uninstall, "uninstall_check_at", lifecycle.CHECK_AGAIN
    ),
    _Duty(lifecycle.wipe_due, lifecycle.wipe, "wipe_at", lifecycle.WIPE_LEASE),
    _Duty(_overdue, _heal, "look_over_at", LOOK_AGAIN),
)
