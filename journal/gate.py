"""Who may open the journal. Employees stand above this app and may not be imported by it, so
their gate is reached by its dotted path, as the settings reach every app."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.module_loading import import_string

from bitrix24.models import FrameSession, Portal

View = Callable[..., HttpResponse]


class JournalRequest(HttpRequest):
    """A request that `journal_required` let through."""

    frame: FrameSession
    employee: Any


def journal_required(view: View) -> View:
    """Lets in an employee with the right to the journal; errors as `employee_required`."""
    right = import_string("employees.models.Right").JOURNAL
    guarded: View = import_string("employees.people.decorators.employee_required")(right)(view)
    return guarded


def require_journal(frame: FrameSession) -> None:
    """The same gate for a signed address, which carries no header. Raises RIGHT_MISSING."""
    right = import_string("employees.models.Right").JOURNAL
    import_string("employees.people.directory.from_frame")(frame).require(right)


def people_of(portal: Portal) -> list[tuple[str, str]]:
    """(actor, name) of everybody of the portal whom we know, by name."""
    people = import_string("employees.models.Employee").objects.for_portal(portal)
    return [(person.audit_name, person.name) for person in people.order_by("name")]
