"""Tokens that a portal's own calls bring along: the way back when every stored one has ended.

Events of the installation and robot calls carry an administrator's tokens. They are put by at
once, and believed later, when the authorization server has said whose they are.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from bitrix24 import client, install, oauth
from bitrix24.answers import as_int, as_text
from bitrix24.errors import BitrixError
from bitrix24.models import Portal
from bitrix24.records import parse_profile
from signx.errors import RETRYABLE

log = logging.getLogger(__name__)
# When nobody answered. An access token ends within the hour, and with it the offer.
TRY_AGAIN = timedelta(minutes=5)
KEYS = ("access_token", "refresh_token", "expires_in", "server_endpoint")


def put_by(portal: Portal, auth: Mapping[str, Any]) -> None:
    """Keep the tokens of an `auth` block for `take_up`; nothing happens without a whole pair."""
    offer = {key: as_text(auth.get(key))[:500] for key in KEYS}
    if offer["access_token"] and offer["refresh_token"]:
        Portal.objects.filter(pk=portal.pk).update(
            offer=json.dumps(offer), offer_try_at=timezone.now()
        )


def put_by_if_needed(portal: Portal, auth: Mapping[str, Any]) -> None:
    """For calls that come by the hundred: only while the portal is out of reach."""
    if portal.access_lost_at is not None:
        put_by(portal, auth)


def due(at: datetime) -> QuerySet[Portal]:
    """Portals whose offer is to be verified."""
    return Portal.objects.filter(offer_try_at__lte=at)


def take_up(portal: Portal, at: datetime) -> None:
    """Verify what a portal has offered and use it. Safe to run twice and anywhere."""
    mine = Portal.objects.filter(pk=portal.pk, offer_try_at=portal.offer_try_at)
    if not mine.update(offer_try_at=at + TRY_AGAIN):
        return
    try:
        _believe(portal, json.loads(portal.offer))
    except BitrixError as error:
        log.info("portal %s: tokens that it offered are not used: %s", portal.pk, error)
        if not error.bitrix_code and error.code in RETRYABLE:
            return
    # Only the one that was tried: another may have come meanwhile.
    Portal.objects.filter(pk=portal.pk, offer_try_at=at + TRY_AGAIN).update(
        offer="", offer_try_at=None
    )


def _believe(portal: Portal, offer: dict[str, str]) -> None:
    info = oauth.introduce(portal.member_id, offer)
    profile = parse_profile(client.call_with_token(portal, offer["access_token"], "profile"))
    if profile.id != info.user_id:
        raise BitrixError(oauth.FORGED, "the portal names another user")
    install.remember_user(
        portal,
        user_id=info.user_id,
        is_admin=profile.is_admin,
        access_token=offer["access_token"],
        refresh_token=offer["refresh_token"],
        expires_in_s=as_int(offer["expires_in"]),
        application_token="",
    )
