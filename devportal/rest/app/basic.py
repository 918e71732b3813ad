"""The basic scope: the application itself, scopes, features, options, time."""

from __future__ import annotations

from typing import Any

from devportal.errors import RestError, access_denied
from devportal.rest import gate
from devportal.rest.registry import METHODS, Call, rest_method


@rest_method("app.info")
def app_info(call: Call) -> dict[str, Any]:
    """The portal's own view of the application (the authorization server has another one)."""
    app = call.portal.app
    return {
        "ID": app.row_id,
        "CODE": call.world.config.client_id,
        "VERSION": app.version,
        "STATUS": "L",
        "INSTALLED": app.is_installed,
        "PAYMENT_EXPIRED": "N",
        "DAYS": None,
        "LANGUAGE_ID": call.portal.language,
        "LICENSE": "ru_demo",
    }


@rest_method("scope")
def scope(call: Call) -> list[str]:
    """Granted scopes, or with `full` all that exist."""
    return list(call.world.config.scopes)


@rest_method("methods")
def methods(call: Call) -> list[str]:
    """Names of the methods the application may call."""
    granted = set(call.world.config.scopes) - call.portal.unavailable_scopes
    scopes = {row.name: set(gate.scopes_of(call.world, row)) for row in METHODS.values()}
    return [name for name, wanted in scopes.items() if not wanted or wanted & granted]


@rest_method("method.get")
def method_get(call: Call) -> dict[str, bool]:
    """Whether a method exists on this portal and whether the application may call it."""
    name = str(call.params.get("name") or "")
    if not name:
        raise RestError("ERROR_ARGUMENT", "Argument 'name' is null or empty", argument="name")
    found = METHODS.get(name.lower())
    exists = found is not None and not set(found.scopes) & call.portal.unavailable_scopes
    wanted = set(gate.scopes_of(call.world, found)) if found is not None else set()
    granted = not wanted or bool(wanted & set(call.world.config.scopes))
    return {"isExisting": exists, "isAvailable": exists and granted}


@rest_method("feature.get")
def feature_get(call: Call) -> dict[str, str]:
    """Whether the plan has a feature."""
    code = str(call.upper.get("CODE") or "")
    if not code:
        raise RestError("ERROR_ARGUMENT", "Argument 'CODE' is null or empty", argument="CODE")
    is_off = code.startswith("bizproc") and "bizproc" in call.portal.unavailable_scopes
    return {"value": "N" if is_off else "Y"}


@rest_method("server.time")
def server_time(call: Call) -> str:
    """The portal's time, ISO-8601 with its offset."""
    return call.world.clock.iso()


@rest_method("app.option.get")
def option_get(call: Call) -> Any:
    """All options of the application, or one of them (empty text when it is not set)."""
    name = call.upper.get("OPTION")
    options = call.portal.app.options
    if name:
        return options.get(str(name), "")
    return dict(options) or []


@rest_method("app.option.set")
def option_set(call: Call) -> bool:
    """Set options; administrators only."""
    options = call.upper.get("OPTIONS")
    if not isinstance(options, dict) or not options:
        raise RestError("ERROR_ARGUMENT", "Argument 'options' is null or empty", argument="options")
    if not call.user.is_admin:
        raise access_denied("Administrator rights required")
    call.portal.app.options.update({str(key): value for key, value in options.items()})
    return True


@rest_method("pull.application.event.add", "pull")
def push(call: Call) -> bool:
    """A push into open frames; employees may push only to themselves."""
    command = str(call.upper.get("COMMAND") or "")
    if not command:
        raise RestError("COMMAND_ERROR", "Command format error")
    user_id = int(str(call.upper.get("USER_ID") or 0))
    if not call.user.is_admin and user_id not in (0, call.user.id):
        raise access_denied("You do not have access to send events to other users")
    call.portal.app.pushes.append(
        {"command": command, "params": call.upper.get("PARAMS") or {}, "user_id": user_id}
    )
    return True
