"""Whether SIGNX still has an administrator's access to a portal, and telling when it has none."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from bitrix24.models import Portal, PortalToken
from bitrix24.news import tell

log = logging.getLogger(__name__)

LOOK_AGAIN_AFTER = timedelta(minutes=1)


def note_loss(portal_id: int) -> datetime | None:
    """Tell once, when no administrator's token is left to try; when to look again, as long as
    there is none. An administrator may need a day to read the letter: looking costs no request,
    and is no failed attempt."""
    tokens = PortalToken.objects.usable().filter(portal_id=portal_id, is_admin=True)
    if tokens.exists():
        return None
    now = timezone.now()
    with transaction.atomic():
        with_access = Portal.objects.active().filter(pk=portal_id, access_lost_at=None)
        if with_access.update(access_lost_at=now):
            log.warning("portal %s: no administrator's access is left", portal_id)
            tell(Portal.objects.get(pk=portal_id), "access_lost")
    return now + LOOK_AGAIN_AFTER


def note_return(portal_id: int) -> None:
    """An administrator's fresh tokens are stored."""
    Portal.objects.filter(pk=portal_id).update(access_lost_at=None, last_error="")
