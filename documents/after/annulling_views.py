"""Annulling a completed document: the public page of a signer."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from documents.access import act_codes
from documents.access.act_codes import Act
from documents.after import annulling, annulling_posts
from documents.after.forms import AnnulForm
from documents.core import annulment
from documents.models import Document
from documents.signer.access import Access, remember, signing_page, visit_of
from documents.signer.forms import CodeForm
from signx.errors import ErrorCode, SignXError
from signx.http import http_status

STATUS = Document.Status


@require_http_methods(["GET", "HEAD", "POST"])
@signing_page
def annul(request: HttpRequest, access: Access) -> HttpResponse:
    """The proposal, or a form for one; POST sends the code that signs it."""
    if access.document.status != STATUS.COMPLETED:
        return redirect(access.url("document"))
    if request.method != "POST":
        return _page(request, access, annulling_posts.empty_form(access.document))
    remember(request, access.signer)
    try:
        form, code, status = annulling_posts.ask_code(
            request, access.signer, visit_of(request, access.signer)
        )
    except SignXError as error:
        if error.code != ErrorCode.CODE_TOO_SOON:
            raise
        return _too_soon(
            request, access, annulling_posts.posted_form(request, access.document), error
        )
    return _page(request, access, form, code=code, status=status)


@require_POST
@signing_page
def annul_sign(request: HttpRequest, access: Access) -> HttpResponse:
    if access.document.status != STATUS.COMPLETED:
        return redirect(access.url("document"))
    form, code, status = annulling_posts.sign(
        request, access.signer, visit_of(request, access.signer)
    )
    if status == 200:
        return redirect(access.url("annul"))
    return _page(request, access, form, code=code, status=status)


@require_POST
@signing_page
def annul_refuse(request: HttpRequest, access: Access) -> HttpResponse:
    """Sends a code; with the right one the document stays in force."""
    if annulment.proposal_of(access.document) is None:
        return redirect(access.url("document"))
    remember(request, access.signer)
    visit, empty = visit_of(request, access.signer), annulling_posts.empty_form(access.document)
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
