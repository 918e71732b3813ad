"""`crm.automation.trigger.*`: the application moves a deal by its own triggers."""

from __future__ import annotations

from typing import Any

from devportal.errors import RestError
from devportal.rest.registry import Call, rest_method
from devportal.rest.workflows.robot_rules import CODE_PATTERN


@rest_method("crm.automation.trigger.add", "crm", admin=True)
def trigger_add(call: Call) -> bool:
    """Add or rename a trigger."""
    code, name = _code(call), str(call.upper.get("NAME") or "")
    if not name:
        raise RestError("ERROR_CORE", "Empty trigger name!")
    call.portal.app.triggers[code] = name
    return True


@rest_method("crm.automation.trigger.list", "crm", admin=True)
def trigger_list(call: Call) -> list[dict[str, str]]:
    """Triggers of the application."""
    return [{"CODE": code, "NAME": name} for code, name in call.portal.app.triggers.items()]


@rest_method("crm.automation.trigger.delete", "crm", admin=True)
def trigger_delete(call: Call) -> bool:
    """Remove a trigger; ERROR_CORE when there is none."""
    if call.portal.app.triggers.pop(_code(call), None) is None:
        raise RestError("ERROR_CORE", "Trigger not found!")
    return True


@rest_method("crm.automation.trigger.execute", "crm", admin=True)
def trigger_execute(call: Call) -> bool:
    """Fire a trigger on a CRM item."""
    code = _code(call)
    if code not in call.portal.app.triggers:
        raise RestError("ERROR_CORE", "Trigger not found!")
    owner = (_number(call.upper, "OWNER_TYPE_ID"), _number(call.upper, "OWNER_ID"))
    if call.portal.item(*owner) is None:
        raise RestError("NOT_FOUND", "Owner not found")
    call.portal.app.executed_triggers.append({"code": code, "owner": list(owner)})
    return True


def _code(call: Call) -> str:
    code = str(call.upper.get("CODE") or "")
    if not code:
        raise RestError("ERROR_CORE", "Empty trigger code!")
    if not CODE_PATTERN.fullmatch(code):
        raise RestError("ERROR_CORE", "Wrong trigger code!")
    return code


def _number(params: dict[str, Any], key: str) -> int:
    text = str(params.get(key) or "")
    if not text.isdigit():
        raise RestError("ERROR_ARGUMENT", f"Argument '{key}' is null or empty", argument=key)
    return int(text)
