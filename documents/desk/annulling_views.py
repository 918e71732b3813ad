"""Annulling a completed document from its card."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from documents.access import visibility
from documents.after import annulling, annulling_posts
from documents.desk.card_views import acted
from documents.desk.own_turn import own_signer
from documents.models import Document
from documents.signer.services import Visit
from employees.people.decorators import EmployeeRequest, employee_required
from signx.errors import ErrorCode, SignXError
from signx.http import client_ip


@csrf_exempt  # the session is a header, which no other site can send
@require_POST
@employee_required()
def annul(request: EmployeeRequest, public_id: str, step: str) -> HttpResponse:
    """`code` sends the code to the company's signer, `sign` signs with it, `refuse` refuses."""
    document = visibility.find(request.employee, public_id)
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
    form, code, status = (annulling_posts.ask_code if step == "code" else annulling_posts.sign)(
        request, signer, visit
    )
    if step == "sign" and status == 200:
        return _whole(request, document, _("The annulment is signed. The parties are told."))
    context = annulling.shown_to(signer, document) | {"annul_form": form, "code_form": code}
    return render(request, "documents/_annul.html", context)


def _words(request: HttpRequest) -> str:
    return " ".join(request.POST.get("reason", "").split())[:500]


def _whole(request: EmployeeRequest, document: Document, said: str) -> HttpResponse:
    """The whole card in place of the part: its status may have changed."""
    response = acted(request, document, said)
    response["HX-Retarget"] = "#sx-card"
    return response


STEPS = frozenset({"code", "sign", "refuse"})
