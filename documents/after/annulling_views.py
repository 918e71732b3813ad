"""Annulling a completed document: the public page of a signer, and the part of the card."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from documents.access import act_codes
from documents.access.act_codes import Act
from documents.after import annulling
from documents.after.forms import AnnulForm
from documents.desk import card as cards
from documents.desk.card_views import acted
from documents.desk.own_turn import own_signer
from documents.models import Document, Signer
from documents.signer.access import Access, remember, signing_page, visit_of
from documents.signer.forms import CodeForm
from documents.signer.services import Visit
from employees.people.decorators import EmployeeRequest, employee_required
from signx.errors import ErrorCode, SignXError
from signx.http import client_ip, http_status

STATUS = Document.Status
STEPS = frozenset({"code", "sign", "refuse"})


@require_http_methods(["GET", "HEAD", "POST"])
@signing_page
def annul(request: HttpRequest, access: Access) -> HttpResponse:
    """The proposal, or a form for one; POST sends the code that signs it."""
    if access.document.status != STATUS.COMPLETED:
        return redirect(access.url("document"))
    if request.method != "POST":
        return _page(request, access, _empty(access.document))
    remember(request, access.signer)
    try:
        form, code, status = _ask(request, access.signer, visit_of(request, access.signer))
    except SignXError as error:
        if error.code != ErrorCode.CODE_TOO_SOON:
            raise
        return _too_soon(request, access, _form(request, access.document), error)
    return _page(request, access, form, code=code, status=status)


@require_POST
@signing_page
def annul_sign(request: HttpRequest, access: Access) -> HttpResponse:
    if access.document.status != STATUS.COMPLETED:
        return redirect(access.url("document"))
    form, code, status = _sign(request, access.signer, visit_of(request, access.signer))
    if status == 200:
        return redirect(access.url("annul"))
    return _page(request, access, form, code=code, status=status)


@require_POST
@signing_page
def annul_refuse(request: HttpRequest, access: Access) -> HttpResponse:
    """Sends a code; with the right one the document stays in force."""
    if annulling.proposal_of(access.document) is None:
        return redirect(access.url("document"))
    remember(request, access.signer)
    visit, empty = visit_of(request, access.signer), _empty(access.document)
    try:
        if "code" not in request.POST:
            annulling.request_refusal_code(access.signer, visit, at=access.at)
            return _page(request, access, empty, code=CodeForm(), keeps=True)
        code = CodeForm(request.POST)
        if code.is_valid():
            typed = code.cleaned_data["code"]
            annulling.refuse_by_code(access.signer, typed, visit, at=access.at)
            return redirect(access.url("document"))
        status = 422
    except SignXError as error:
        if error.code == ErrorCode.CODE_TOO_SOON:
            return _too_soon(request, access, empty, error)
        if error.code not in (ErrorCode.CODE_WRONG, ErrorCode.CODE_EXPIRED):
            raise
        code.add_error("code", error.sentence)
        status = http_status(error.code)
    return _page(request, access, empty, code=code, status=status, keeps=True)


@csrf_exempt  # the session is a header, which no other site can send
@require_POST
@employee_required()
def frame_annul(request: EmployeeRequest, public_id: str, step: str) -> HttpResponse:
    """`code` sends the code to the company's signer, `sign` signs with it, `refuse` refuses."""
    document = cards.find(request.employee, public_id)
    signer = own_signer(document, request.employee)
    if signer is None or step not in STEPS:
        raise SignXError(ErrorCode.NOT_FOUND, "not a signer of this document, or no such step")
    visit = Visit(
        ip=client_ip(request),
        user_agent=request.headers.get("User-Agent", "")[:300],
        session_key=f"frame:{request.frame.pk}",
    )
    if step == "refuse":
        annulling.refuse(signer, _words(request), visit, at=timezone.now())
        return _whole(request, document, _("The document stays in force. The parties are told."))
    form, code, status = (_ask if step == "code" else _sign)(request, signer, visit)
    if step == "sign" and status == 200:
        return _whole(request, document, _("The annulment is signed. The parties are told."))
    context = annulling.shown_to(signer, document) | {"annul_form": form, "code_form": code}
    return render(request, "documents/_annul.html", context)


Answer = tuple[AnnulForm, CodeForm | None, int]


def _ask(request: HttpRequest, signer: Signer, visit: Visit) -> Answer:
    form = _form(request, signer.document)
    if not form.is_valid():
        return form, None, 422
    annulling.request_code(signer, form.sentence, visit, at=timezone.now())
    return form, CodeForm(), 200


def _sign(request: HttpRequest, signer: Signer, visit: Visit) -> Answer:
    form, code = _form(request, signer.document), CodeForm(request.POST)
    if not form.is_valid():
        return form, None, 422
    if not code.is_valid():
        return form, code, 422
    typed = code.cleaned_data["code"]
    try:
        annulling.sign(signer, form.sentence, typed, visit, at=timezone.now())
    except SignXError as error:
        if error.code not in (ErrorCode.CODE_WRONG, ErrorCode.CODE_EXPIRED):
            raise
        code.add_error("code", error.sentence)
        return form, code, http_status(error.code)
    return form, None, 200


def _form(request: HttpRequest, document: Document) -> AnnulForm:
    proposal = annulling.proposal_of(document)
    return AnnulForm(request.POST, standing=proposal.reason if proposal else "")


def _empty(document: Document) -> AnnulForm:
    proposal = annulling.proposal_of(document)
    return AnnulForm(standing=proposal.reason if proposal else "")


def _words(request: HttpRequest) -> str:
    return " ".join(request.POST.get("reason", "").split())[:500]


def _page(
    request: HttpRequest,
    access: Access,
    form: AnnulForm,
    *,
    code: CodeForm | None = None,
    status: int = 200,
    keeps: bool = False,
    error: str = "",
) -> HttpResponse:
    act = Act.KEEP if keeps else Act.ANNUL
    context = annulling.shown_to(access.signer, access.document) | {
        "token": access.token,
        "form": form,
        "code_form": code,
        "keeps": keeps,
        "error": error,
        "resend_s": act_codes.seconds_to_next(access.signer, act, at=access.at),
        "back": access.url("annul"),
    }
    return render(request, "signer/annul.html", context, status=status)


def _too_soon(
    request: HttpRequest, access: Access, form: AnnulForm, error: SignXError
) -> HttpResponse:
    """No code fits what was asked now, and the next one has to wait."""
    status = http_status(error.code)
    return _page(request, access, form, status=status, error=error.sentence)


def _whole(request: EmployeeRequest, document: Document, said: str) -> HttpResponse:
    """The whole card in place of the part: its status may have changed."""
    response = acted(request, document, said)
    response["HX-Retarget"] = "#sx-card"
    return response
