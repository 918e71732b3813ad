"""/pki/: what checkers of signatures fetch. Public, not personal, the same for everybody."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from employees.signatures import pki

# A checker's cache may keep a list this long; its own next update is days away.
_KEEP_S = 3600


@require_safe
@cache_control(public=True, max_age=_KEEP_S)
def revocation_list(request: HttpRequest, serial: str) -> HttpResponse:
    """Content type by RFC 5280, 4.2.1.13."""
    der = pki.published_list(serial, at=timezone.now())
    return HttpResponse(der, content_type="application/pkix-crl")


@require_safe
@cache_control(public=True, max_age=_KEEP_S)
def certificate(request: HttpRequest, serial: str) -> HttpResponse:
    """Content type by RFC 5280, 4.2.2.1."""
    der = pki.published_certificate(serial)
    return HttpResponse(der, content_type="application/pkix-cert")
