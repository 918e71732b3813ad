"""Who may open the journal. Employees stand above this app and may not be imported by it, so
their gate is reached by its dotted path, as the settings reach every app."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.module_loading import import_string

from bitrix24.models import FrameSession

View = Callable[..., HttpResponse]


class JournalRequest(HttpRequest):
    """A request that `journal_required` let through."""

    frame: FrameSession


def journal_required(view: View) -> View:
    """Lets in an employee with the right to the journal; errors as `employee_required`."""
    right = import_string("employees.models.Right").JOURNAL
    guarded: View = import_string("employees.decorators.employee_required")(right)(view)
    return guarded
