"""What is left of robot calls that are old, or whose portal's data are deleted: that they were
answered. The fingerprint of the event token stays where a repeat would make a second document.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings

from bitrix24.models import Portal
from robots.models import RobotCall, RobotCallQuerySet
from robots.registry import ROBOTS


def portal_changed(portal: Portal, what: str) -> None:
    """Listener of bitrix24. A wiped portal's processes are gone: nothing waits for an answer."""
    if what != "wiped":
        return
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


def _empty(calls: RobotCallQuerySet) -> None:
    calls.update(event_token="", properties={}, answer="", crm_document_id="", workflow_id="")
