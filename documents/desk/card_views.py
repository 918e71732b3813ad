"""The card of a document: its pages, people, story, files and what can be done with it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from documents.access import visibility
from documents.after import annulling, sender_acts
from documents.desk import card as cards
from documents.desk import chips, frame_files
from documents.desk.forms import AddressForm, WithdrawForm
from documents.desk.own_turn import own_signer
from documents.desk.rows import poll_seconds
from documents.models import Document, Signer
from documents.proof import detached
from employees.models import Right
from employees.people.decorators import EmployeeRequest, employee_required
from signx.errors import ErrorCode, SignXError

FIRST_PAGES = 10


@require_GET
@employee_required()
def card(request: EmployeeRequest, public_id: str) -> HttpResponse:
    document = visibility.find(request.employee, public_id)
    return render(request, "documents/card.html", _context(request, document))


@require_GET
@employee_required()
def card_state(request: EmployeeRequest, public_id: str) -> HttpResponse:
    """The moving part of the card; 204 when it looks as the reader sees it (`seen`)."""
    document = visibility.find(request.employee, public_id)
    if chips.version(document) == request.GET.get("seen"):
        return HttpResponse(status=204)
    return render(request, "documents/_card.html", _context(request, document))


@require_GET
@employee_required()
def pages(request: EmployeeRequest, public_id: str) -> HttpResponse:
    """Pictures of all pages, with fresh addresses."""
    document = visibility.find(request.employee, public_id)
    context = _context(request, document, pages_limit=None)
    return render(request, "documents/_pages.html", context)


@csrf_exempt  # the session is a header, which no other site can send
@require_POST
@employee_required()
def remind(request: EmployeeRequest, public_id: str) -> HttpResponse:
    document, signer = _signer_of(request, public_id)
    sender_acts.remind_signer(signer, by=request.employee, at=timezone.now())
    return acted(request, document, _("The reminder is on its way to %(name)s."), signer.name)


@csrf_exempt  # the session is a header, which no other site can send
@require_POST
@employee_required()
def resend(request: EmployeeRequest, public_id: str) -> HttpResponse:
    """A new link; the old one stops working."""
    document, signer = _signer_of(request, public_id)
    sender_acts.resend_invitation(signer, by=request.employee, at=timezone.now())
    said = _("A new link is on its way to %(name)s. The old one does not work any more.")
    return acted(request, document, said, signer.name)


@csrf_exempt  # the session is a header, which no other site can send
@require_POST
@employee_required()
def change_address(request: EmployeeRequest, public_id: str) -> HttpResponse:
    """The signer's letters go elsewhere; the old link stops working."""
    document, signer = _signer_of(request, public_id)
    form = AddressForm(request.POST)
    if not form.is_valid():
        raise SignXError(ErrorCode.INPUT_INVALID, "address", reason=form.first_error)
    given = form.cleaned_data
    sender_acts.change_address(
        signer, given["email"], phone=given["phone"], by=request.employee, at=timezone.now()
    )
    said = _("The address of %(name)s is changed: a new link is on its way there.")
    return acted(request, document, said, signer.name)


@csrf_exempt  # the session is a header, which no other site can send
@require_POST
@employee_required()
def withdraw(request: EmployeeRequest, public_id: str) -> HttpResponse:
    document = visibility.find(request.employee, public_id)
    request.employee.require(Right.SEND)
    form = WithdrawForm(request.POST)
    if not form.is_valid():
        raise SignXError(ErrorCode.INPUT_INVALID, "withdraw", reason=form.first_error)
    reason = form.cleaned_data["reason"]
    sender_acts.cancel_document(document, by=request.employee, reason=reason, at=timezone.now())
    return acted(request, document, _("The document is withdrawn. All parties will be told."))


@require_GET
@employee_required()
def download_link(request: EmployeeRequest, public_id: str, kind: str) -> HttpResponse:
    """Sends htmx to a signed address that lives five minutes: a link cannot carry the header."""
    document = visibility.find(request.employee, public_id)
    stored = next((one for one in document.files.all() if one.kind == kind), None)
    if stored is None or kind not in cards.DOWNLOADS:
        raise SignXError(ErrorCode.NOT_FOUND, f"no file of kind {kind[:20]}")
    response = HttpResponse(status=204)
    response["HX-Redirect"] = frame_files.file_address(stored, request.frame)
    return response


@require_GET
def page_picture(request: HttpRequest, ticket: str, number: int) -> HttpResponse:
    """A page as an image, by a signed address: `<img>` cannot carry the header."""
    return frame_files.picture_response(ticket, number)


@require_GET
def stored_file(request: HttpRequest, ticket: str) -> HttpResponseBase:
    return frame_files.file_response(ticket)


def _signer_of(request: EmployeeRequest, public_id: str) -> tuple[Document, Signer]:
    document = visibility.find(request.employee, public_id)
    request.employee.require(Right.SEND)
    signer = document.signers.filter(key=request.POST.get("signer", "")).first()
    if signer is None:
        raise SignXError(ErrorCode.NOT_FOUND, "no such signer")
    return document, signer


def acted(
    request: EmployeeRequest,
    document: Document,
    said: str,
    name: str = "",
    template: str = "documents/_card.html",
) -> HttpResponse:
    """The card as it is after an act, with a sentence about it."""
    document = visibility.find(request.employee, document.public_id)
    context = _context(request, document) | {"said": said % {"name": name} if name else said}
    response = render(request, template, context)
    response["HX-Trigger"] = "signx:changed"
    return response


def _context(
    request: EmployeeRequest, document: Document, pages_limit: int | None = FIRST_PAGES
) -> dict[str, object]:
    shown = cards.read(document, request.employee, timezone.now())
    sheets = shown.shown and frame_files.sheets(shown.shown, request.frame, pages_limit)
    return {
        "page": "documents",
        "card": shown,
        "document": document,
        "sheets": sheets.shown if sheets else [],
        "sheets_total": sheets.total if sheets else 0,
        "poll_seconds": poll_seconds([document]),
        "is_from_deal": request.frame.placement == "CRM_DEAL_DETAIL_TAB",
        "withdraw_form": WithdrawForm(),
        "address_form": AddressForm(),
        "turn": shown.turn,
        **detached.shown_to(request.employee, document),
    } | annulling.shown_to(own_signer(document, request.employee), document)
