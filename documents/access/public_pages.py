"""What every public page answers: its language, its headers, and a problem in words."""

from __future__ import annotations

import logging
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation

from signx.errors import ErrorCode, SignXError
from signx.http import RETRY_AFTER_S, http_status

log = logging.getLogger(__name__)


def private(response: HttpResponse) -> HttpResponse:
    """Headers of an answer that only the holder of a link may see."""
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    return response


def problem(
    request: HttpRequest, error: SignXError, *, back: str = "", language_back: str = ""
) -> HttpResponse:
    """A full page that says what happened and what to do next; `language_back` is where the switch
    of languages leads when the address itself takes no GET."""
    log.info("%s %s -> %s", request.method, request.path, error)
    status = http_status(error.code)
    is_dead_link = error.code == ErrorCode.LINK_INVALID
    context = {"error": error, "back": back, "is_dead_link": is_dead_link}
    context["language_back"] = language_back
    response = render(request, "signer/problem.html", context, status=status)
    if error.code == ErrorCode.SERVICE_BUSY:
        response.headers["Retry-After"] = str(RETRY_AFTER_S)
    if isinstance(minutes := error.context.get("minutes"), int):
        response.headers["Retry-After"] = str(minutes * 60)
    return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that came from elsewhere, or from a browser that keeps no cookies."""
    match = request.resolver_match
    token = match.kwargs.get("token") if match else None
    here = reverse("public:document", args=[token]) if token else ""
    error = SignXError(ErrorCode.REQUEST_FORGED, reason)
    return private(problem(request, error, language_back=here))


def speaking(request: HttpRequest, preferred: str) -> Any:
    """The language of a public page: the visitor's choice, the document's, the browser's."""
    known = dict(settings.LANGUAGES)
    chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    for language in (chosen, preferred.lower()[:2]):
        if language in known:
            return translation.override(language)
    return translation.override(translation.get_language())
