"""Whether SIGNX still has access to a portal, and what follows when a token of it ends."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from bitrix24.models import Portal, PortalToken
from bitrix24.news import tell
from bitrix24.wire.errors import GONE

log = logging.getLogger(__name__)
# The event of an uninstallation, with the wish to keep or to delete the data, may be on its way.
GONE_CHECK_DELAY = timedelta(minutes=2)
LOOK_AGAIN_AFTER = timedelta(minutes=1)


def note_death(token: PortalToken, reason: str) -> None:
    """A token has ended, by a code of bitrix24.wire.errors. One that ended with the whole
    application has the portal checked (bitrix24.installation.lifecycle): it may be a left-over of
    an earlier installation.
    """
    if reason.lower() in GONE:
        portals = Portal.objects.exclude(status=Portal.Status.UNINSTALLED)
        portals.filter(pk=token.portal_id, uninstall_check_at=None).update(
            uninstall_check_at=timezone.now() + GONE_CHECK_DELAY
        )
    elif token.is_admin:
        note_loss(token.portal_id)


def note_loss(portal_id: int) -> datetime | None:
    """Tell once, when no administrator's token is left to try; when to look again, as long as
    there is none. While the portal is checked for an uninstallation nobody is told: what is found
    then decides. An administrator may need a day to read the letter: looking costs no request,
    and is no failed attempt."""
    tokens = PortalToken.objects.usable().filter(portal_id=portal_id, is_admin=True)
    if tokens.exists():
        return None
    now = timezone.now()
    with transaction.atomic():
        with_access = Portal.objects.active().filter(
            pk=portal_id, access_lost_at=None, uninstall_check_at=None
        )
        if with_access.update(access_lost_at=now):
            log.warning("portal %s: no administrator's access is left", portal_id)
            tell(Portal.objects.get(pk=portal_id), "access_lost")
    return now + LOOK_AGAIN_AFTER


def note_return(portal_id: int) -> None:
    """An administrator's fresh tokens are stored."""
    Portal.objects.filter(pk=portal_id).update(access_lost_at=None, last_error="")
