"""Robots on the portal: registered and removed by two switches, put back after an update.

Source: Bitrix24 docs, api-reference/bizproc/bizproc-robot. An update of the application deletes
its robots on the portal, and the same code under the same application revives those placed in
processes: so the wish is kept here, and the code never changes.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from bitrix24.models import Portal, PortalToken
from bitrix24.rest import methods
from bitrix24.wire.errors import BitrixError
from documents.news import replies
from employees.models import Employee, Right
from journal.events import EventKind
from journal.services import record
from robots.models import RobotSwitch
from robots.registry import ROBOTS, AnyRobot, robot
from signx.errors import RETRYABLE, ErrorCode, SignXError

# Of a robot that is not there, or whose declaration the portal did not take.
NOTHING_TOLD: dict[str, Any] = {"declared": "", "runs_as": None}


@dataclass(frozen=True)
class SwitchState:
    """A switch as people see it. `state`: "on", "off", or "failed" when the portal did not do
    what was wished; `error` then says why."""

    code: str
    name: str
    is_on: bool
    state: str
    error: str
    is_robot: bool = True


def switch_states(portal: Portal) -> list[SwitchState]:
    """Every robot with its switch, in the order of the registry."""
    switches = {switch.code: switch for switch in RobotSwitch.objects.filter(portal=portal)}
    return [
        state_of(switches.get(code) or RobotSwitch(portal=portal, code=code), str(chosen.name))
        for code, chosen in ROBOTS.items()
    ]


def switch_robot(portal: Portal, code: str, on: bool, *, by: Employee) -> SwitchState:
    """Register a robot on the portal, or remove it there. Asks the portal: not in a transaction.

    A refusal of the portal is not raised: it is kept and shown, and the wish stands until the
    next try. Raises SignXError: NOT_FOUND (no such robot), RIGHT_MISSING.
    """
    chosen = robot(code)
    require_settings(portal, by)
    error, told = None, NOTHING_TOLD
    try:
        if on:
            runs_as = administrator_of(portal, by.bitrix_user_id)
            told = _register(portal, chosen, methods.robots_list(portal), runs_as)
        else:
            methods.robots_delete(portal, code)
    except BitrixError as refused:
        error = refused
    with transaction.atomic():
        switch = keep(portal, code, on, error, timezone.now(), told)
        if error is None:
            _record(portal, code, on, by)
    return state_of(switch, str(chosen.name))


def restore_robots(portal: Portal, user_id: int) -> None:
    """Put every robot that is switched on back on the portal: step of the install wizard.

    May run twice. Raises BitrixError when another try may help; a refusal for good (a plan
    without automation) is kept at the switch and does not stop the installation.
    """
    switches = wanted(portal)
    known = methods.robots_list(portal) if switches else []
    for switch in switches:
        _put_back(portal, switch.code, known, user_id)
    _answer_anew(portal, switches, known)


def mend_robots(portal: Portal, user_id: int, known: Collection[str]) -> None:
    """The same for upkeep, which knows what is there: a robot that stands as it was declared last
    costs nothing. Its calls go on coming with the same administrator's tokens while we hold them.
    """
    switches = wanted(portal)
    for switch in switches:
        runs_as = administrator_of(portal, switch.runs_as or user_id)
        declared = digest(declaration(portal, robot(switch.code), runs_as))
        if switch.code not in known or switch.declared != declared or switch.last_error:
            _put_back(portal, switch.code, known, runs_as)
    _answer_anew(portal, switches, known)


def wanted(portal: Portal) -> list[RobotSwitch]:
    """Switches of the robots that should be on the portal."""
    return list(RobotSwitch.objects.filter(portal=portal, is_on=True, code__in=ROBOTS))


def digest(declared: Mapping[str, Any]) -> str:
    return sha256(json.dumps(declared, sort_keys=True).encode()).hexdigest()


def _answer_anew(portal: Portal, switches: list[RobotSwitch], known: Collection[str]) -> None:
    """An answer to a robot that was missing is lost: since the last look that found them all."""
    if any(switch.code not in known for switch in switches):
        replies.answer_anew(portal, portal.checked_at, timezone.now())


def _put_back(portal: Portal, code: str, known: Collection[str], user_id: int) -> None:
    error, told = None, NOTHING_TOLD
    try:
        told = _register(portal, robot(code), known, user_id)
    except BitrixError as refused:
        error = refused
    keep(portal, code, True, error, timezone.now(), told)
    if error is not None and error.code in RETRYABLE:
        raise error


def _register(
    portal: Portal, chosen: AnyRobot, known: Collection[str], user_id: int
) -> dict[str, Any]:
    """Add, or bring up to date what is there; what the portal was told, for its switch.
    `user_id`: whose tokens come with each call."""
    fields = declaration(portal, chosen, user_id)
    if chosen.code in known:
        methods.robots_update(portal, chosen.code, fields)
    else:
        methods.robots_add(portal, {"CODE": chosen.code} | fields)
    return {"declared": digest(fields), "runs_as": user_id}


def declaration(portal: Portal, chosen: AnyRobot, user_id: int) -> dict[str, Any]:
    """Everything bizproc.robot.add is told besides CODE."""
    path = reverse("robots:robot_call", args=[chosen.code])
    with translation.override(portal.language):
        return {
            "HANDLER": f"{settings.PUBLIC_URL}{path}",
            "AUTH_USER_ID": user_id,
            **chosen.declaration(),
        }


def administrator_of(portal: Portal, preferred: int | None = None) -> int:
    """Whose tokens come with each call: the preferred user if he is an administrator whose token
    we hold, else the newest such. Raises PORTAL_UNREACHABLE when there is none."""
    tokens = PortalToken.objects.usable().filter(portal=portal, is_admin=True)
    chosen = tokens.filter(bitrix_user_id=preferred or 0).first() or tokens.first()
    if chosen is None:
        raise BitrixError(ErrorCode.PORTAL_UNREACHABLE, "no administrator's token")
    return chosen.bitrix_user_id


def require_settings(portal: Portal, by: Employee) -> None:
    """Raises SignXError: NOT_FOUND for somebody of another portal, RIGHT_MISSING."""
    if by.portal_id != portal.pk:
        raise SignXError(ErrorCode.NOT_FOUND, "employee of another portal")
    by.require(Right.SETTINGS)


def keep(
    portal: Portal,
    code: str,
    on: bool,
    error: BitrixError | None,
    at: datetime,
    told: Mapping[str, Any] = NOTHING_TOLD,
) -> RobotSwitch:
    """The wish, and whether the portal has done it. After a failure what stood there stands."""
    result: dict[str, Any] = {"is_on": on, "last_error": _why(error)[:200] if error else ""}
    result |= told
    if error is None:
        result["registered_at"] = at if on else None
    switch, _created = RobotSwitch.objects.update_or_create(
        portal=portal, code=code, defaults=result
    )
    return switch


def _why(error: BitrixError) -> str:
    """The refusal in words for the settings page, in the active language."""
    if error.is_one_of(frozenset({"error_method_not_found"})):
        return _("The plan of this portal has no automation rules.")
    if error.code in RETRYABLE:
        return error.sentence
    return _("Bitrix24 did not take the robot: {reason}").format(
        reason=error.description or error.bitrix_code
    )


def _record(portal: Portal, code: str, on: bool, by: Employee) -> None:
    record(
        portal,
        EventKind.ROBOT_SWITCHED_ON if on else EventKind.ROBOT_SWITCHED_OFF,
        actor=by.audit_name,
        subject=("robot", code),
        personal={"actor": by.name},
    )


def state_of(switch: RobotSwitch, name: str) -> SwitchState:
    """A kept switch under the name that people know it by."""
    state = "on" if switch.is_on else "off"
    return SwitchState(
        code=switch.code,
        name=name,
        is_on=switch.is_on,
        state="failed" if switch.last_error else state,
        error=switch.last_error,
        is_robot=switch.code in ROBOTS,
    )
