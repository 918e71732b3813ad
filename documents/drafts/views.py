"""The page «New document»: a file, the parties, the places of the stamps, and off it goes.

Everything typed is kept on the server as it is typed: nothing is lost by a mistake, by a session
that ran out, or by a closed tab. What is sent goes the robots' way (`services.send_prepared`).
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from bitrix24.rest import crm_types, methods
from bitrix24.wire.errors import BitrixError
from documents.core import editions, files
from documents.desk import card_views
from documents.drafts import pages, services
from documents.drafts.answers import Answers, answers_from, completed, refuse
from documents.drafts.forms import DraftForm, PartyForm
from documents.drafts.services import Upload
from documents.models import Document, Draft, new_public_id
from employees.models import Employee
from employees.people import delegations
from employees.people.decorators import EmployeeRequest, employee_required
from signing.intake import refusal
from signx.errors import SignXError

# The form around the file: boundaries and names.
_FORM_OVERHEAD_BYTES = 64 * 1024


@csrf_exempt  # the session is a header, which no other site can send
@require_http_methods(["GET", "POST"])
@employee_required()
def new_document(request: EmployeeRequest) -> HttpResponse:
    """Choose a file, or go on with an earlier draft; the upload begins a draft."""
    delegations.require_sender(request.employee, at=timezone.now())
    if request.method == "POST":
        upload = _uploaded(request)
        replaced = _replaced(request, request.POST)
        draft = services.begin(
            request.employee,
            request.POST.get("key", ""),
            upload,
            _of_the_deal(request) | (answers_from(replaced) if replaced else {}),
            at=timezone.now(),
            replaces=replaced,
        )
        return _page(request, draft)
    return _choose(request, _replaced(request, request.GET))


def _replaced(request: EmployeeRequest, given: QueryDict) -> Document | None:
    """The document whose place the new one is to take, if any."""
    public_id = given.get("replaces", "")
    return editions.find_replaced(request.employee, public_id) if public_id else None


def _choose(request: EmployeeRequest, replaced: Document | None = None) -> HttpResponse:
    context = {
        "replaced": replaced,
        "page": "documents",
        "is_from_deal": _is_from_deal(request),
        "key": new_public_id(),
        "unsent": Draft.objects.of(request.employee).unsent()[: services.KEPT],
        "limit_mb": files.limits().bytes // (1024 * 1024),
        "page_limit": files.limits().pages,
    }
    return render(request, "drafts/upload.html", context)


@csrf_exempt  # the session is a header, which no other site can send
@require_http_methods(["GET", "POST"])
@employee_required()
def draft(request: EmployeeRequest, public_id: str) -> HttpResponse:
    """The page of a draft; POST keeps what was typed and draws the stamps anew."""
    found = _find(request, public_id)
    if found.document is not None:
        return _sent(request, found.document)
    if request.method == "GET":
        return _page(request, found)
    answers = _kept(request, found)
    return render(request, "drafts/_preview.html", pages.preview(request, answers))


@csrf_exempt  # the session is a header, which no other site can send
@require_http_methods(["GET", "POST"])
@employee_required()
def draft_file(request: EmployeeRequest, public_id: str) -> HttpResponse:
    """How the check of the file stands; POST puts another file in its place."""
    found = _find(request, public_id)
    if request.method == "POST":
        found = services.replace_file(found, _uploaded(request), at=timezone.now())
    response = render(request, "drafts/_file.html", pages.file_card(found))
    if found.state != Draft.State.CHECKING:
        response["HX-Trigger"] = "signx:draft"
    return response


@csrf_exempt  # the session is a header, which no other site can send
@require_POST
@employee_required()
def draft_rows(request: EmployeeRequest, public_id: str) -> HttpResponse:
    """One counterparty more (`add`) or less (`remove`); what was typed in the others stays."""
    found = _find(request, public_id)
    answers = _kept(request, found)
    rows = [row for row in answers.rows if row != request.POST.get("remove")]
    added = ""
    if "add" in request.POST and not answers.is_full:
        added = str(max((int(row) for row in rows), default=-1) + 1)
        rows.append(added)
    services.remember(found, found.answers | {"rows": rows}, at=timezone.now())
    answers = Answers(found, at=timezone.now())
    response = render(request, "drafts/_parties.html", {"answers": answers, "added": added})
    response["HX-Trigger-After-Swap"] = "signx:draft"
    return response


@csrf_exempt  # the session is a header, which no other site can send
@require_POST
@employee_required()
def send_draft(request: EmployeeRequest, public_id: str) -> HttpResponse:
    """Send it; pressed twice it is sent once. A refusal stands beside the field it is about."""
    found = _find(request, public_id)
    if found.document is not None:
        return _sent(request, found.document)
    at = timezone.now()
    posted = _posted(request)
    services.remember(found, posted, at=at)
    answers = Answers(found, posted, at=at)
    new = completed(answers)
    if new is not None:
        try:
            return _sent(request, services.send(found, new, at=at))
        except SignXError as error:
            refuse(answers, error)
    context = pages.page(request, answers)
    return render(request, "drafts/_fields.html", context)


@csrf_exempt  # the session is a header, which no other site can send
@require_POST
@employee_required()
def drop_draft(request: EmployeeRequest, public_id: str) -> HttpResponse:
    services.forget(_find(request, public_id))
    return _choose(request)


@require_GET
def draft_picture(request: HttpRequest, ticket: str, number: int) -> HttpResponse:
    """A page as an image, by a signed address: `<img>` cannot carry the header."""
    return pages.picture_response(ticket, number)


def _find(request: EmployeeRequest, public_id: str) -> Draft:
    """Rights are read anew: they may have been taken away since the draft was begun."""
    found = services.find(request.employee, public_id)
    if found.document is None:
        delegations.require_sender(request.employee, at=timezone.now())
    return found


def _page(request: EmployeeRequest, found: Draft) -> HttpResponse:
    context = pages.page(request, Answers(found, at=timezone.now()))
    context |= {"page": "documents", "is_from_deal": _is_from_deal(request)}
    return render(request, "drafts/draft.html", context)


def _sent(request: EmployeeRequest, document: Document) -> HttpResponse:
    """The card of the document, whichever part of the page has asked."""
    said = _("The document is on its way. This page may be closed: nothing stops.")
    response = card_views.acted(request, document, said, template="documents/card.html")
    response["HX-Retarget"] = "#sx-root"
    response["HX-Reswap"] = "innerHTML"
    return response


def _kept(request: EmployeeRequest, found: Draft) -> Answers:
    services.remember(found, _posted(request), at=timezone.now())
    return Answers(found, at=timezone.now())


def _posted(request: HttpRequest) -> dict[str, Any]:
    """What the page has fields for, and nothing else."""
    rows = request.POST.getlist("rows")
    names = list(DraftForm.base_fields)
    names += [f"p{row}-{name}" for row in rows for name in PartyForm.base_fields]
    return {name: request.POST[name] for name in names if name in request.POST} | {"rows": rows}


def _uploaded(request: HttpRequest) -> Upload:
    """Raises SignXError(DOCUMENT_INVALID), before the body is read when it is too big."""
    limit = files.limits().bytes
    announced = str(request.META.get("CONTENT_LENGTH") or "0")
    if not announced.isdigit() or int(announced) > limit + _FORM_OVERHEAD_BYTES:
        raise refusal("too_big", limit=limit // (1024 * 1024))
    upload = request.FILES.get("file")
    if upload is None:
        raise refusal("missing")
    return Upload(upload.name or "", upload.read())


def _is_from_deal(request: EmployeeRequest) -> bool:
    return request.frame.placement == "CRM_DEAL_DETAIL_TAB"


def _of_the_deal(request: EmployeeRequest) -> dict[str, str]:
    """In a deal's tab: the deal, and its contact as the first counterparty. A portal that does not
    answer only costs the comfort."""
    deal_id = request.frame.placement_entity_id
    if not (_is_from_deal(request) and deal_id.isascii() and deal_id.isdigit()):
        return {}
    return {"crm_entity": f"DEAL_{deal_id}", **_contact_of(request.employee, int(deal_id))}


def _contact_of(reader: Employee, deal_id: int) -> dict[str, str]:
    try:
        item, person = methods.read_many(
            reader.portal,
            methods.crm_item_command(crm_types.DEAL, deal_id),
            methods.contact_command("$result[c0][item][contactId]"),
            as_user=reader.bitrix_user_id,
        )
        if isinstance(item, BitrixError) or isinstance(person, BitrixError):
            return {}
        contact = methods.parse_contact(person)
    except BitrixError:
        return {}
    reference = f"C_{contact.id}"
    label = f"{reference} {contact.name}"
    return {"p0-how": "crm", "p0-reference": reference, "p0-label": label}
