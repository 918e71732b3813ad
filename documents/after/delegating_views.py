"""The public page on which a signer names the colleague who signs instead."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from documents.access import act_codes, links
from documents.access.act_codes import Act
from documents.access.links import LinkState, hash_token
from documents.access.public_pages import private, problem, speaking
from documents.after import delegating
from documents.after.forms import ColleagueForm
from documents.signer.access import SESSION_LIFE_S, Access, remember, signing_page, visit_of
from documents.signer.forms import CodeForm
from employees.signatures.codes import mask_address
from signx.errors import ErrorCode, SignXError
from signx.http import http_status

SLOT = "handed_over"


@require_http_methods(["GET", "HEAD", "POST"])
@signing_page
def delegate(request: HttpRequest, access: Access) -> HttpResponse:
    """Ask for the colleague; POST sends the code that confirms him."""
    if access.state != LinkState.READY or not links.may_delegate(access.signer):
        return redirect(access.url("document"))
    if request.method != "POST":
        return _page(request, access, _form(access))
    form = _form(access, request.POST)
    if not form.is_valid():
        return _page(request, access, form, status=422)
    remember(request, access.signer)
    visit = visit_of(request, access.signer)
    try:
        delegating.request_code(access.signer, form.colleague, visit, at=access.at)
    except SignXError as error:
        if error.code == ErrorCode.INPUT_INVALID:
            form.add_error("email", str(error.context["reason"]))
        elif error.code == ErrorCode.CODE_TOO_SOON:  # the last one was for another colleague
            form.add_error(None, error.sentence)
        else:
            raise
        return _page(request, access, form, status=http_status(error.code))
    return _page(request, access, form, code=CodeForm())


@require_POST
@signing_page
def confirm(request: HttpRequest, access: Access) -> HttpResponse:
    """With the right code the colleague takes the place; this link stops working."""
    if access.state != LinkState.READY:
        return redirect(access.url("document"))
    form, code = _form(access, request.POST), CodeForm(request.POST)
    if not form.is_valid():
        return _page(request, access, form, status=422)
    if not code.is_valid():
        return _page(request, access, form, code=code, status=422)
    to, visit = form.colleague, visit_of(request, access.signer)
    typed = code.cleaned_data["code"]
    try:
        delegating.delegate_signer(access.signer, to, code=typed, visit=visit, at=access.at)
    except SignXError as error:
        if error.code not in (ErrorCode.CODE_WRONG, ErrorCode.CODE_EXPIRED):
            raise
        code.add_error("code", error.sentence)
        return _page(request, access, form, code=code, status=http_status(error.code))
    told = {"title": access.document.title, "name": to.name, "address": mask_address(to.email)}
    request.session[SLOT] = told | {
        "link": hash_token(access.token),
        "lang": access.signer.language,
    }
    request.session.set_expiry(SESSION_LIFE_S)
    return redirect(access.url("delegated"))


@require_safe
def delegated(request: HttpRequest, token: str) -> HttpResponse:
    """What the one before reads after handing over, also when it is loaded again: the link is dead
    by then, and only this browser remembers what was done."""
    told = request.session.get(SLOT, {})
    if told.get("link") != hash_token(token):
        return private(problem(request, SignXError(ErrorCode.LINK_INVALID)))
    with speaking(request, told["lang"]):
        return private(render(request, "signer/delegated.html", told))


def _form(access: Access, data: QueryDict | None = None) -> ColleagueForm:
    return ColleagueForm(data, needs_phone=delegating.needs_phone(access.signer))


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
        "resend_s": act_codes.seconds_to_next(access.signer, Act.DELEGATE, at=access.at),
        "back": access.url("delegate"),
    }
    return render(request, "signer/delegate.html", context, status=status)
