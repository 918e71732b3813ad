"""Whether SIGNX still has an administrator's access to a portal, and telling when it has none."""

from __future__ import annotations

import logging

from django.db import transaction
from django.utils import timezone

from bitrix24.models import Portal, PortalToken
from bitrix24.news import tell

log = logging.getLogger(__name__)


def note_loss(portal_id: int) -> None:
    """Tell once, when no administrator's token is left to try."""
    tokens = PortalToken.objects.usable().filter(portal_id=portal_id, is_admin=True)
    if tokens.exists():
        return
    now = timezone.now()
    with transaction.atomic():
        with_access = Portal.objects.active().filter(pk=portal_id, access_lost_at=None)
        if not with_access.update(access_lost_at=now):
            return
        log.warning("portal %s: no administrator's access is left", portal_id)
        tell(Portal.objects.get(pk=portal_id), "access_lost")


def note_return(portal_id: int) -> None:
    """An administrator's fresh tokens are stored."""
    Portal.objects.filter(pk=portal_id).update(access_lost_at=None, last_error="")
