"""`bizproc.robot.*` and `bizproc.activity.*`: one record, one code, two names.

Both kinds share the CODE namespace of the application. Source: server, bizproc restservice.php.
"""

from __future__ import annotations

from typing import Any

from devportal.errors import RestError
from devportal.rest.registry import Call, rest_method
from devportal.rest.workflows.robot_rules import check_activity, normalized

_NAMES = (("bizproc.robot", "Y"), ("bizproc.activity", "N"))


def _add(call: Call, is_robot: str) -> bool:
    data = call.upper
    check_activity(data)
    code = str(data["CODE"])
    if _find(call, code) is not None:
        raise RestError("ERROR_ACTIVITY_ALREADY_INSTALLED", "Activity or Robot already installed!")
    call.portal.app.robots[code] = normalized(data) | {"IS_ROBOT": is_robot}
    return True


def _update(call: Call, is_robot: str) -> bool:
    code, record = _existing(call, is_robot)
    fields = call.upper.get("FIELDS")
    changes = (
        {key.upper(): value for key, value in fields.items()} if isinstance(fields, dict) else {}
    )
    changes.pop("CODE", None)
    if not changes:
        raise RestError("ERROR_ACTIVITY_VALIDATION_FAILURE", "No fields to update")
    check_activity(record | changes)
    call.portal.app.robots[code] = normalized(record | changes) | {"IS_ROBOT": is_robot}
    return True


def _delete(call: Call, is_robot: str) -> bool:
    code, _ = _existing(call, is_robot)
    del call.portal.app.robots[code]
    return True


def _list(call: Call, is_robot: str) -> list[str]:
    return [code for code, row in call.portal.app.robots.items() if row["IS_ROBOT"] == is_robot]


def _existing(call: Call, is_robot: str) -> tuple[str, dict[str, Any]]:
    code = str(call.upper.get("CODE") or "")
    if not code:
        raise RestError("ERROR_ACTIVITY_VALIDATION_FAILURE", "Empty activity code!")
    found = _find(call, code)
    if found is None or found[1]["IS_ROBOT"] != is_robot:
        raise RestError("ERROR_ACTIVITY_NOT_FOUND", "Activity or Robot not found!")
    return found


def _find(call: Call, code: str) -> tuple[str, dict[str, Any]] | None:
    robots = call.portal.app.robots
    return next(((key, row) for key, row in robots.items() if key.lower() == code.lower()), None)


def _register() -> None:
    for prefix, is_robot in _NAMES:
        for verb, action in (
            ("add", _add),
            ("update", _update),
            ("delete", _delete),
            ("list", _list),
        ):

            def handler(call: Call, action: Any = action, is_robot: str = is_robot) -> Any:
                return action(call, is_robot)

            rest_method(f"{prefix}.{verb}", "bizproc", admin=True)(handler)


_register()
