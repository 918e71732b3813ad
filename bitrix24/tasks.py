"""Background work of the connection to portals; each may run any number of times, anywhere."""

from __future__ import annotations

import logging
import time
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from bitrix24 import lifecycle, oauth, offers, upkeep
from bitrix24.auth import HARD_LIFE
from bitrix24.errors import BitrixError
from bitrix24.models import FrameSession, MethodBudget, Portal, PortalToken, RestCall
from signx.errors import SignXError

log = logging.getLogger(__name__)

# Refresh tokens live 180 days and only a refresh renews them.
REFRESH_AFTER = timedelta(days=150)
# A portal that could not be looked over, or whose worker died over it, is tried again then.
LOOK_AGAIN = timedelta(hours=1)
# No further portal is begun after this; a worker may live three times as long on one task.
BUDGET_S = 60


def has_due(at: datetime) -> bool:
    """Whether there is an offer to take up, a portal to look over, to end or to wipe."""
    return (
        offers.due(at).exists()
        or _overdue(at).exists()
        or _leaving(at).exists()
        or _wiped(at).exists()
    )


def run_due() -> int:
    """Take up offered tokens, confirm announced uninstallations, renew registrations, delete
    what is to be deleted; how many portals."""
    at, deadline = timezone.now(), time.monotonic() + BUDGET_S
    done = 0
    for portal in offers.due(at):
        offers.take_up(portal, at)
        done += 1
    for portal in _leaving(at):
        lifecycle.confirm_uninstall(portal.pk, at)
        done += 1
    for portal in _wiped(at):
        _wipe(portal, at)
        done += 1
    for portal in _overdue(at):
        if time.monotonic() > deadline:
            break
        done += _heal(portal, at)
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
    for token in old.select_related("portal"):
        try:
            oauth.refresh(token)
        except BitrixError as error:
            _note_error(token.portal_id, error)


def _overdue(at: datetime) -> QuerySet[Portal]:
    """A day has passed, an administrator looked in, or an event gave a reason."""
    return Portal.objects.active().filter(look_over_at__lte=at).order_by("look_over_at")


def _leaving(at: datetime) -> QuerySet[Portal]:
    return Portal.objects.filter(uninstall_check_at__lte=at)


def _wiped(at: datetime) -> QuerySet[Portal]:
    return Portal.objects.filter(wipe_at__lte=at)


def _heal(portal: Portal, at: datetime) -> bool:
    # Claimed before it is done.
    if not _overdue(at).filter(pk=portal.pk).update(look_over_at=at + LOOK_AGAIN):
        return False
    try:
        upkeep.heal(portal)
    except SignXError as error:
        _note_error(portal.pk, error)
    return True


def _wipe(portal: Portal, at: datetime) -> None:
    try:
        lifecycle.wipe(portal.pk, at)
    except Exception:
        log.exception("portal %s: wiping is tried again later", portal.pk)


def _note_error(portal_id: int, error: SignXError) -> None:
    Portal.objects.filter(pk=portal_id).update(last_error=str(error)[:200])
