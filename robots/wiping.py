"""What is left of robot calls once a portal's data are deleted: that they were answered."""

from __future__ import annotations

from bitrix24.models import Portal
from robots.models import RobotCall


def portal_changed(portal: Portal, what: str) -> None:
    """Listener of bitrix24. A wiped portal's processes are gone: nothing waits for an answer."""
    if what != "wiped":
        return
    calls = RobotCall.objects.filter(portal=portal)
    calls.filter(state=RobotCall.State.WAITING).update(state=RobotCall.State.REFUSED)
    calls.update(event_token="", properties={}, crm_document_id="", workflow_id="")
