"""What a post about an annulment does: the same on the public page and in the frame."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils import timezone

from documents.after import annulling
from documents.after.forms import AnnulForm
from documents.core import annulment
from documents.models import Document, Signer
from documents.signer.forms import CodeForm
from documents.signer.services import Visit
from signx.errors import ErrorCode, SignXError
from signx.http import http_status

Answer = tuple[AnnulForm, CodeForm | None, int]


def ask_code(request: HttpRequest, signer: Signer, visit: Visit) -> Answer:
    form = posted_form(request, signer.document)
    if not form.is_valid():
        return form, None, 422
    annulling.request_code(signer, form.sentence, visit, at=timezone.now())
    return form, CodeForm(), 200


def sign(request: HttpRequest, signer: Signer, visit: Visit) -> Answer:
    form, code = posted_form(request, signer.document), CodeForm(request.POST)
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


def posted_form(request: HttpRequest, document: Document) -> AnnulForm:
    proposal = annulment.proposal_of(document)
    return AnnulForm(request.POST, standing=proposal.reason if proposal else "")


def empty_form(document: Document) -> AnnulForm:
    proposal = annulment.proposal_of(document)
    return AnnulForm(standing=proposal.reason if proposal else "")
