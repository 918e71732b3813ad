"""CRM triggers «документ подписан», «отклонён», «аннулирован»: a stage moves without a process.

An administrator switches them on in Settings; then every document that is bound to a CRM item and
ends so fires one, through the outbox. Source: Bitrix24 docs, api-reference/crm/automation/triggers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from bitrix24.models import Portal
from bitrix24.rest import client
from bitrix24.wire.errors import BitrixError
from documents.models import Document
from employees.models import Employee
from journal.events import EventKind
from journal.services import record
from outbox.base import Command
from outbox.services import queue
from robots.models import RobotSwitch
from robots.registration.switches import SwitchState, keep, require_settings, state_of
from robots.words import Words
from signx.errors import RETRYABLE

# Beside the robots' codes in RobotSwitch.
CODE = "crm_triggers"
DELIVERY = "crm_trigger"


@dataclass(frozen=True)
class Trigger:
    """`code` never changes: stages find the trigger by it."""

    code: str
    name: Words


TRIGGERS: dict[str, Trigger] = {
    Document.Status.COMPLETED: Trigger(
        "signx_completed",
        Words(
            ru="SIGNX: документ подписан всеми",
            kz="SIGNX: құжатқа бәрі қол қойды",
            en="SIGNX: the document is signed by all",
        ),
    ),
    Document.Status.DECLINED: Trigger(
        "signx_declined",
        Words(
            ru="SIGNX: документ отклонён",
            kz="SIGNX: құжаттан бас тартылды",
            en="SIGNX: the document is declined",
        ),
    ),
    Document.Status.ANNULLED: Trigger(
        "signx_annulled",
        Words(
            ru="SIGNX: документ аннулирован",
            kz="SIGNX: құжат күшін жойды",
            en="SIGNX: the document is annulled",
        ),
    ),
}


def trigger_state(portal: Portal) -> SwitchState:
    """The one switch of all triggers."""
    switch = RobotSwitch.objects.filter(portal=portal, code=CODE).first()
    return state_of(switch or RobotSwitch(portal=portal, code=CODE), _("Triggers for CRM stages"))


def switch_triggers(portal: Portal, on: bool, *, by: Employee) -> SwitchState:
    """Add the triggers to the portal, or delete them there. Asks the portal.

    As with robots, a refusal is kept and shown. Raises SignXError: NOT_FOUND, RIGHT_MISSING.
    """
    require_settings(portal, by)
    error = _add(portal) if on else _delete(portal)
    with transaction.atomic():
        keep(portal, CODE, on, error, timezone.now())
        if error is None:
            record(
                portal,
                EventKind.SETTINGS_CHANGED,
                actor=by.audit_name,
                subject=("portal", portal.member_id),
                data={"fields": [CODE], "on": on},
                personal={"actor": by.name},
            )
    return trigger_state(portal)


def restore_triggers(portal: Portal) -> None:
    """Put the triggers back where they are switched on; part of the install wizard.

    May run twice. Raises BitrixError when another try may help.
    """
    if not is_wanted(portal):
        return
    error = _add(portal)
    keep(portal, CODE, True, error, timezone.now())
    if error is not None and error.code in RETRYABLE:
        raise error


def is_wanted(portal: Portal) -> bool:
    return RobotSwitch.objects.filter(portal=portal, code=CODE, is_on=True).exists()


def document_moved(document: Document, at: datetime) -> None:
    """Listener of the documents, in the transaction that changes the status."""
    trigger = TRIGGERS.get(document.status)
    if trigger is None or not hasattr(document, "crm_binding") or not _is_on(document.portal):
        return
    binding = document.crm_binding
    params = {
        "CODE": trigger.code,
        "OWNER_TYPE_ID": binding.entity_type_id,
        "OWNER_ID": binding.entity_id,
    }
    queue(
        key=f"trigger:{document.pk}:{document.status}",
        kind=DELIVERY,
        channel="portal",
        lane=document.portal.lane,
        payload={"method": "crm.automation.trigger.execute", "params": params},
        subject=document.subject,
        at=at,
    )


def _is_on(portal: Portal) -> bool:
    switches = RobotSwitch.objects.filter(portal=portal, code=CODE, is_on=True)
    return switches.filter(registered_at__isnull=False).exists()


def _add(portal: Portal) -> BitrixError | None:
    """Add or rename: the portal takes the same code again."""
    with translation.override(portal.language):
        commands = {
            trigger.code: Command(
                "crm.automation.trigger.add", {"CODE": trigger.code, "NAME": str(trigger.name)}
            )
            for trigger in TRIGGERS.values()
        }
    return next(iter(_errors(portal, commands)), None)


def _delete(portal: Portal) -> BitrixError | None:
    """A trigger that is not there is deleted already."""
    commands = {
        trigger.code: Command("crm.automation.trigger.delete", {"CODE": trigger.code})
        for trigger in TRIGGERS.values()
    }
    errors = _errors(portal, commands)
    return next((error for error in errors if "not found" not in error.description.lower()), None)


def _errors(portal: Portal, commands: dict[str, Command]) -> list[BitrixError]:
    try:
        return list(client.batch(portal, commands).errors.values())
    except BitrixError as refused:
        return [refused]
