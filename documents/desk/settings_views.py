"""Settings of the portal: documents and notices; the robots' part is theirs."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from documents.desk.forms import NOTICE_EVENTS, NOTICE_PEOPLE, GeneralForm, NoticesForm
from documents.desk.portal_settings import change_settings
from documents.models import PortalSettings
from documents.news.notices import DEFAULT_MATRIX
from employees.models import Right
from employees.people.decorators import EmployeeRequest, employee_required

GENERAL = (
    "organisation",
    "expires_in_days",
    "coordinates",
    "agreement",
    "code_channel",
    "may_delegate",
    "adds_to_signed",
    "signing_order",
    "allowed_entity_types",
)


@require_GET
@employee_required(Right.SETTINGS)
def settings_page(request: EmployeeRequest) -> HttpResponse:
    current = PortalSettings.objects.of(request.employee.portal)
    form = GeneralForm(initial={name: getattr(current, name) for name in GENERAL})
    context = {"page": "settings", "form": form, "matrix": _matrix(current.notices)}
    return render(request, "settings/settings.html", context | {"people": NOTICE_PEOPLE})


@csrf_exempt  # the session is a header, which no other site can send
@require_POST
@employee_required(Right.SETTINGS)
def save_general(request: EmployeeRequest) -> HttpResponse:
    form = GeneralForm(request.POST)
    if form.is_valid():
        change_settings(request.employee, form.cleaned_data, at=timezone.now())
    context = {"form": form, "is_saved": form.is_valid()}
    return render(request, "settings/_general.html", context)


@csrf_exempt  # the session is a header, which no other site can send
@require_POST
@employee_required(Right.SETTINGS)
def save_notices(request: EmployeeRequest) -> HttpResponse:
    form = NoticesForm(request.POST)
    current = PortalSettings.objects.of(request.employee.portal)
    if form.is_valid():
        current = change_settings(request.employee, {"notices": form.matrix}, at=timezone.now())
    context = {
        "matrix": _matrix(current.notices),
        "people": NOTICE_PEOPLE,
        "is_saved": form.is_valid(),
        "error": form.first_error,
    }
    return render(request, "settings/_notices.html", context)


def _matrix(notices: dict[str, list[str]]) -> list[dict[str, Any]]:
    """Rows for the template: an event with a mark for each person."""
    rows = []
    for event, name in NOTICE_EVENTS:
        told = notices.get(event, DEFAULT_MATRIX.get(event, ()))
        cells = [
            (f"{event}:{person}", person_name, person in told)
            for person, person_name in NOTICE_PEOPLE
        ]
        rows.append({"name": name, "cells": cells})
    return rows
