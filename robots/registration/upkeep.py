"""What upkeep asks about robots and triggers, and how it brings back the lost ones."""

from __future__ import annotations

from bitrix24.installation.upkeep import Look
from bitrix24.models import Portal
from bitrix24.rest.client import BatchAnswer
from bitrix24.rest.records import parse_codes
from bitrix24.wire.answers import as_dict, as_list, as_text
from outbox.base import Command
from robots.registration import switches, triggers


def _questions(portal: Portal) -> dict[str, Command]:
    asked = {}
    if switches.wanted(portal):
        asked["robots"] = Command("bizproc.robot.list")
    if triggers.is_wanted(portal):
        asked["triggers"] = Command("crm.automation.trigger.list")
    return asked


def _mend(portal: Portal, user_id: int, answer: BatchAnswer) -> None:
    """Raises BitrixError when another try may help."""
    switches.mend_robots(portal, user_id, parse_codes(answer.results.get("robots")))
    known = {as_text(as_dict(row).get("CODE")) for row in as_list(answer.results.get("triggers"))}
    if not {trigger.code for trigger in triggers.TRIGGERS.values()} <= known:
        triggers.restore_triggers(portal)


LOOK = Look(_questions, _mend)
