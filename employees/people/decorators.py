"""Who may open a frame page."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from bitrix24.frame.confirmation import confirm
from bitrix24.frame.session import frame_required
from bitrix24.models import FrameSession
from employees.models import Employee, Right
from employees.people.directory import from_frame

View = Callable[..., HttpResponse]


class EmployeeRequest(HttpRequest):
    """A request that `employee_required` let through."""

    frame: FrameSession
    employee: Employee


def employee_required(right: Right | None = None) -> Callable[[View], View]:
    """Let in only an employee with a live frame session and, if named, with the right.

    Sets `request.employee`. Language and frame policy come with the session
    (bitrix24.frame.session); rights are read from the database on each request, and what the portal
    says of the person is asked anew when it is old. Raises SESSION_EXPIRED, RIGHT_MISSING, and
    ADMIN_UNCONFIRMED for an administrator's doings while the portal is silent.
    """

    def decorate(view: View) -> View:
        @frame_required
        @wraps(view)
        def guarded(request: EmployeeRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            is_fresh = confirm(request.frame, timezone.now())
            request.employee = from_frame(request.frame)
            request.employee.is_unconfirmed = not is_fresh
            if right is not None:
                request.employee.require(right)
            return view(request, *args, **kwargs)

        return guarded

    return decorate
