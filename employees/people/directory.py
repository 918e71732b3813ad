"""Employees as the portal knows them: learned from frames, asked for when unknown or stale."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from bitrix24.models import FrameSession, Portal, PortalToken
from bitrix24.rest import methods
from bitrix24.rest.client import BatchAnswer
from bitrix24.wire.errors import BitrixError
from employees.balances import ledger
from employees.models import Employee
from employees.people import portal_letters, wiping
from outbox.base import Command
from signx.errors import ErrorCode, SignXError

# How long we believe what the portal said about a person. Short, because a dismissed employee
# must stop signing; not zero, because a hundred robots that start together ask about the same one.
FRESH_FOR = timedelta(minutes=10)


def from_frame(frame: FrameSession) -> Employee:
    """The employee who looks at the frame, made or brought up to date by what the session says."""
    known: dict[str, Any] = {
        "is_portal_admin": frame.is_portal_admin,
        "language": frame.language,
        "is_active": True,
    }
    if frame.user_name:
        known["name"] = frame.user_name
    employee = _stored(frame.portal, frame.bitrix_user_id)
    if employee is None:
        known["checked_at"] = frame.confirmed_at
        return _create(frame.portal, frame.bitrix_user_id, known)
    if set(frame.user_name.split()) <= set(employee.name.split()):
        # A session knows no patronymic: the fuller name of the same person stays.
        known["name"] = employee.name
    if (employee.checked_at or frame.confirmed_at) <= frame.confirmed_at:
        return _update(employee, known | {"checked_at": frame.confirmed_at})
    # The portal told us something newer than this session: dismissed, no longer administrator.
    if not employee.is_active:
        raise SignXError(ErrorCode.SESSION_EXPIRED, f"{employee.audit_name} is not active")
    return _update(employee, {"language": frame.language})


def find_employee(portal: Portal, bitrix_user_id: int, *, at: datetime | None = None) -> Employee:
    """The active employee with this id; the portal is asked when ours is unknown or stale.

    Network: not inside a transaction. Raises SIGNER_UNKNOWN, and what the client raises when the
    portal cannot be asked: who may sign is never decided on stale knowledge.
    """
    at = at or timezone.now()
    employee = _stored(portal, bitrix_user_id)
    if employee is None or employee.checked_at is None or employee.checked_at < at - FRESH_FOR:
        employee = _asked(portal, bitrix_user_id, employee, at)
    if employee is None or not employee.is_active:
        name = employee.name if employee else f"user_{bitrix_user_id}"
        raise SignXError(ErrorCode.SIGNER_UNKNOWN, f"user {bitrix_user_id}", name=name)
    return employee


def questions_about(portal: Portal, user_ids: Iterable[int], *, at: datetime) -> dict[str, Command]:
    """Commands for a batch of somebody else's: about those whom we do not know or no longer
    believe. `keep_answers` reads what comes back; `find_employee` then asks no more."""
    wanted = set(user_ids)
    fresh = Employee.objects.for_portal(portal).filter(
        bitrix_user_id__in=wanted, checked_at__gte=at - FRESH_FOR
    )
    unknown = wanted - set(fresh.values_list("bitrix_user_id", flat=True))
    return {_key(one): methods.user_command(one) for one in sorted(unknown)}


def keep_answers(
    portal: Portal, user_ids: Iterable[int], answer: BatchAnswer, *, at: datetime
) -> None:
    """Who was not answered about, or seems to be dismissed, is left to `find_employee`: it asks
    with an administrator's token, and tells why."""
    for user_id in user_ids:
        with suppress(BitrixError):
            user = methods.parse_user(answer.take(_key(user_id)))
            if user.is_active:
                remember_employee(portal, user, at=at)


def _key(user_id: int) -> str:
    return f"user{user_id}"


def remember_employee(portal: Portal, user: methods.User, *, at: datetime) -> Employee:
    """Keep what the portal answered about a user, for instance in a batch of somebody else's."""
    known: dict[str, Any] = {"is_active": user.is_active, "checked_at": at}
    # A portal that gave us only `user_brief` leaves the e-mail out: an empty value is no news.
    for field in ("name", "email", "position"):
        if value := getattr(user, field):
            known[field] = value
    employee = _stored(portal, user.id)
    if employee is None:
        return _create(portal, user.id, known)
    return _update(employee, known)


def import_administrator(portal: Portal, user_id: int) -> None:
    """Install step: the person who installs is the first employee. May run twice."""
    at = timezone.now()
    employee = remember_employee(portal, methods.user(portal, user_id), at=at)
    is_admin = PortalToken.objects.filter(
        portal=portal, bitrix_user_id=user_id, is_admin=True
    ).exists()
    _update(employee, {"is_portal_admin": is_admin, "is_active": True})
    ledger.give_free_signatures(portal, at=at)


def portal_changed(portal: Portal, what: str) -> None:
    """Listener of bitrix24 (bitrix24/news.py)."""
    if what == "installed":
        ledger.give_free_signatures(portal)
    elif what == "access_lost":
        portal_letters.queue_access_lost(portal)
    elif what == "wiped":
        wiping.forget_people(portal)


def _asked(
    portal: Portal, bitrix_user_id: int, known: Employee | None, at: datetime
) -> Employee | None:
    try:
        user = methods.user(portal, bitrix_user_id)
    except SignXError as error:
        if error.code != ErrorCode.NOT_FOUND:
            raise
        return _update(known, {"is_active": False, "checked_at": at}) if known else None
    return remember_employee(portal, user, at=at)


def _stored(portal: Portal, bitrix_user_id: int) -> Employee | None:
    employees = Employee.objects.for_portal(portal).select_related("portal")
    return employees.filter(bitrix_user_id=bitrix_user_id).first()


def _create(portal: Portal, bitrix_user_id: int, known: dict[str, Any]) -> Employee:
    # Two requests of one person's first page may meet here.
    defaults = {"name": f"user_{bitrix_user_id}"} | known
    employee, _is_new = Employee.objects.get_or_create(
        portal=portal, bitrix_user_id=bitrix_user_id, defaults=defaults
    )
    return employee


def _update(employee: Employee, values: dict[str, Any]) -> Employee:
    """Write only what differs: a frame reads far more often than people change."""
    changed = [field for field, value in values.items() if getattr(employee, field) != value]
    for field in changed:
        setattr(employee, field, values[field])
    if changed:
        employee.save(update_fields=[*changed, "updated_at"])
    return employee
