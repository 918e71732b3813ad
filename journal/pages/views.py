"""The journal inside the frame: who did what, when; every field as it is chained."""

from __future__ import annotations

import json
from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from employees.models import Right
from employees.people.decorators import EmployeeRequest, employee_required
from journal.actors import actor_name
from journal.models import AuditEvent
from journal.pages.forms import FilterForm
from journal.sentences import sentence

PAGE_SIZE = 50


@dataclass(frozen=True)
class Line:
    event: AuditEvent
    actor: str
    text: str
    ip: str
    raw: str


@require_GET
@employee_required(Right.JOURNAL)
def journal_page(request: EmployeeRequest) -> HttpResponse:
    form = FilterForm(request.GET, portal=request.frame.portal)
    context = _lines(request, form) | {"page": "journal", "form": form}
    context["is_filtered"] = any(request.GET.get(name) for name in form.fields)
    return render(request, "journal/journal.html", context)


@require_GET
@employee_required(Right.JOURNAL)
def more_events(request: EmployeeRequest) -> HttpResponse:
    """The events before number `before`, and the next button."""
    form = FilterForm(request.GET, portal=request.frame.portal)
    return render(request, "journal/_events.html", _lines(request, form))


def _lines(request: EmployeeRequest, form: FilterForm) -> dict[str, object]:
    portal = request.frame.portal
    events = form.narrow(AuditEvent.objects.for_portal(portal).select_related("personal"))
    before = request.GET.get("before", "")
    if before.isascii() and before.isdigit() and len(before) < 19:
        events = events.filter(number__lt=int(before))
    found = list(events.order_by("-number")[: PAGE_SIZE + 1])
    page = found[:PAGE_SIZE]
    query = request.GET.copy()
    query.pop("before", None)
    return {
        "lines": [_line(event) for event in page],
        "before": page[-1].number if len(found) > PAGE_SIZE else None,
        "query": query.urlencode(),
    }


def _line(event: AuditEvent) -> Line:
    personal = event.personal_data
    raw = {
        "number": event.number,
        "at": event.at.isoformat(),
        "kind": event.kind,
        "actor": event.actor,
        "subject": f"{event.subject_kind}:{event.subject_id}",
        "data": event.data,
        "personal": personal,
        "previous_hash": event.previous_hash,
        "hash": event.hash,
    }
    return Line(
        event=event,
        actor=actor_name(event),
        text=sentence(event),
        ip=str(personal.get("ip", "")),
        raw=json.dumps(raw, ensure_ascii=False, indent=2),
    )
