"""Rights of employees, given and taken by those who may change settings."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from employees.models import Employee, EmployeeRight, Right
from journal.events import EventKind
from journal.services import record
from signx.errors import ErrorCode, SignXError


@transaction.atomic
def give_right(employee: Employee, right: Right, *, by: Employee, at: datetime) -> None:
    """Raises RIGHT_MISSING, NOT_FOUND for another portal's employee. May run twice."""
    _require_colleague(employee, by)
    _row, is_new = EmployeeRight.objects.get_or_create(employee=employee, right=right)
    if is_new:
        _journal(EventKind.RIGHT_GIVEN, employee, right, by, at)


@transaction.atomic
def take_right(employee: Employee, right: Right, *, by: Employee, at: datetime) -> None:
    """Raises RIGHT_MISSING, NOT_FOUND for another portal's employee. May run twice."""
    _require_colleague(employee, by)
    taken, _by_model = EmployeeRight.objects.filter(employee=employee, right=right).delete()
    if taken:
        _journal(EventKind.RIGHT_TAKEN, employee, right, by, at)


def _require_colleague(employee: Employee, by: Employee) -> None:
    if employee.portal_id != by.portal_id:
        raise SignXError(ErrorCode.NOT_FOUND, "employee of another portal")
    by.require(Right.SETTINGS)


def _journal(kind: EventKind, employee: Employee, right: Right, by: Employee, at: datetime) -> None:
    record(
        employee.portal,
        kind,
        actor=by.audit_name,
        subject=("employee", str(employee.bitrix_user_id)),
        data={"right": str(right.value)},
        personal={"actor": by.name, "name": employee.name},
        at=at,
    )
