"""The frame of every public signing page: link, language, page session, headers, problems."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial, wraps
from typing import Concatenate, ParamSpec
from zoneinfo import available_timezones

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone, translation

from documents.access import public_limits
from documents.access.links import LinkState, open_link, state_of
from documents.access.public_pages import private, problem, speaking
from documents.models import Document, Signer
from documents.signer.services import Visit
from signx.errors import ErrorCode, SignXError
from signx.http import client_ip

log = logging.getLogger(__name__)

SESSION_SLOT = "signing"
SESSION_LIFE_S = 12 * 3600
USER_AGENT_LIMIT = 300
P = ParamSpec("P")


@dataclass(frozen=True)
class Access:
    """An opened link: who came, in which state, when, and by which token."""

    token: str
    signer: Signer
    state: LinkState
    at: datetime

    @property
    def document(self) -> Document:
        return self.signer.document

    def url(self, name: str, *args: object) -> str:
        return reverse(f"public:{name}", args=[self.token, *args])


View = Callable[Concatenate[HttpRequest, Access, P], HttpResponse]


def signing_page(view: View[P]) -> Callable[..., HttpResponse]:
    """Open the link, speak the signer's language, and keep the answer out of caches and indexes."""

    @wraps(view)
    def page(request: HttpRequest, token: str, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            return private(_opened(request, token, partial(view, request), *args, **kwargs))
        except DatabaseError:
            log.exception("the database failed a signing page")
            back = reverse("public:document", args=[token])
            return private(problem(request, SignXError(ErrorCode.SERVICE_BUSY), back=back))

    return page


def _opened(
    request: HttpRequest,
    token: str,
    view: Callable[Concatenate[Access, P], HttpResponse],
    *args: P.args,
    **kwargs: P.kwargs,
) -> HttpResponse:
    at = timezone.now()
    try:
        signer = open_link(token, at=at)
    except SignXError as error:
        here = reverse("public:document", args=[token])
        return problem(request, _counted(error, request, at), language_back=here)
    with speaking(request, signer.language):
        try:
            access = Access(token, signer, state_of(signer, at=at), at)
            response = view(access, *args, **kwargs)
        except SignXError as error:
            response = problem(request, error, back=reverse("public:document", args=[token]))
        response.headers["Content-Language"] = translation.get_language() or "en"
    return response


def _counted(error: SignXError, request: HttpRequest, at: datetime) -> SignXError:
    """A dead link is counted against its network; too many of them are answered otherwise."""
    try:
        public_limits.count_dead_link(client_ip(request), at=at)
    except SignXError as limit:
        return limit
    return error


def visit_of(request: HttpRequest, signer: Signer) -> Visit:
    """The evidence of this request and what the page session remembers of this signer."""
    memory = _memory(request, signer)
    return Visit(
        ip=client_ip(request),
        user_agent=request.headers.get("User-Agent", "")[:USER_AGENT_LIMIT],
        time_zone=_time_zone(request.POST.get("time_zone", "")),
        session_key=memory.get("key", ""),
        accepted=memory.get("accepted", ""),
    )


def remember(request: HttpRequest, signer: Signer, *, accepted: str = "") -> None:
    """Open the page session of a signer, and note the agreement whose box was ticked.

    Only on POST: reading a page leaves nothing behind.
    """
    memory = _memory(request, signer)
    memory.setdefault("key", secrets.token_urlsafe(32))
    if accepted:
        memory["accepted"] = accepted
    request.session[SESSION_SLOT] = request.session.get(SESSION_SLOT, {}) | {str(signer.pk): memory}
    request.session.set_expiry(SESSION_LIFE_S)


def _memory(request: HttpRequest, signer: Signer) -> dict[str, str]:
    return dict(request.session.get(SESSION_SLOT, {}).get(str(signer.pk), {}))


def _time_zone(name: str) -> str:
    """A zone name the browser told, when it is one; never free text from outside."""
    return name if name in _zones() else ""


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
