"""Events of the application's life on a portal, and the proof of its end.

ONAPPUNINSTALL carries only the weak application_token, so it is not believed: the authorization
server is asked for a refresh, and only its refusals end a portal here.
Source: Bitrix24 docs, api-reference/common/events, settings/app-uninstallation.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from bitrix24 import incoming, oauth, offers
from bitrix24.answers import as_bool, as_dict, as_text
from bitrix24.errors import DEAD_USER, GONE, BitrixError
from bitrix24.models import FrameLook, FrameSession, MethodBudget, Portal, PortalToken, RestCall
from bitrix24.news import tell
from outbox.models import Delivery
from signx.errors import ErrorCode, SignXError

log = logging.getLogger(__name__)

# The event may come before the removal is done, so a working token is asked about again.
UNINSTALL_CHECKS = (timedelta(0), timedelta(minutes=10), timedelta(hours=1))
# While the authorization server itself cannot be reached.
CHECK_AGAIN = timedelta(minutes=5)
# Longer than a worker may live on one task: a wipe that was cut off comes due again.
WIPE_LEASE = timedelta(minutes=10)
# An event without application_token may have us look at a portal no more often than this.
UNPROVED_EVERY = timedelta(hours=1)


def receive_event(payload: Mapping[str, Any]) -> None:
    """Take an event in. Events that we did not ask for are dropped.

    Raises SignXError: NOT_FOUND, REQUEST_FORGED, PORTAL_UNREACHABLE.
    """
    event = as_text(payload.get("event")).upper()
    if receive := _EVENTS.get(event):
        receive(dict(payload))


def confirm_uninstall(portal_id: int, at: datetime) -> None:
    """Ask with every stored token whether the application is really gone."""
    portal = Portal.objects.get(pk=portal_id)
    if portal.uninstall_check_at is None or portal.status == Portal.Status.UNINSTALLED:
        return
    verdict = _verdict(portal)
    if verdict is True:
        _end(portal_id, at)
    elif verdict is None:
        Portal.objects.filter(pk=portal_id).update(uninstall_check_at=at + CHECK_AGAIN)
    else:
        _ask_again(portal, at)


def _verdict(portal: Portal) -> bool | None:
    """True: every token is refused. False: one works, or none is left to prove it. None: the
    authorization server could not be asked."""
    tokens = list(portal.tokens.exclude(refresh_token="").filter(dead_at=None))
    if not tokens:
        reasons = portal.tokens.values_list("dead_reason", flat=True)
        return any(reason.lower() in GONE for reason in reasons)
    for token in tokens:
        try:
            oauth.refresh(token)
        except BitrixError as error:
            if error.is_one_of(GONE):
                return True
            if not error.is_one_of(DEAD_USER):
                return None
        else:
            return False
    return True


def _ask_again(portal: Portal, at: datetime) -> None:
    checks = portal.uninstall_checks + 1
    if checks < len(UNINSTALL_CHECKS):
        again = at + UNINSTALL_CHECKS[checks]
    else:
        log.warning("portal %s: an announced uninstallation was not confirmed", portal.pk)
        again, checks = None, 0
    values: dict[str, Any] = {"uninstall_check_at": again, "uninstall_checks": checks}
    if again is None:
        values["wipe_asked"] = False
    Portal.objects.filter(pk=portal.pk).update(**values)


@transaction.atomic
def _end(portal_id: int, at: datetime) -> None:
    portal = Portal.objects.select_for_update().get(pk=portal_id)
    portal.status, portal.uninstalled_at = Portal.Status.UNINSTALLED, at
    portal.uninstall_check_at, portal.uninstall_checks = None, 0
    portal.wipe_at = at + timedelta(days=settings.WIPE_AFTER_DAYS) if portal.wipe_asked else None
    portal.wipe_asked = False
    portal.application_token, portal.disk_folder_id = "", ""
    portal.offer, portal.offer_try_at, portal.look_over_at = "", None, None
    portal.access_lost_at, portal.missing, portal.last_error = None, [], ""
    portal.save()
    MethodBudget.objects.filter(portal=portal).delete()
    PortalToken.objects.filter(portal=portal).delete()
    FrameSession.objects.filter(portal=portal).delete()
    tell(portal, "uninstalled")


def wipe(portal_id: int, at: datetime) -> None:
    """Delete the data of a portal that asked for it (`CLEAN=1`) and did not come back in time.

    May be cut off anywhere: it comes due again until every listener has done its part.
    """
    due = Portal.objects.filter(pk=portal_id, status=Portal.Status.UNINSTALLED, wipe_at__lte=at)
    if not due.update(wipe_at=at + WIPE_LEASE):
        return
    portal = Portal.objects.get(pk=portal_id)
    tell(portal, "wiped")
    Delivery.objects.filter(lane=portal.lane).delete()
    RestCall.objects.filter(portal=portal).delete()
    FrameLook.objects.filter(portal=portal).delete()
    Portal.objects.filter(pk=portal_id).update(wipe_at=None, wiped_at=at)


def _uninstall(payload: dict[str, Any]) -> None:
    """Whoever knows the application_token can send this; of several wishes, keeping the data is
    the one that can be mended."""
    portal = incoming.authenticate(payload)
    is_first = portal.uninstall_check_at is None
    wipes = as_bool(as_dict(payload.get("data")).get("CLEAN"))
    log.warning("portal %s: an uninstallation is announced", portal.pk)
    Portal.objects.filter(pk=portal.pk).update(
        uninstall_check_at=timezone.now(),
        uninstall_checks=0,
        wipe_asked=wipes and (is_first or portal.wipe_asked),
    )


def _payment(payload: dict[str, Any]) -> None:
    """ONAPPPAYMENT is only a reason to look: what is paid, the portal is asked (features)."""
    _look_over(payload)


def _look_over(payload: dict[str, Any]) -> None:
    """Have the portal looked over soon. An event that lacks the application_token counts once in
    a while."""
    auth = as_dict(payload.get("auth"))
    if as_text(auth.get("application_token")):
        portal: Portal | None = incoming.authenticate(payload)
    else:
        portal = incoming.find_portal(as_text(auth.get("member_id")))
        if portal and portal.checked_at and portal.checked_at > timezone.now() - UNPROVED_EVERY:
            return
    if portal is not None:
        Portal.objects.active().filter(pk=portal.pk).update(look_over_at=timezone.now())


def _install(payload: dict[str, Any]) -> None:
    """ONAPPINSTALL and ONAPPUPDATE carry tokens of the administrator, which the authorization
    server is asked about; an update may bring a new application_token. One that comes without
    tokens is only a reason to look."""
    auth = as_dict(payload.get("auth"))
    if not as_text(auth.get("access_token")):
        _look_over(payload)
        return
    portal = incoming.find_portal(as_text(auth.get("member_id")))
    if portal is None:
        raise SignXError(ErrorCode.NOT_FOUND, "no such portal")
    info = oauth.introduce(portal.member_id, auth)
    offers.put_by(portal, auth)
    _learn(portal, info, as_text(auth.get("application_token")), payload)


def _learn(
    portal: Portal, info: oauth.AppInfo, application_token: str, payload: dict[str, Any]
) -> None:
    is_admin = portal.tokens.filter(bitrix_user_id=info.user_id, is_admin=True).exists()
    if is_admin and application_token:
        portal.application_token = application_token
    language = as_text(as_dict(payload.get("data")).get("LANGUAGE_ID")).lower()
    if language in dict(settings.LANGUAGES):
        portal.language = language
    if payload.get("event") == "ONAPPUPDATE":
        portal.look_over_at = timezone.now()  # the portal has dropped robots
    portal.save(update_fields=["application_token", "language", "look_over_at"])


_EVENTS: dict[str, Callable[[dict[str, Any]], None]] = {
    "ONAPPINSTALL": _install,
    "ONAPPUPDATE": _install,
    "ONAPPUNINSTALL": _uninstall,
    "ONAPPPAYMENT": _payment,
}
