"""Background work of the connection to portals; each may run any number of times, anywhere."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from bitrix24 import install, lifecycle, oauth
from bitrix24.auth import HARD_LIFE
from bitrix24.errors import BitrixError
from bitrix24.models import FrameSession, MethodPause, Portal, PortalToken, RestCall
from signx.errors import SignXError

# Refresh tokens live 180 days and only a refresh renews them.
REFRESH_AFTER = timedelta(days=150)


def has_due(at: datetime) -> bool:
    """Whether a portal is to be looked over, or its uninstallation to be confirmed."""
    return _unchecked().exists() or Portal.objects.filter(uninstall_check_at__lte=at).exists()


def run_due() -> int:
    """Confirm announced uninstallations, renew registrations; how many portals."""
    at = timezone.now()
    leaving = list(Portal.objects.filter(uninstall_check_at__lte=at).values_list("pk", flat=True))
    for portal_id in leaving:
        lifecycle.confirm_uninstall(portal_id, at)
    return len(leaving) + sum(_heal(portal, at) for portal in _unchecked())


def forget_old_calls() -> None:
    """Daily: drop calls, sessions and pauses that are too old to keep."""
    at = timezone.now()
    RestCall.objects.filter(at__lt=at - timedelta(days=settings.REST_LOG_DAYS)).delete()
    FrameSession.objects.filter(created_at__lt=at - HARD_LIFE).delete()
    MethodPause.objects.filter(until__lt=at).delete()


def keep_tokens_alive() -> None:
    """Daily: refresh tokens that nobody has used for months, before they end."""
    old = PortalToken.objects.usable().filter(refreshed_at__lt=timezone.now() - REFRESH_AFTER)
    for token in old.select_related("portal"):
        try:
            oauth.refresh(token)
        except BitrixError as error:
            _note_error(token.portal_id, error)


def _unchecked() -> QuerySet[Portal]:
    return Portal.objects.active().filter(checked_at=None)


def _heal(portal: Portal, at: datetime) -> bool:
    # Claimed before it is done: a failure waits for the next administrator who opens the app.
    if not _unchecked().filter(pk=portal.pk).update(checked_at=at):
        return False
    try:
        install.heal(portal)
    except SignXError as error:
        _note_error(portal.pk, error)
    return True


def _note_error(portal_id: int, error: SignXError) -> None:
    Portal.objects.filter(pk=portal_id).update(last_error=str(error)[:200])
