"""What the portal opens and calls: the wizard, the application's frame, events."""

from __future__ import annotations

import logging
from datetime import timedelta
from functools import wraps

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST
from django_q.tasks import async_task

from bitrix24.calls import incoming
from bitrix24.frame.confirmation import confirm
from bitrix24.frame.pages import page_for
from bitrix24.frame.session import (
    Entry,
    View,
    claimed_origin,
    frame_required,
    open_frame,
    renew_frame,
    set_frame,
    verify_entry,
)
from bitrix24.installation import features, lifecycle, wizard
from bitrix24.models import Portal
from signx.errors import ErrorCode, SignXError
from signx.http import error_response, http_status

log = logging.getLogger(__name__)
CHECK_EVERY = timedelta(hours=1)


def shown_in_frame(view: View) -> View:
    """An entry that is refused says why inside the frame instead of leaving it blank.

    The host is only claimed then, so the page that it may frame holds nothing but the reason.
    """

    @wraps(view)
    def shown(request: HttpRequest) -> HttpResponse:
        try:
            return view(request)
        except SignXError as error:
            log.warning("%s of %s is refused: %s", request.path, claimed_origin(request), error)
            response = error_response(request, error)
            if origin := claimed_origin(request):
                response.frame_origin = origin  # type: ignore[attr-defined]
            return response

    return shown


@csrf_exempt  # a cross-site POST of the portal; verify_entry checks it
@require_http_methods(["GET", "HEAD", "POST"])
@shown_in_frame
def install_page(request: HttpRequest) -> HttpResponse:
    """The wizard. Bitrix24 checks the address with HEAD when it is saved."""
    if request.method != "POST":
        return _outside(request)
    entry = verify_entry(request)
    _enter(request, entry)
    return _wizard(request, entry)


@csrf_exempt  # a cross-site POST of the portal; verify_entry checks it
@require_http_methods(["GET", "HEAD", "POST"])
@shown_in_frame
def app_page(request: HttpRequest) -> HttpResponse:
    """The application in the left menu, in a card's tab or in a slider."""
    if request.method != "POST":
        return _outside(request)
    entry = verify_entry(request)
    _enter(request, entry)
    if entry.portal.status != Portal.Status.ACTIVE:
        return _wizard(request, entry)
    _look_over(entry)
    # The page is read, not posted to; and the portal's tokens go no further than here.
    request.method, request.POST = "GET", QueryDict()
    return page_for(entry.placement)(request)


@require_POST
@frame_required
def install_step(request: HttpRequest, number: int) -> HttpResponse:
    """One step of the wizard: 200, or the reason in words that an administrator can act on."""
    frame = request.frame  # type: ignore[attr-defined]
    try:
        confirm(frame, timezone.now())
        if not frame.is_portal_admin:
            raise SignXError(ErrorCode.RIGHT_MISSING, name=frame.user_name, reason="ADMIN")
        is_last = wizard.run_step(frame.portal, number, user_id=frame.bitrix_user_id)
    except SignXError as error:
        # Answered here as JSON: the wizard's script shows the sentences beside the step.
        causes = features.sentences(frame.portal) if error.code == ErrorCode.RIGHT_MISSING else []
        body = {"error": error.code.value, "message": " ".join([error.sentence, *causes])}
        return JsonResponse(body, status=http_status(error.code))
    notes = features.sentences(frame.portal) if is_last else []
    return JsonResponse({"done": number, "is_last": is_last, "notes": notes})


@csrf_exempt  # an expired page has nothing but the portal's fresh token
@require_POST
def session(request: HttpRequest) -> JsonResponse:
    """A new session for a page that outlived its own, for AUTH_ID and member_id."""
    origin = request.headers.get("Origin")
    if origin is not None and origin != settings.PUBLIC_URL:
        raise SignXError(ErrorCode.REQUEST_FORGED, "origin")
    frame, token = renew_frame(request)
    response = JsonResponse({"token": token})
    response.frame_origin = frame.portal.origin  # type: ignore[attr-defined]
    return response


@csrf_exempt  # called by the Bitrix24 queue server; lifecycle checks its token
def events(request: HttpRequest) -> HttpResponse:
    """Events of bitrix24.installation.wizard.EVENTS. Bitrix24 never repeats one."""
    if request.method in {"GET", "HEAD"}:
        return HttpResponse(status=200)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    lifecycle.receive_event(incoming.parse(request))
    return JsonResponse({"status": "ok"})


def _outside(request: HttpRequest) -> HttpResponse:
    """Opened in a browser, not in a portal."""
    return render(request, "bitrix24/outside.html")


def _enter(request: HttpRequest, entry: Entry) -> None:
    frame, token = open_frame(entry)
    set_frame(request, frame, token)


def _wizard(request: HttpRequest, entry: Entry) -> HttpResponse:
    if entry.is_portal_admin:
        wizard.begin(entry.portal)
    context = {
        "is_admin": entry.is_portal_admin,
        "is_update": entry.portal.status == Portal.Status.ACTIVE,
        "steps": [step.title for step in wizard.STEPS],
        "user_name": entry.user_name,
    }
    return render(request, "bitrix24/install.html", context)


def _look_over(entry: Entry) -> None:
    """Self-heal: the portal may have dropped robots and handlers without telling us."""
    checked_at = entry.portal.checked_at
    now = timezone.now()
    if not entry.is_portal_admin or (checked_at and checked_at > now - CHECK_EVERY):
        return
    Portal.objects.filter(pk=entry.portal.pk).update(look_over_at=now)
    async_task("bitrix24.tasks.run_due")
