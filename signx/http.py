"""The edge of the web: errors become answers, answers carry security headers."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import get_language

from signx.errors import ErrorCode, SignXError
from signx.web.callers import address_of

log = logging.getLogger(__name__)
GetResponse = Callable[[HttpRequest], HttpResponse]

HTTP_STATUS: dict[ErrorCode, int] = {
    ErrorCode.NOT_FOUND: 404,
    ErrorCode.DOCUMENT_NOT_FOUND: 404,
    ErrorCode.LINK_INVALID: 410,
    ErrorCode.SESSION_EXPIRED: 401,
    ErrorCode.REQUEST_FORGED: 403,
    ErrorCode.RIGHT_MISSING: 403,
    ErrorCode.STATUS_CONFLICT: 409,
    ErrorCode.NOT_YOUR_TURN: 409,
    ErrorCode.CODE_LIMIT: 429,
    ErrorCode.CODE_TOO_SOON: 429,
    ErrorCode.LIMIT_REACHED: 429,
    ErrorCode.PORTAL_UNREACHABLE: 502,
    ErrorCode.ADMIN_UNCONFIRMED: 503,
    ErrorCode.PORTAL_BUSY: 503,
    ErrorCode.SERVICE_BUSY: 503,
    ErrorCode.INTERNAL_ERROR: 500,
}

# In the environ of a request that found its lane full (signx.web.gateway).
BUSY_MARK = "signx.busy"
RETRY_AFTER_S = 60

PUBLIC_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}


def http_status(code: ErrorCode) -> int:
    return HTTP_STATUS.get(code, 422)


def client_ip(request: HttpRequest) -> str:
    """The caller's address, without a port: X-Forwarded-For is believed only as far as our own
    proxies reach."""
    forwarded = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",")]
    named = str(request.META.get("REMOTE_ADDR", ""))
    if settings.TRUSTED_PROXIES and len(forwarded) >= settings.TRUSTED_PROXIES:
        named = forwarded[-settings.TRUSTED_PROXIES]
    return str(address_of(named) or named)


def frame_policy(portal_origin: str) -> str:
    """CSP of a page inside one verified portal's frame; `portal_origin` like https://a.example."""
    bridge = "/".join(settings.BITRIX24_JS_URL.split("/")[:3])
    policy = PUBLIC_POLICY | {
        "script-src": f"'self' {bridge}",
        "frame-ancestors": portal_origin or "'none'",
    }
    return _render_policy(policy)


def _render_policy(policy: dict[str, str]) -> str:
    return "; ".join(f"{name} {value}" for name, value in policy.items())


class SecurityHeadersMiddleware:
    """A strict policy on every answer. A frame page names its portal in `response.frame_origin`."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        origin = getattr(response, "frame_origin", None)
        if origin is not None:
            response.headers["Content-Security-Policy"] = frame_policy(origin)
            response.headers["Cache-Control"] = "no-store"
        else:
            response.headers.setdefault("Content-Security-Policy", _render_policy(PUBLIC_POLICY))
            response.headers.setdefault("X-Frame-Options", "DENY")
        return response


class BusyMiddleware:
    """Answers requests that nobody has the time to serve."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.META.get(BUSY_MARK):
            return self.get_response(request)
        return error_response(request, SignXError(ErrorCode.SERVICE_BUSY))


class ErrorsMiddleware:
    """Turns SignXError into an answer a person or a program can act on."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # No address of ours has a NUL, and PostgreSQL refuses one with an exception.
        if "\0" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
            return page_not_found(request)
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, SignXError):
            return None
        log.info("%s %s -> %s", request.method, request.path, exception)
        return error_response(request, exception)


def error_response(request: HttpRequest, error: SignXError) -> HttpResponse:
    """JSON for programs, a part for htmx, a page for people."""
    response = _in_words(request, error)
    if isinstance(minutes := error.context.get("minutes"), int):
        response.headers["Retry-After"] = str(minutes * 60)
    elif response.status_code == 503:
        response.headers["Retry-After"] = str(RETRY_AFTER_S)
    return response


def _in_words(request: HttpRequest, error: SignXError) -> HttpResponse:
    status = http_status(error.code)
    body = {"error": error.code.value, "message": error.sentence}
    if request.headers.get("HX-Request") or getattr(request, "frame", None):
        response = render(request, "error_part.html", body, status=status)
        frame = getattr(request, "frame", None)
        if frame:
            response.frame_origin = frame.portal.origin  # type: ignore[attr-defined]
        return response
    if "text/html" in request.headers.get("Accept", ""):
        return render(request, "error_page.html", body, status=status)
    return JsonResponse(body, status=status)


def page_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Django's handler404."""
    return error_response(request, SignXError(ErrorCode.NOT_FOUND))


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Django's handler400: too big, or not to be read."""
    response = error_response(request, SignXError(ErrorCode.REQUEST_FORGED))
    response.status_code = 400
    return response


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500; the exception is in the log already."""
    return error_response(request, SignXError(ErrorCode.INTERNAL_ERROR))


def api_exception_handler(error: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """SignXError in DRF views; everything else is DRF's own."""
    from rest_framework.views import exception_handler

    if isinstance(error, SignXError):
        return error_response(context["request"], error)
    return exception_handler(error, context)


def page_context(request: HttpRequest) -> dict[str, Any]:
    """What every template may use."""
    return {
        "operator_name": settings.OPERATOR_NAME,
        "support_email": settings.SUPPORT_EMAIL,
        "language": get_language(),
        "frame": getattr(request, "frame", None),
        "bitrix24_js_url": settings.BITRIX24_JS_URL,
    }
