"""Calls with an application_token that we do not know: held until their own tokens are verified.

An update may change the token, and older portals do not give it to the frame; Bitrix24 repeats no
call. Anybody can forge such a call, so few are held and one is asked about at a time.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from bitrix24.calls import incoming, offers
from bitrix24.calls.offers import Offer
from bitrix24.models import HeldCall, Portal
from bitrix24.wire.answers import as_dict, as_text
from bitrix24.wire.errors import BitrixError
from signx.errors import SignXError

log = logging.getLogger(__name__)
# At most this many requests about unknown calls go out for one portal: one in each pause.
PAUSE = timedelta(seconds=10)
# As long as the tokens of a call can be asked about: an authorization server that is away for
# less costs no process its answer.
HELD_FOR = timedelta(hours=1)
HELD_MAX = 100
LONGEST_PAYLOAD = 64 * 1024

# receiver(portal, argument, payload, is_genuine): told once what became of a held call.
Receiver = Callable[[Portal, str, dict[str, Any], bool], None]
RECEIVERS: dict[str, Receiver] = {}


def register(name: str, receive: Receiver) -> None:
    """Whom held calls are passed on to; rows know the receiver by its name."""
    RECEIVERS[name] = receive


def admit(payload: Mapping[str, Any], receiver: str, argument: str = "") -> Portal | None:
    """The portal that calls, or None: the call is held, and the `receiver` of that name gets it
    with `argument` once it is known whose it is.

    Raises SignXError as incoming.authenticate does.
    """
    try:
        return incoming.authenticate(payload)
    except SignXError:
        # Also one of a portal that has ended here: its tokens say whether it is back.
        if _put_by(payload, receiver, argument):
            return None
        raise


def due(at: datetime) -> QuerySet[Portal]:
    """Portals that calls are held for."""
    waiting = Portal.objects.filter(pk__in=HeldCall.objects.values("portal"))
    return waiting.exclude(held_try_at__gt=at)


def verify(portal_id: int, at: datetime) -> None:
    """Pass on what is known to be the portal's by now; ask about the oldest of the others."""
    portal = Portal.objects.get(pk=portal_id)
    for call in portal.held_calls.filter(received_at__lt=at - HELD_FOR):
        _pass_on(portal, call, is_genuine=False)
    _pass_on_known(portal)
    oldest = portal.held_calls.order_by("pk").first()
    if oldest is not None and _is_answered(portal, oldest):
        _pass_on_known(portal)


def _put_by(payload: Mapping[str, Any], receiver: str, argument: str) -> bool:
    auth = as_dict(payload.get("auth"))
    portal = incoming.find_portal(as_text(auth.get("member_id")))
    text = json.dumps(payload)
    if portal is None or Offer.of(auth) is None or len(text) > LONGEST_PAYLOAD:
        return False
    if portal.held_calls.count() >= HELD_MAX:
        log.warning("portal %s: no more calls are held", portal.pk)
        return False
    HeldCall.objects.create(
        portal=portal,
        receiver=receiver,
        argument=argument,
        payload=text,
        received_at=timezone.now(),
    )
    return True


def _pass_on_known(portal: Portal) -> None:
    """What came with an application_token that was learnt after it."""
    for call in portal.held_calls.order_by("pk"):
        auth = as_dict(json.loads(call.payload).get("auth"))
        if incoming.has_token(portal, as_text(auth.get("application_token"))):
            _pass_on(portal, call, is_genuine=True)


def _is_answered(portal: Portal, call: HeldCall) -> bool:
    """Ask about the tokens of a call. Only an administrator's prove it to be the portal's."""
    offer = Offer.of(as_dict(json.loads(call.payload).get("auth")))
    try:
        is_genuine = offer is not None and offers.believe(portal, offer).is_admin
    except BitrixError as error:
        if offers.is_unanswered(error):
            return False
        log.info("portal %s: the tokens of a held call are not good: %s", portal.pk, error)
        is_genuine = False
    _pass_on(portal, call, is_genuine=is_genuine)
    return True


def _pass_on(portal: Portal, call: HeldCall, *, is_genuine: bool) -> None:
    """To its receiver, once: what breaks it now would break it again."""
    try:
        with transaction.atomic():
            RECEIVERS[call.receiver](portal, call.argument, json.loads(call.payload), is_genuine)
    except SignXError as error:
        log.warning("portal %s: a held call is refused: %s", portal.pk, error)
    except Exception:
        log.exception("portal %s: a held call is lost", portal.pk)
    call.delete()
