"""The one place where tokens come in: with the frame's entry, an event or a robot call.

They are believed when the authorization server has said whose they are. The entry waits for that;
those of events and robot calls are put by and verified in the background. They are also the way
back when every stored token has ended.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from bitrix24.models import FrameSession, Portal, PortalToken
from bitrix24.rest import client
from bitrix24.rest.records import Profile, parse_profile
from bitrix24.tokens import access, oauth
from bitrix24.wire.answers import as_int, as_text
from bitrix24.wire.errors import UNPAID, WITHDRAWN, BitrixError
from signx.errors import RETRYABLE

log = logging.getLogger(__name__)
# When nobody answered. An access token ends within the hour, and with it the offer.
TRY_AGAIN = timedelta(minutes=5)
LONGEST = 500


@dataclass(frozen=True, slots=True)
class Offer:
    """Tokens as somebody has sent them."""

    access_token: str
    refresh_token: str
    expires_in_s: int
    application_token: str
    server_endpoint: str

    @classmethod
    def of(cls, auth: Mapping[str, Any]) -> Offer | None:
        """The tokens of an `auth` block; None without a whole pair."""
        offer = cls(
            access_token=_short(auth.get("access_token")),
            refresh_token=_short(auth.get("refresh_token")),
            expires_in_s=as_int(auth.get("expires_in")),
            application_token=_short(auth.get("application_token")),
            server_endpoint=_short(auth.get("server_endpoint")),
        )
        return offer if offer.access_token and offer.refresh_token else None


def put_by(portal: Portal, auth: Mapping[str, Any]) -> None:
    """Keep the tokens of an `auth` block for `take_up`; nothing happens without a whole pair."""
    if offer := Offer.of(auth):
        Portal.objects.filter(pk=portal.pk).update(
            offer=json.dumps(asdict(offer)), offer_try_at=timezone.now()
        )


def put_by_if_needed(portal: Portal, auth: Mapping[str, Any]) -> None:
    """For calls that come by the hundred: only while the portal is out of reach."""
    if portal.access_lost_at is not None:
        put_by(portal, auth)


def due(at: datetime) -> QuerySet[Portal]:
    """Portals whose offer is to be verified."""
    return Portal.objects.filter(offer_try_at__lte=at)


def take_up(portal_id: int, at: datetime) -> None:
    """Verify what a portal has offered and use it. Safe to run twice and anywhere."""
    portal = Portal.objects.get(pk=portal_id)
    is_answered = True
    try:
        believe(portal, Offer(**json.loads(portal.offer)))
    except BitrixError as error:
        log.info("portal %s: tokens that it offered are not used: %s", portal.pk, error)
        is_answered = not is_unanswered(error)
    finally:
        if is_answered:
            # Only the one that was tried: another may have come meanwhile.
            tried = Portal.objects.filter(pk=portal.pk, offer_try_at=portal.offer_try_at)
            tried.update(offer="", offer_try_at=None)


def believe(portal: Portal, offer: Offer) -> Profile:
    """Verify tokens of unknown origin and keep them; whose they are.

    Raises BitrixError: REQUEST_FORGED, those of the authorization server and the portal.
    """
    info = oauth.introduce(portal.member_id, offer.access_token, offer.server_endpoint)
    return accept(portal, info, offer)


def accept(portal: Portal, info: oauth.AppInfo, offer: Offer) -> Profile:
    """Keep tokens that the authorization server has vouched for (`info`), if the portal names the
    same person. Raises BitrixError."""
    profile = parse_profile(client.call_with_token(portal, offer.access_token, "profile"))
    if profile.id != info.user_id:
        raise BitrixError(oauth.FORGED, "the portal names another user")
    _remember(portal, profile, offer)
    return profile


def is_unanswered(error: BitrixError) -> bool:
    """Whether nothing was said about the tokens: they are worth another try."""
    return error.code in RETRYABLE and not error.is_one_of(WITHDRAWN - UNPAID)


@transaction.atomic
def _remember(portal: Portal, profile: Profile, offer: Offer) -> None:
    """The newest tokens of a user. They prove that the application is there."""
    row = Portal.objects.select_for_update().get(pk=portal.pk)
    if row.status == Portal.Status.UNINSTALLED:
        # It is back: what would have been deleted stays.
        row.status = Portal.Status.INSTALLING
        row.forget_removal()
    if profile.is_admin:
        _welcome(row, offer.application_token)
    row.save()
    now = timezone.now()
    # What came through a browser is at most believed to be shorter than usual.
    lifetime_s = min(max(offer.expires_in_s, 0) or oauth.ACCESS_LIFETIME_S, oauth.ACCESS_LIFETIME_S)
    values = {
        "is_admin": profile.is_admin,
        "access_token": offer.access_token,
        "expires_at": now + timedelta(seconds=lifetime_s),
        "refreshed_at": now,
        "dead_at": None,
        "dead_reason": "",
        "is_in_doubt": False,
    }
    if offer.refresh_token:
        values["refresh_token"] = offer.refresh_token
    PortalToken.objects.update_or_create(portal=row, bitrix_user_id=profile.id, defaults=values)
    if profile.is_admin:
        access.note_return(row.pk)
    portal.refresh_from_db()


def _welcome(row: Portal, application_token: str) -> None:
    """An administrator's tokens. From nobody else is the application_token taken: it comes through
    the browser, where anybody could put another one in its place.

    If a removal was announced or noticed, he ends the doubt. Unless his application_token says
    that it is the same installation still, he has installed it anew, and what is stored of the
    earlier one would only be refused as belonging to an application that is gone.
    """
    is_same = application_token and application_token == row.application_token
    if row.uninstall_check_at is not None and not is_same:
        PortalToken.objects.filter(portal=row).delete()
        FrameSession.objects.filter(portal=row).delete()
    row.forget_removal()
    if application_token:
        row.application_token = application_token


def _short(value: Any) -> str:
    return as_text(value)[:LONGEST]
