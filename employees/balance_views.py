"""The balance inside the frame: what is left, what was spent, every entry of the ledger."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from employees import balances
from employees.decorators import EmployeeRequest, employee_required
from employees.models import BalanceEntry, Employee, Right
from employees.spending import chart, spent_by_day
from journal.actors import kind_of

PAGE_SIZE = 25


@require_GET
@employee_required()
def balance_page(request: EmployeeRequest) -> HttpResponse:
    """What is left is for everybody; who spent it is for those who change settings."""
    reader = request.employee
    now = timezone.now()
    context = {
        "page": "balance",
        "balance": balances.summary(reader.portal, now),
        "chart": chart(spent_by_day(reader.portal, now)),
        "may_see_entries": reader.has_right(Right.SETTINGS),
    }
    if context["may_see_entries"]:
        context |= _entries(request)
    return render(request, "employees/balance.html", context)


@require_GET
@employee_required(Right.SETTINGS)
def more_entries(request: EmployeeRequest) -> HttpResponse:
    return render(request, "employees/_entries.html", _entries(request))


def _entries(request: EmployeeRequest) -> dict[str, Any]:
    portal = request.employee.portal
    entries = BalanceEntry.objects.for_portal(portal)
    before = request.GET.get("before", "")
    if before.isascii() and before.isdigit() and len(before) < 19:
        entries = entries.filter(pk__lt=int(before))
    found = list(entries.order_by("-pk")[: PAGE_SIZE + 1])
    page = found[:PAGE_SIZE]
    names = _names(request.employee, page)
    return {
        "entries": [(entry, names.get(entry.actor) or kind_of(entry.actor)) for entry in page],
        "before": page[-1].pk if len(found) > PAGE_SIZE else None,
    }


def _names(reader: Employee, entries: list[BalanceEntry]) -> dict[str, str]:
    """«employee:12» -> the name, in one query."""
    ids = [entry.actor.partition(":")[2] for entry in entries]
    known = [number for number in ids if number.isascii() and number.isdigit()]
    people = Employee.objects.for_portal(reader.portal).filter(bitrix_user_id__in=known)
    return {person.audit_name: person.name for person in people}
