"""Lists of documents inside the frame: the main page and the tab of a deal."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from documents.access import visibility
from documents.desk import listing, onboarding
from documents.desk.rows import changed_rows, poll_seconds, rows_of
from documents.models import Document
from employees.people.decorators import EmployeeRequest, employee_required
from employees.people.delegations import may_send

DEAL = 2  # entityTypeId of a deal, crm.enum.ownertype


@employee_required()
def documents_page(request: EmployeeRequest) -> HttpResponse:
    """The main page; also the answer to the portal's entry POST, whose body is not for us."""
    visible = visibility.visible_to(request.employee)
    words = request.GET.get("q", "")[:100]
    found = listing.search(visible, words)
    tabs = listing.count_tabs(found, request.employee, request.GET.get("tab", ""))
    current = next(tab.tab for tab in tabs if tab.is_current)
    context = _rows(request, found.filter(current.condition))
    context |= {"page": "documents", "tabs": tabs, "current": current, "words": words}
    context["may_send"] = may_send(request.employee, at=timezone.now())
    if not context["rows"] and not words and not visible.exists():
        context["steps"] = onboarding.steps_for(request.employee)
    return render(request, "documents/documents.html", context)


@employee_required()
def more_rows(request: EmployeeRequest) -> HttpResponse:
    """The rows that follow `after`, and the next button."""
    found = listing.search(visibility.visible_to(request.employee), request.GET.get("q", "")[:100])
    wanted = request.GET.get("tab", "all")
    tabs = {tab.code: tab for tab in listing.tabs_for(request.employee)}
    current = tabs.get(wanted, tabs["all"])
    context = _rows(request, found.filter(current.condition))
    context |= {"current": current, "words": request.GET.get("q", "")}
    return render(request, "documents/_rows.html", context)


@employee_required()
def changes(request: EmployeeRequest) -> HttpResponse:
    """News of the rows on the page; 204 when they all look as the reader sees them."""
    rows = changed_rows(request.GET.getlist("row"), request.employee, timezone.now())
    if not rows:
        return HttpResponse(status=204)
    return render(request, "documents/_changes.html", {"rows": rows})


@employee_required()
def deal_tab(request: EmployeeRequest) -> HttpResponse:
    """Documents bound to the deal whose card is open. The deal comes from the browser, so the
    reader sees only what the main page would show him too."""
    deal_id = _number(request.frame.placement_entity_id)
    bound = visibility.visible_to(request.employee).filter(
        crm_binding__entity_type_id=DEAL, crm_binding__entity_id=deal_id
    )
    context = _rows(request, bound) | {"page": "deal", "deal_id": deal_id}
    context["may_send"] = may_send(request.employee, at=timezone.now())
    return render(request, "documents/deal.html", context)


def _rows(request: EmployeeRequest, documents: QuerySet[Document]) -> dict[str, object]:
    page = listing.read_page(documents, request.GET.get("after", ""))
    rows = rows_of(page.documents, request.employee, timezone.now())
    return {"rows": rows, "after": page.after, "poll_seconds": poll_seconds(page.documents)}


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
