"""Signing inside the frame: an employee reads the card, accepts what is due, types a code.

The same services as the public page, in the same order of steps; instead of a link, the portal's
session is the evidence of who looks.
"""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from documents.access import visibility
from documents.core.agreement_offers import due_offer
from documents.desk import card_views, frame_files
from documents.desk.own_turn import own_signer, own_turn
from documents.models import Signer
from documents.signer import services
from documents.signer.access import USER_AGENT_LIMIT
from documents.signer.forms import CodeForm, DeclineForm
from documents.signer.services import Visit
from employees.people.decorators import EmployeeRequest, employee_required
from signx.errors import ErrorCode, SignXError
from signx.http import client_ip

SIGNED = "documents/_signed.html"


@csrf_exempt  # the session is a header, which no other site can send
@require_POST
@employee_required()
def viewed(request: EmployeeRequest, public_id: str) -> HttpResponse:
    """Sent by the card two seconds after it was opened."""
    services.mark_viewed(_signer(request, public_id), _visit(request), at=timezone.now())
    return HttpResponse(status=204)


@csrf_exempt  # the session is a header, which no other site can send
@require_POST
@employee_required()
def send_code(request: EmployeeRequest, public_id: str) -> HttpResponse:
    """Send the code once the box is ticked; pressed again at once, the first code still counts."""
    signer, at = _signer(request, public_id), timezone.now()
    services.mark_viewed(signer, _visit(request), at=at)
    try:
        services.request_code(signer, _visit(request), at=at)
    except SignXError as error:
        if error.code != ErrorCode.CODE_TOO_SOON or services.live_code(signer, at=at) is None:
            raise
    turn = own_turn(signer.document, request.employee, at)
    return render(request, "documents/_sign.html", {"turn": turn, "document": signer.document})


@csrf_exempt  # the session is a header, which no other site can send
@require_POST
@employee_required()
def sign(request: EmployeeRequest, public_id: str) -> HttpResponse:
    """The right code signs."""
    signer = _signer(request, public_id)
    form = CodeForm(request.POST)
    if not form.is_valid():
        raise SignXError(ErrorCode.INPUT_INVALID, "code", reason=str(form.errors["code"][0]))
    code = form.cleaned_data["code"]
    services.confirm(signer, code, _visit(request), at=timezone.now())
    said = _("You have signed the document.")
    return card_views.acted(request, signer.document, said, template=SIGNED)


@csrf_exempt  # the session is a header, which no other site can send
@require_POST
@employee_required()
def decline(request: EmployeeRequest, public_id: str) -> HttpResponse:
    """Refuse for good, with a reason."""
    signer = _signer(request, public_id)
    form = DeclineForm(request.POST)
    if not form.is_valid():
        reason = str(next(iter(form.errors.values()))[0])
        raise SignXError(ErrorCode.INPUT_INVALID, "decline", reason=reason)
    services.decline(signer, form.sentence, _visit(request), at=timezone.now())
    said = _("You have declined to sign.")
    return card_views.acted(request, signer.document, said, template=SIGNED)


@require_GET
@employee_required()
def agreement(request: EmployeeRequest, public_id: str) -> HttpResponse:
    """Sends htmx to the sender's own agreement, at a signed address."""
    offer = due_offer(_signer(request, public_id))
    if offer is None or offer.own_file is None:
        raise SignXError(ErrorCode.NOT_FOUND, "no agreement of the sender's own")
    response = HttpResponse(status=204)
    response["HX-Redirect"] = frame_files.file_address(offer.own_file, request.frame)
    return response


def _signer(request: EmployeeRequest, public_id: str) -> Signer:
    signer = own_signer(visibility.find(request.employee, public_id), request.employee)
    if signer is None:
        raise SignXError(ErrorCode.NOT_FOUND, "the reader is not asked to sign")
    return signer


def _visit(request: EmployeeRequest) -> Visit:
    """The frame's session binds the code, as the page session does on the public page."""
    is_ticked = request.POST.get("agreement") == "yes"
    return Visit(
        ip=client_ip(request),
        user_agent=request.headers.get("User-Agent", "")[:USER_AGENT_LIMIT],
        session_key=request.frame.token_hash,
        accepted=request.POST.get("accepted", "")[:64] if is_ticked else "",
    )
