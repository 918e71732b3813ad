"""Events of the application's life on a portal, and the proof of its end.

ONAPPUNINSTALL carries only the weak application_token, so it is not believed: the authorization
server is asked for refreshes, and only its refusals end a portal here.
Source: Bitrix24 docs, api-reference/common/events, settings/app-uninstallation.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from bitrix24.calls import held, incoming, offers
from bitrix24.models import (
    FrameLook,
    FrameSession,
    HeldCall,
    MethodBudget,
    Portal,
    PortalToken,
    RestCall,
)
from bitrix24.news import tell
from bitrix24.tokens import access, oauth
from bitrix24.wire.answers import as_bool, as_dict, as_text
from bitrix24.wire.errors import DEAD_USER, GONE, UNPAID, BitrixError
from outbox.models import Delivery
from signx.errors import ErrorCode, SignXError

log = logging.getLogger(__name__)

# The event may come before the removal is done, so a working token is asked about again.
UNINSTALL_CHECKS = (timedelta(0), timedelta(minutes=10), timedelta(hours=1))
# While the authorization server itself cannot be reached, or after a worker has died over it.
CHECK_AGAIN = timedelta(minutes=5)
# Administrators' tokens come first; more than these are not asked.
TOKENS_ASKED = 8
# An event may come this long after the removal was noticed; later it is somebody else's.
LATE_EVENT = timedelta(days=1)
# Longer than a worker may live on one task: a wipe that was cut off comes due again.
WIPE_LEASE = timedelta(minutes=10)
# An event without any token may have us look at a portal no more often than this.
UNPROVED_EVERY = timedelta(hours=1)


def receive_event(payload: Mapping[str, Any]) -> None:
    """Take an event in, without asking anybody. Events that we did not ask for are dropped.

    Raises SignXError: NOT_FOUND, REQUEST_FORGED.
    """
    if _name_of(payload) not in _EVENTS:
        return
    if _name_of(payload) == "ONAPPUNINSTALL" and (former := incoming.find_former(payload)):
        _wish_late(former, payload, timezone.now())
    elif _name_of(payload) != "ONAPPUNINSTALL" and not _has_tokens(payload):
        _look_once_in_a_while(payload)
    elif portal := held.admit(payload, HELD_EVENT):
        _EVENTS[_name_of(payload)](portal, payload)


HELD_EVENT = "portal_event"


def receive_held(portal: Portal, _argument: str, payload: dict[str, Any], is_genuine: bool) -> None:
    """A held.Receiver."""
    if is_genuine:
        _EVENTS[_name_of(payload)](portal, payload)


# --- Whether a portal is gone ---------------------------------------------------------------


class Presence(Enum):
    PRESENT = auto()  # a token works, or would if the application were paid for
    GONE = auto()
    NO_ACCESS = auto()  # nobody is left who could say
    UNKNOWN = auto()  # the authorization server did not answer


def leaving(at: datetime) -> QuerySet[Portal]:
    """Portals whose removal is to be checked."""
    present = Portal.objects.exclude(status=Portal.Status.UNINSTALLED)
    return present.filter(uninstall_check_at__lte=at)


def confirm_uninstall(portal_id: int, at: datetime) -> None:
    """Ask with the stored tokens whether the application is really gone. The caller has put the
    next check off; whoever moves it meanwhile, by an event or by coming back, is right."""
    portal = Portal.objects.get(pk=portal_id)
    last_seen_at = _last_seen_at(portal)
    presence = _presence(portal)
    if presence is Presence.GONE:
        _end(portal, last_seen_at, at)
    elif presence is Presence.PRESENT:
        _ask_again(portal, at)
    elif presence is Presence.NO_ACCESS:
        _leave_to_operator(portal, at)


@transaction.atomic
def end_unproved(portal_id: int, *, by: str, at: datetime) -> None:
    """Somebody has found out in another way that a portal is gone which nobody is left to ask
    about. `by` is his name in the journal. Raises SignXError(STATUS_CONFLICT) for any other."""
    portal = Portal.objects.select_for_update().get(pk=portal_id)
    if portal.status == Portal.Status.UNINSTALLED or portal.removal_unproved_at is None:
        raise SignXError(ErrorCode.STATUS_CONFLICT, f"portal {portal.pk} is not in doubt")
    _end(portal, _last_seen_at(portal), at, by=by)


def _presence(portal: Portal) -> Presence:
    """One working token outweighs everything. The end is believed only of administrators: the
    refresh token of an employee came through his browser, where he could put in one that some
    portal of his own has refused."""
    is_answered = True
    tokens = portal.tokens.usable().exclude(refresh_token="").select_related("portal")
    for token in tokens[:TOKENS_ASKED]:
        try:
            oauth.refresh(token)
        except BitrixError as error:
            if token.is_admin and error.is_one_of(UNPAID):
                return Presence.PRESENT
            if token.is_admin and not error.is_one_of(DEAD_USER | GONE):
                is_answered = False
        else:
            return Presence.PRESENT
    if not is_answered:
        return Presence.UNKNOWN
    last_seen_at = _last_seen_at(portal)
    if last_seen_at is None:
        return Presence.NO_ACCESS
    # Somebody who came in after a refusal has refuted it.
    refused = portal.tokens.filter(is_admin=True, dead_at__gte=last_seen_at)
    reasons = {reason.lower() for reason in refused.values_list("dead_reason", flat=True)}
    return Presence.GONE if reasons & GONE else Presence.NO_ACCESS


def _last_seen_at(portal: Portal) -> datetime | None:
    """When the authorization server last gave or confirmed a token; None where none is stored."""
    newest: datetime | None = portal.tokens.aggregate(newest=Max("refreshed_at"))["newest"]
    return newest


def _ask_again(portal: Portal, at: datetime) -> None:
    checks = portal.uninstall_checks + 1
    # Without an event nothing is on its way that could come before the removal.
    if portal.wipe_wish is not None and checks < len(UNINSTALL_CHECKS):
        _decided(portal, uninstall_check_at=at + UNINSTALL_CHECKS[checks], uninstall_checks=checks)
        return
    log.warning("portal %s: an uninstallation was not confirmed", portal.pk)
    _decided(portal, uninstall_check_at=None, uninstall_checks=0, wipe_wish=None)
    access.note_loss(portal.pk)


def _leave_to_operator(portal: Portal, at: datetime) -> None:
    log.warning("portal %s: nobody is left to say whether it is there", portal.pk)
    since = portal.removal_unproved_at or at
    _decided(portal, uninstall_check_at=None, uninstall_checks=0, removal_unproved_at=since)
    access.note_loss(portal.pk)


def _decided(portal: Portal, **values: Any) -> None:
    """Unless something new has come while the authorization server was asked."""
    asked = Portal.objects.filter(pk=portal.pk, uninstall_check_at=portal.uninstall_check_at)
    asked.update(**values)


@transaction.atomic
def _end(asked: Portal, last_seen_at: datetime | None, at: datetime, by: str = "portal") -> None:
    portal = Portal.objects.select_for_update().get(pk=asked.pk)
    is_decided = portal.uninstall_check_at == asked.uninstall_check_at
    if not is_decided or _last_seen_at(portal) != last_seen_at:
        log.warning("portal %s: it came back while its end was being confirmed", portal.pk)
        return
    portal.status, portal.uninstalled_at = Portal.Status.UNINSTALLED, at
    portal.uninstall_check_at, portal.uninstall_checks = None, 0
    portal.wipe_at = _wipe_at(portal)
    if portal.application_token:
        portal.former_token_hash = incoming.hash_token(portal.application_token)
    portal.application_token, portal.disk_folder_id = "", ""
    portal.offer, portal.offer_try_at, portal.look_over_at = "", None, None
    portal.access_lost_at, portal.removal_unproved_at = None, None
    portal.missing, portal.last_error = [], ""
    portal.save()
    for kept in (MethodBudget, PortalToken, FrameSession, HeldCall):
        kept.objects.filter(portal=portal).delete()
    portal.told_by = by
    tell(portal, "uninstalled")


# --- What becomes of the data ---------------------------------------------------------------


def _wished(portal: Portal, payload: Mapping[str, Any]) -> bool:
    """Whoever knows the application_token can send the event; of several wishes, keeping the data
    is the one that can be mended."""
    wipes = as_bool(as_dict(payload.get("data")).get("CLEAN"))
    return wipes and portal.wipe_wish is not False


def _wipe_at(portal: Portal) -> datetime | None:
    if not portal.wipe_wish or portal.uninstalled_at is None:
        return None
    return portal.uninstalled_at + timedelta(days=settings.WIPE_AFTER_DAYS)


@transaction.atomic
def _wish_late(former: Portal, payload: Mapping[str, Any], at: datetime) -> None:
    """The removal was noticed before its event came."""
    portal = Portal.objects.select_for_update().get(pk=former.pk)
    ended_at = portal.uninstalled_at
    if portal.wiped_at is not None and ended_at is not None and portal.wiped_at >= ended_at:
        return
    if portal.status != Portal.Status.UNINSTALLED or not ended_at or at > ended_at + LATE_EVENT:
        return
    portal.wipe_wish = _wished(portal, payload)
    portal.wipe_at = _wipe_at(portal)
    portal.save(update_fields=["wipe_wish", "wipe_at"])


def wipe_due(at: datetime) -> QuerySet[Portal]:
    """Portals whose data are to be deleted."""
    return Portal.objects.filter(status=Portal.Status.UNINSTALLED, wipe_at__lte=at)


def wipe(portal_id: int, at: datetime) -> None:
    """Delete the data of a portal that asked for it (`CLEAN=1`) and did not come back in time.

    May be cut off anywhere: it comes due again until every listener has done its part.
    """
    portal = Portal.objects.get(pk=portal_id)
    if portal.status != Portal.Status.UNINSTALLED:
        return
    tell(portal, "wiped")
    Delivery.objects.filter(lane=portal.lane).delete()
    RestCall.objects.filter(portal=portal).delete()
    FrameLook.objects.filter(portal=portal).delete()
    Portal.objects.filter(pk=portal_id).update(wipe_at=None, wiped_at=at)


# --- Events ---------------------------------------------------------------------------------


def _name_of(payload: Mapping[str, Any]) -> str:
    return as_text(payload.get("event")).upper()


def _has_tokens(payload: Mapping[str, Any]) -> bool:
    auth = as_dict(payload.get("auth"))
    return any(as_text(auth.get(key)) for key in ("application_token", "access_token"))


def _look_once_in_a_while(payload: Mapping[str, Any]) -> None:
    """ONAPPPAYMENT may lack the application_token: such an event is only a reason to look."""
    portal = incoming.find_portal(as_text(as_dict(payload.get("auth")).get("member_id")))
    if portal is None:
        return
    if portal.checked_at is None or portal.checked_at <= timezone.now() - UNPROVED_EVERY:
        _look_over(portal)


def _look_over(portal: Portal) -> None:
    Portal.objects.active().filter(pk=portal.pk).update(look_over_at=timezone.now())


@transaction.atomic
def _uninstall(sender: Portal, payload: Mapping[str, Any]) -> None:
    log.warning("portal %s: an uninstallation is announced", sender.pk)
    portal = Portal.objects.select_for_update().get(pk=sender.pk)
    # Further events find the next check planned: they cannot have the server asked any faster.
    if portal.uninstall_check_at is None or portal.wipe_wish is None:
        portal.uninstall_check_at = timezone.now()
    portal.uninstall_checks = 0
    portal.wipe_wish = _wished(portal, payload)
    portal.save(update_fields=["uninstall_check_at", "uninstall_checks", "wipe_wish"])


def _payment(portal: Portal, payload: Mapping[str, Any]) -> None:
    """Only a reason to look: what is paid, the portal is asked, and its answer wakes what waits
    (features)."""
    _look_over(portal)


def _install(portal: Portal, payload: Mapping[str, Any]) -> None:
    """ONAPPINSTALL and ONAPPUPDATE bring tokens of the administrator."""
    language = as_text(as_dict(payload.get("data")).get("LANGUAGE_ID")).lower()
    if language in dict(settings.LANGUAGES):
        Portal.objects.filter(pk=portal.pk).update(language=language)
    offers.put_by(portal, as_dict(payload.get("auth")))


def _update(portal: Portal, payload: Mapping[str, Any]) -> None:
    """The portal has dropped robots, whatever becomes of the tokens."""
    _look_over(portal)
    _install(portal, payload)


_EVENTS: dict[str, Callable[[Portal, Mapping[str, Any]], None]] = {
    "ONAPPINSTALL": _install,
    "ONAPPUPDATE": _update,
    "ONAPPUNINSTALL": _uninstall,
    "ONAPPPAYMENT": _payment,
}
