"""The balance inside the frame: what is left, what was spent, every entry of the ledger."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from bitrix24.frame.session import check_signed_file, signed_file_url
from employees.balances import ledger
from employees.balances.spending import chart, spent_by_day
from employees.models import BalanceEntry, Employee, Right
from employees.people.decorators import EmployeeRequest, employee_required
from employees.people.directory import from_frame
from journal.actors import kind_of
from journal.services import record_export
from signx.tables import Cell, csv_response

PAGE_SIZE, EXPORT_PAGE = 25, 500
EXPORT = "balance_export"


@require_GET
@employee_required()
def balance_page(request: EmployeeRequest) -> HttpResponse:
    """What is left is for everybody; who spent it is for those who change settings."""
    reader = request.employee
    now = timezone.now()
    context = {
        "page": "balance",
        "balance": ledger.summary(reader.portal, now),
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


@csrf_exempt  # the session comes in a header, no cookie is read
@require_POST
@employee_required(Right.SETTINGS)
def export_link(request: EmployeeRequest) -> HttpResponse:
    """Sends htmx to a signed address that lives five minutes; taking away is an event itself."""
    record_export(request.employee, "balance")
    response = HttpResponse(status=204)
    response["HX-Redirect"] = signed_file_url(
        EXPORT, "", request.frame, route="employees:balance_file"
    )
    return response


@require_GET
def export_file(request: HttpRequest, ticket: str) -> HttpResponseBase:
    """Raises SignXError: LINK_INVALID, RIGHT_MISSING."""
    frame, _nothing = check_signed_file(ticket, EXPORT)
    reader = from_frame(frame)
    reader.require(Right.SETTINGS)
    with translation.override(frame.language):
        head = [
            _("Time"), _("Entry"), _("Document"), _("Who"), _("Change"), _("Left"), _("Held"),
            _("reason"),
        ]  # fmt: skip
    day = f"{timezone.localdate():%Y-%m-%d}"
    return csv_response(f"signx-balance-{day}.csv", head, _pages(reader, frame.language))


def _pages(reader: Employee, language: str) -> Iterator[list[Sequence[Cell]]]:
    """The newest first; each page is a query of its own, so that no cursor outlives its thread."""
    entries = BalanceEntry.objects.for_portal(reader.portal).order_by("-pk")
    found = list(entries[:EXPORT_PAGE])
    while found:
        names = _names(reader, found)
        with translation.override(language):
            rows = [_row(entry, names) for entry in found]
        yield rows
        found = list(entries.filter(pk__lt=found[-1].pk)[:EXPORT_PAGE])


def _row(entry: BalanceEntry, names: dict[str, str]) -> Sequence[Cell]:
    return [
        f"{timezone.localtime(entry.at):%d.%m.%Y %H:%M:%S}",
        entry.get_kind_display(),
        entry.document_label,
        names.get(entry.actor) or kind_of(entry.actor),
        entry.units,
        entry.available_after,
        entry.held_after,
        entry.reason_text,
    ]


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
