"""The journal as a table to take away: the lines that the filters leave, as its page shows them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from bitrix24.frame.session import check_signed_file, signed_file_url
from employees.models import Right
from employees.people.decorators import EmployeeRequest, employee_required
from employees.people.directory import from_frame
from journal.actors import actor_name
from journal.models import AuditEvent, AuditEventQuerySet
from journal.pages.forms import FilterForm
from journal.sentences import sentence
from journal.services import record_export
from signx.tables import Cell, csv_response

EXPORT = "journal_export"
PAGE_SIZE = 500


@csrf_exempt  # the session comes in a header, no cookie is read
@require_POST
@employee_required(Right.JOURNAL)
def export_link(request: EmployeeRequest) -> HttpResponse:
    """Sends htmx to a signed address that lives five minutes; taking away is an event itself."""
    form = FilterForm(request.POST, portal=request.frame.portal)
    record_export(request.employee, "journal")
    url = signed_file_url(EXPORT, "", request.frame, route="journal:export_file")
    response = HttpResponse(status=204)
    response["HX-Redirect"] = f"{url}?{form.query()}"
    return response


@require_GET
def export_file(request: HttpRequest, ticket: str) -> HttpResponseBase:
    """Raises SignXError: LINK_INVALID, RIGHT_MISSING."""
    frame, _nothing = check_signed_file(ticket, EXPORT)
    from_frame(frame).require(Right.JOURNAL)
    form = FilterForm(request.GET, portal=frame.portal)
    events = form.narrow(AuditEvent.objects.for_portal(frame.portal).select_related("personal"))
    with translation.override(frame.language):
        head = [
            _("No."), _("Time"), _("Who"), _("What happened"), _("Event"), _("Document"), "IP",
            _("hash"),
        ]  # fmt: skip
    day = f"{timezone.localdate():%Y-%m-%d}"
    return csv_response(f"signx-journal-{day}.csv", head, _pages(events, frame.language))


def _pages(events: AuditEventQuerySet, language: str) -> Iterator[list[Sequence[Cell]]]:
    """The newest first; each page is a query of its own, so that no cursor outlives its thread."""
    events = events.order_by("-number")
    found = list(events[:PAGE_SIZE])
    while found:
        with translation.override(language):
            rows = [_row(event) for event in found]
        yield rows
        found = list(events.filter(number__lt=found[-1].number)[:PAGE_SIZE])


def _row(event: AuditEvent) -> Sequence[Cell]:
    return [
        event.number,
        f"{timezone.localtime(event.at):%d.%m.%Y %H:%M:%S}",
        actor_name(event),
        sentence(event),
        event.kind,
        event.subject_id if event.subject_kind == "document" else "",
        str(event.personal_data.get("ip", "")),
        event.hash,
    ]
