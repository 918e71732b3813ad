"""The public page on which a signer names the colleague who signs instead."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from documents import delegating
from documents.after_forms import ColleagueForm
from documents.signer_access import Access, remember, signing_page, visit_of
from documents.signer_forms import CodeForm
from documents.signer_links import LinkState
from employees.codes import mask_address
from signx.errors import ErrorCode, SignXError
from signx.http import http_status


@require_http_methods(["GET", "HEAD", "POST"])
@signing_page
def delegate(request: HttpRequest, access: Access) -> HttpResponse:
    """Ask for the colleague; POST sends the code that confirms him."""
    if access.state != LinkState.READY or not delegating.may_delegate(access.signer):
        return redirect(access.url("document"))
    if request.method != "POST":
        return _page(request, access, ColleagueForm())
    form = ColleagueForm(request.POST)
    if not form.is_valid():
        return _page(request, access, form, status=422)
    remember(request, access.signer)
    visit = visit_of(request, access.signer)
    try:
        delegating.request_code(access.signer, form.colleague, visit, at=access.at)
    except SignXError as error:
        if error.code == ErrorCode.INPUT_INVALID:
            form.add_error("email", str(error.context["reason"]))
            return _page(request, access, form, status=422)
        if error.code != ErrorCode.CODE_TOO_SOON:
            raise
        # Pressed twice: the code sent a moment ago still counts, for the colleague named then.
    return _page(request, access, form, code=CodeForm())


@require_POST
@signing_page
def confirm(request: HttpRequest, access: Access) -> HttpResponse:
    """With the right code the colleague takes the place; this link stops working."""
    if access.state != LinkState.READY:
        return redirect(access.url("document"))
    form, code = ColleagueForm(request.POST), CodeForm(request.POST)
    if not form.is_valid():
        return _page(request, access, form, status=422)
    if not code.is_valid():
        return _page(request, access, form, code=code, status=422)
    to, visit = form.colleague, visit_of(request, access.signer)
    typed = code.cleaned_data["code"]
    try:
        delegating.delegate_signer(
            access.signer, name=to.name, email=to.email, code=typed, visit=visit, at=access.at
        )
    except SignXError as error:
        if error.code not in (ErrorCode.CODE_WRONG, ErrorCode.CODE_EXPIRED):
            raise
        code.add_error("code", error.sentence)
        return _page(request, access, form, code=code, status=http_status(error.code))
    context = {"document": access.document, "name": to.name, "address": mask_address(to.email)}
    return render(request, "signer/delegated.html", context)


def _page(
    request: HttpRequest,
    access: Access,
    form: ColleagueForm,
    *,
    code: CodeForm | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "access": access,
        "token": access.token,
        "document": access.document,
        "signer": access.signer,
        "form": form,
        "code_form": code,
        "address": mask_address(access.signer.code_address),
    }
    return render(request, "signer/delegate.html", context, status=status)
