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
from django.utils.module_loading import import_string

from bitrix24 import incoming, oauth
from bitrix24.answers import as_dict, as_text
from bitrix24.errors import DEAD_USER, GONE, BitrixError
from bitrix24.models import FrameSession, Portal, PortalToken
from signx.errors import ErrorCode, SignXError

log = logging.getLogger(__name__)

# The event may come before the removal is done, so a working token is asked about again.
UNINSTALL_CHECKS = (timedelta(0), timedelta(minutes=10), timedelta(hours=1))
# While the authorization server itself cannot be reached.
CHECK_AGAIN = timedelta(minutes=5)


def receive_event(payload: Mapping[str, Any]) -> None:
    """Take an event in. Events that we did not ask for are dropped.

    Raises SignXError: NOT_FOUND, REQUEST_FORGED, PORTAL_UNREACHABLE.
    """
    event = as_text(payload.get("event")).upper()
    if receive := _EVENTS.get(event):
        receive(dict(payload))


def tell(portal: Portal, what: str) -> None:
    """News for settings.PORTAL_LISTENERS: "installed", "updated" or "uninstalled"."""
    for path in settings.PORTAL_LISTENERS:
        listener: Callable[[Portal, str], None] = import_string(path)
        listener(portal, what)


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
    Portal.objects.filter(pk=portal.pk).update(uninstall_check_at=again, uninstall_checks=checks)


@transaction.atomic
def _end(portal_id: int, at: datetime) -> None:
    portal = Portal.objects.select_for_update().get(pk=portal_id)
    portal.status, portal.uninstalled_at = Portal.Status.UNINSTALLED, at
    portal.uninstall_check_at, portal.uninstall_checks = None, 0
    portal.application_token, portal.disk_folder_id = "", ""
    portal.save()
    PortalToken.objects.filter(portal=portal).delete()
    FrameSession.objects.filter(portal=portal).delete()
    tell(portal, "uninstalled")


def _uninstall(payload: dict[str, Any]) -> None:
    portal = incoming.authenticate(payload)
    Portal.objects.filter(pk=portal.pk).update(
        uninstall_check_at=timezone.now(), uninstall_checks=0
    )


def _install(payload: dict[str, Any]) -> None:
    """ONAPPINSTALL and ONAPPUPDATE carry tokens of the administrator, which the authorization
    server is asked about; an update may bring a new application_token."""
    auth = as_dict(payload.get("auth"))
    portal = incoming.find_portal(as_text(auth.get("member_id")))
    if portal is None:
        raise SignXError(ErrorCode.NOT_FOUND, "no such portal")
    server = oauth.server_for(as_text(auth.get("server_endpoint")))
    info = oauth.app_info(as_text(auth.get("access_token")), server)
    if (info.client_id, info.member_id) != (settings.BITRIX24_CLIENT_ID, portal.member_id):
        raise SignXError(ErrorCode.REQUEST_FORGED, f"portal {portal.pk}: token of another app")
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
        portal.checked_at = None  # the portal has dropped robots: bitrix24.tasks renews them
    portal.save(update_fields=["application_token", "language", "checked_at"])


_EVENTS: dict[str, Callable[[dict[str, Any]], None]] = {
    "ONAPPINSTALL": _install,
    "ONAPPUPDATE": _install,
    "ONAPPUNINSTALL": _uninstall,
}
