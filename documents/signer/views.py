"""The public signing pages: read, agree, code, done. Plain forms; scripts only make them nicer."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from documents.access.links import LinkState, may_delegate
from documents.core.agreement_offers import accepted_before, due_offer
from documents.core.agreement_papers import text_for
from documents.core.dates import date_time, day
from documents.core.page_pictures import sheets_of
from documents.models import Document, Signer, StoredFile
from documents.news import notices
from documents.news.letters import refuser_of
from documents.signer import services
from documents.signer.access import Access, remember, signing_page, visit_of
from documents.signer.forms import AgreeForm, CodeForm, DeclineForm
from employees.signatures import codes
from outbox.models import Delivery
from signx.errors import ErrorCode, SignXError
from signx.http import http_status

# Of the pages on which nothing can be signed.
HEADINGS: dict[LinkState, str | Promise] = {
    LinkState.NOT_YOUR_TURN: _("It is not your turn yet"),
    LinkState.PREPARING: _("The document is being prepared"),
    LinkState.DECLINED: _("You have declined to sign"),
    LinkState.DECLINED_BY_OTHER: _("The other side has declined"),
    LinkState.CANCELLED: _("The sender has withdrawn the document"),
    LinkState.ANNULLED: _("The document is annulled"),
    LinkState.EXPIRED: _("The term for signing is over"),
}
DOWNLOADS = (StoredFile.Kind.SIGNED, StoredFile.Kind.REPORT, StoredFile.Kind.AGREEMENT)


@require_safe
@signing_page
def document_page(request: HttpRequest, access: Access) -> HttpResponse:
    """Read the document, or see what became of it."""
    if access.state == LinkState.READY:
        shown = services.shown_file(access.document)
        context = _context(access) | {"sheets": sheets_of(shown), "shown": shown}
        return render(request, "signer/read.html", context)
    if access.state == LinkState.SIGNED:
        return render(request, "signer/done.html", _context(access) | _outcome(access))
    context = _context(access) | {
        "asked": request.GET.get("asked", ""),
        "heading": HEADINGS[access.state],
        "refuser": refuser_of(access.document),
    }
    if access.state == LinkState.ANNULLED:
        context |= _annulled(access)
    return render(request, "signer/state.html", context)


@require_POST
@signing_page
def viewed(request: HttpRequest, access: Access) -> HttpResponse:
    """Sent by the page after it was visible for two seconds; scanners of mail do not send it."""
    services.mark_viewed(access.signer, visit_of(request, access.signer), at=access.at)
    return HttpResponse(status=204)


@require_http_methods(["GET", "HEAD", "POST"])
@signing_page
def agree(request: HttpRequest, access: Access) -> HttpResponse:
    """Show what has to be accepted; POST accepts it and sends the code, as the button says."""
    if access.state != LinkState.READY:
        return redirect(access.url("document"))
    if request.method != "POST":
        return _agree(request, access)
    offer = due_offer(access.signer)
    form = AgreeForm(request.POST)
    if offer and not form.is_valid():
        return _agree(request, access, form=form)
    remember(request, access.signer, accepted=offer.digest if offer else "")
    services.mark_viewed(access.signer, visit_of(request, access.signer), at=access.at)
    return _send_code(request, access)


@require_POST
@signing_page
def send_code(request: HttpRequest, access: Access) -> HttpResponse:
    """«Отправить ещё раз» on the code page."""
    if access.state != LinkState.READY:
        return redirect(access.url("document"))
    return _send_code(request, access)


@require_http_methods(["GET", "HEAD", "POST"])
@signing_page
def code(request: HttpRequest, access: Access) -> HttpResponse:
    """Ask for the code; POST with the right one signs. Sending it twice shows the same result."""
    if access.state != LinkState.READY:
        return redirect(access.url("document"))
    if request.method == "POST":
        return _confirm(request, access)
    if services.live_code(access.signer, at=access.at) is None and "sent" not in request.GET:
        return redirect(access.url("agree"))
    return _code(request, access)


@require_http_methods(["GET", "HEAD", "POST"])
@signing_page
def decline(request: HttpRequest, access: Access) -> HttpResponse:
    """Ask for the reason; POST refuses for good."""
    if access.state != LinkState.READY:
        return redirect(access.url("document"))
    form = DeclineForm(request.POST) if request.method == "POST" else DeclineForm()
    if not form.is_valid():
        status = 422 if form.is_bound else 200
        context = _context(access) | {"form": form}
        return render(request, "signer/decline.html", context, status=status)
    visit = visit_of(request, access.signer)
    services.mark_viewed(access.signer, visit, at=access.at)
    services.decline(access.signer, form.sentence, visit, at=access.at)
    return redirect(access.url("document"))


@require_POST
@signing_page
def ask_sender(request: HttpRequest, access: Access) -> HttpResponse:
    """«Попросить новую ссылку» of an expired link, «Адрес изменился» of the code page."""
    visit = visit_of(request, access.signer)
    if access.state == LinkState.EXPIRED:
        services.ask_sender(access.signer, services.Request.NEW_LINK, visit, at=access.at)
        return redirect(access.url("document") + _asked(access))
    if access.state == LinkState.READY:
        services.ask_sender(access.signer, services.Request.ADDRESS_CHANGED, visit, at=access.at)
        return redirect(access.url("agree") + _asked(access))
    return redirect(access.url("document"))


def _asked(access: Access) -> str:
    """What the page says then: that the sender was told, or that there was nobody to tell."""
    return "?asked=1" if notices.askable(access.document) else "?asked=nobody"


@require_safe
@signing_page
def progress(request: HttpRequest, access: Access) -> HttpResponse:
    """What the done page asks while the files are being made."""
    return JsonResponse({"status": access.document.status})


def _agree(request: HttpRequest, access: Access, form: AgreeForm | None = None) -> HttpResponse:
    offer = due_offer(access.signer)
    earlier = accepted_before(access.signer) if offer is None else None
    has_text = offer is not None and offer.own_file is None
    context = _context(access) | {
        "offer": offer,
        "accepted_on": day(earlier.accepted_at, _language()) if earlier else "",
        "agreed": offer is not None or earlier is not None,
        "agreement": text_for(access.signer) if has_text else None,
        "form": form or AgreeForm(),
        "address": codes.mask_address(access.signer.code_address),
        "asked": request.GET.get("asked", ""),
    }
    return render(request, "signer/agree.html", context, status=422 if form else 200)


def _send_code(request: HttpRequest, access: Access) -> HttpResponse:
    visit = visit_of(request, access.signer)
    try:
        services.request_code(access.signer, visit, at=access.at)
    except SignXError as error:
        if error.code == ErrorCode.CONSENT_MISSING:
            return redirect(access.url("agree"))
        if error.code != ErrorCode.CODE_TOO_SOON:
            raise
        # Pressed twice, or back and forth: the code sent a moment ago still counts.
        return redirect(access.url("code") + "?sent=earlier")
    return redirect(access.url("code") + "?sent=now")


def _confirm(request: HttpRequest, access: Access) -> HttpResponse:
    form = CodeForm(request.POST)
    if not form.is_valid():
        return _code(request, access, form=form, status=422)
    visit = visit_of(request, access.signer)
    try:
        services.confirm(access.signer, form.cleaned_data["code"], visit, at=access.at)
    except SignXError as error:
        if error.code == ErrorCode.CONSENT_MISSING:
            return redirect(access.url("agree"))
        access.signer.refresh_from_db()
        if access.signer.status == Signer.Status.SIGNED:
            # Pressed twice: the other press has signed, and there is nothing to complain about.
            return redirect(access.url("document"))
        if error.code not in (ErrorCode.CODE_WRONG, ErrorCode.CODE_EXPIRED):
            raise
        form.add_error("code", error.sentence)
        return _code(request, access, form=form, status=http_status(error.code))
    return redirect(access.url("document"))


def _code(
    request: HttpRequest, access: Access, *, form: CodeForm | None = None, status: int = 200
) -> HttpResponse:
    live = services.live_code(access.signer, at=access.at)
    left_s = int((live.expires_at - access.at).total_seconds()) if live else 0
    context = _context(access) | {
        "form": form or CodeForm(),
        "is_early": live is not None and request.GET.get("sent") == "earlier",
        "address": codes.mask_address(access.signer.code_address),
        "is_live": live is not None,
        "left_s": left_s,
        "left_minutes": max(1, round(left_s / 60)),
        "resend_s": services.seconds_to_next_code(access.signer, at=access.at),
    }
    return render(request, "signer/code.html", context, status=status)


def _context(access: Access) -> dict[str, Any]:
    document = access.document
    company = document.signers.filter(side=Signer.Side.COMPANY).first()
    return {
        "access": access,
        "state": access.state,
        "token": access.token,
        "document": document,
        "signer": access.signer,
        "organisation": company.organisation if company else "",
        "sender": document.sender.name if document.sender else (company.name if company else ""),
        "due": date_time(document.expires_at, _language()),
        "due_day": day(document.expires_at, _language()),
        "may_delegate": may_delegate(access.signer),
        "parties": [_party(signer) for signer in document.signers.all()],
    }


def _party(signer: Signer) -> dict[str, Any]:
    is_signed = signer.status == Signer.Status.SIGNED
    return {
        "name": signer.name,
        "role": signer.role,
        "organisation": signer.organisation,
        "is_signed": is_signed,
        "decided": date_time(signer.decided_at, _language())
        if is_signed and signer.decided_at
        else "",
    }


def _results(document: Document) -> list[StoredFile]:
    """What the parties may take away, in the order of DOWNLOADS."""
    files = {stored.kind: stored for stored in document.files.filter(kind__in=DOWNLOADS)}
    return [files[kind] for kind in DOWNLOADS if kind in files]


def _annulled(access: Access) -> dict[str, Any]:
    document = access.document
    return {
        "files": _results(document),
        "annulled": date_time(document.annulled_at, _language()) if document.annulled_at else "",
        "signed": date_time(document.closed_at, _language()) if document.closed_at else "",
    }


def _outcome(access: Access) -> dict[str, Any]:
    document = access.document
    waiting = document.signers.exclude(status=Signer.Status.SIGNED).first()
    return {
        "signed_at": date_time(access.signer.decided_at, _language())
        if access.signer.decided_at
        else "",
        "files": _results(document),
        "waiting": waiting,
        "is_completed": document.status == Document.Status.COMPLETED,
        "is_annulment_proposed": document.annulments.open().exists(),
        "is_sealing": document.status == Document.Status.SEALING,
        "address": codes.mask_address(access.signer.email),
        "copy_state": _copy_state(access),
    }


def _copy_state(access: Access) -> str:
    """Where the letter with the signed copy is; empty when there will be none."""
    if not access.signer.email:
        return ""
    if access.document.status != Document.Status.COMPLETED:
        return "later"
    copies = Delivery.objects.filter(key=notices.copy_key(access.signer))
    return copies.exclude(state=Delivery.State.DEAD).values_list("state", flat=True).first() or ""


def _language() -> str:
    return translation.get_language() or "en"
