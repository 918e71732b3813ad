"""What is left of robot calls that are old, or whose portal is gone: that they were answered. The
fingerprint of the event token stays where a repeat would make a second document.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone, translation

from bitrix24.models import Portal
from robots.calls import ledger
from robots.models import RobotCall, RobotCallQuerySet
from robots.registry import ROBOTS
from signx.errors import ErrorCode, SignXError


def portal_changed(portal: Portal, what: str) -> None:
    """Listener of bitrix24."""
    if what == "uninstalled":
        _close_waiting(portal, timezone.now())
    elif what == "wiped":
        calls = RobotCall.objects.filter(portal=portal)
        calls.filter(state=RobotCall.State.WAITING).update(state=RobotCall.State.REFUSED)
        _empty(calls)


def forget_old_calls(at: datetime) -> None:
    """Drop settled calls older than ROBOT_CALL_DAYS; of those that act once, only the contents.

    Which process asked for which document stands in the journal. May run twice.
    """
    settled = RobotCall.objects.exclude(state=RobotCall.State.WAITING)
    old = settled.filter(received_at__lt=at - timedelta(days=settings.ROBOT_CALL_DAYS))
    repeatable = [code for code, robot in ROBOTS.items() if robot.may_repeat]
    old.filter(code__in=repeatable).delete()
    _empty(old.exclude(event_token=""))


def _close_waiting(portal: Portal, at: datetime) -> None:
    """Nobody is there to be asked or answered, and what the portal has said holds links with its
    tokens. Who has a call locked is just closing it: waiting for him would turn the lock order of
    ledger.settle round."""
    waiting = RobotCall.objects.filter(portal=portal, state=RobotCall.State.WAITING)
    closing = list(waiting.select_for_update(of=("self",), skip_locked=True))
    closed = RobotCall.objects.filter(pk__in=[call.pk for call in closing])
    closed.update(wants_reply=False)
    gone = SignXError(ErrorCode.PORTAL_UNREACHABLE, "the application was removed")
    with translation.override(portal.language):
        for call in closing:
            ledger.refuse(call, gone, at)
    _empty(closed)


def _empty(calls: RobotCallQuerySet) -> None:
    calls.update(event_token="", properties={}, answer="", crm_document_id="", workflow_id="")
