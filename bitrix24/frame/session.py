"""Who looks into the frame: a verified entry, then a session in a header. No cookies.

Source: Bitrix24 docs, settings/oauth/simple-way (app.info is the trusted status source).
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone, translation
from django.views.decorators.csrf import csrf_exempt

from bitrix24.calls import offers
from bitrix24.calls.offers import Offer
from bitrix24.installation import wizard
from bitrix24.models import FrameLook, FrameSession, Portal
from bitrix24.rest import client
from bitrix24.rest.records import parse_profile
from bitrix24.tokens import oauth
from bitrix24.wire import transport
from bitrix24.wire.addresses import netloc
from bitrix24.wire.answers import as_dict, as_int, as_text
from bitrix24.wire.errors import STALE_TOKEN
from signx.errors import RETRYABLE, ErrorCode, SignXError
from signx.http import client_ip
from signx.limits import Rule, network_of, require_left, spend

SLIDING_LIFE = timedelta(hours=1)
HARD_LIFE = timedelta(hours=12)
# How exactly the last use is remembered: not every request of a page needs a write.
SEEN_STEP = timedelta(minutes=1)
LANGUAGES = {"ua": "ru", "kz": "ru", "by": "ru", "la": "en"}
FILE_LINK_SALT = "bitrix24.frame-file"
# Today 70 hexadecimal digits; what is certainly none is not worth a request.
ACCESS_TOKEN = re.compile(r"[\w.|:+/=~-]{20,2000}", re.ASCII)
# An office of hundreds that opens the application at nine is not refused at all; a page left open
# over night is, once.
REFUSED_ENTRIES = Rule("entries_refused", 60, timedelta(minutes=10))
CLAIMED_HOST = re.compile(r"[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63}){0,8}(:[0-9]{1,5})?")

View = Callable[..., HttpResponse]


@dataclass(frozen=True, slots=True)
class Entry:
    """Who opened the application inside a portal, as the authorization server knows him."""

    portal: Portal
    bitrix_user_id: int
    user_name: str
    is_portal_admin: bool
    language: str
    placement: str = "DEFAULT"
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def entity_id(self) -> str:
        """The CRM item of a card's tab or button; empty elsewhere."""
        return as_text(self.options.get("ID") or self.options.get("ENTITY_ID"))[:40]


def verify_entry(request: HttpRequest) -> Entry:
    """Check the portal's cross-site POST, and remember portal and tokens.

    The authorization server is asked first; no request goes to a host that it has not confirmed.
    Raises SignXError: REQUEST_FORGED, SESSION_EXPIRED for a stale token, PORTAL_UNREACHABLE.
    """
    info, server = _confirmed(request)
    portal = wizard.remember_portal(info, server, language=_language(request))
    offer = Offer(
        access_token=request.POST["AUTH_ID"],
        refresh_token=request.POST.get("REFRESH_ID", ""),
        expires_in_s=as_int(request.POST.get("AUTH_EXPIRES")),
        application_token=request.POST.get("APPLICATION_TOKEN", ""),
        server_endpoint=server,
    )
    profile = offers.accept(portal, info, offer)
    return Entry(
        portal=portal,
        bitrix_user_id=info.user_id,
        user_name=profile.name,
        is_portal_admin=profile.is_admin,
        language=_language(request),
        placement=as_text(request.POST.get("PLACEMENT"))[:60] or "DEFAULT",
        options=_options(request),
    )


def open_frame(entry: Entry, at: datetime | None = None) -> tuple[FrameSession, str]:
    """A new session and its token, which is kept only as a hash."""
    at = at or timezone.now()
    token = secrets.token_urlsafe(32)
    look = look_of(entry.portal, entry.bitrix_user_id)
    frame = FrameSession.objects.create(
        portal=entry.portal,
        bitrix_user_id=entry.bitrix_user_id,
        user_name=entry.user_name[:200],
        is_portal_admin=entry.is_portal_admin,
        token_hash=hash_token(token),
        language=look.language or entry.language,
        is_dark=look.is_dark,
        placement=entry.placement,
        placement_entity_id=entry.entity_id,
        created_at=at,
        seen_at=at,
        confirmed_at=at,
    )
    return frame, token


def look_of(portal: Portal, bitrix_user_id: int) -> FrameLook:
    """What a person chose, or nothing chosen."""
    chosen = FrameLook.objects.filter(portal=portal, bitrix_user_id=bitrix_user_id).first()
    return chosen or FrameLook(portal=portal, bitrix_user_id=bitrix_user_id)


def choose_look(frame: FrameSession, *, language: str, is_dark: bool) -> None:
    """For this frame at once, and for all that this person will open."""
    frame.language, frame.is_dark = language, is_dark
    frame.save(update_fields=["language", "is_dark"])
    FrameLook.objects.update_or_create(
        portal=frame.portal,
        bitrix_user_id=frame.bitrix_user_id,
        defaults={"language": language, "is_dark": is_dark},
    )


def renew_frame(request: HttpRequest) -> tuple[FrameSession, str]:
    """A new session for a page whose session has run out, in exchange for a fresh AUTH_ID.

    The old token, if it is sent along, only says which page it was. Raises SignXError.
    """
    claimed = as_text(request.POST.get("member_id"))
    portal = Portal.objects.active().filter(member_id=claimed).first()
    if portal is None:
        raise SignXError(ErrorCode.NOT_FOUND, "the portal is not installed")
    info, _server = _confirmed(request)
    profile = parse_profile(client.call_with_token(portal, request.POST["AUTH_ID"], "profile"))
    page = FrameSession.objects.filter(
        token_hash=hash_token(_bearer(request)), portal=portal, bitrix_user_id=info.user_id
    ).first()
    entry = Entry(
        portal=portal,
        bitrix_user_id=info.user_id,
        user_name=profile.name,
        is_portal_admin=profile.is_admin,
        language=page.language if page else _language(request),
        placement=page.placement if page else "DEFAULT",
        options={"ID": page.placement_entity_id} if page else {},
    )
    return open_frame(entry)


def hash_token(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


class FrameSessionMiddleware:
    """Sets `request.frame` and `request.frame_token` from `Authorization: Bearer`; from here on
    somebody waits."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = _bearer(request)
        frame = live_frame(token, timezone.now()) if token and _is_ours(request) else None
        set_frame(request, frame, token if frame else "")
        with transport.somebody_waits():
            response = self.get_response(request)
        frame = getattr(request, "frame", None)
        if frame is not None and not hasattr(response, "frame_origin"):
            response.frame_origin = frame.portal.origin  # type: ignore[attr-defined]
        return response


def set_frame(request: HttpRequest, frame: FrameSession | None, token: str) -> None:
    """Make a session the request's own; everything after speaks its language."""
    request.frame = frame  # type: ignore[attr-defined]
    request.frame_token = token  # type: ignore[attr-defined]
    if frame is not None:
        translation.activate(frame.language)
        request.LANGUAGE_CODE = frame.language


def live_frame(token: str, at: datetime) -> FrameSession | None:
    """The session of a token while it lives: an hour since its last use, 12 hours in all."""
    frame = _alive(at).filter(token_hash=hash_token(token)).first()
    if frame is not None and frame.seen_at < at - SEEN_STEP:
        frame.seen_at = at
        frame.save(update_fields=["seen_at"])
    return frame


def frame_required(view: View) -> View:
    """Only with a live frame session; SESSION_EXPIRED otherwise.

    A header cannot be sent by another site's form, so Django's CSRF cookie is not asked for.
    """

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if getattr(request, "frame", None) is None:
            raise SignXError(ErrorCode.SESSION_EXPIRED)
        return view(request, *args, **kwargs)

    return csrf_exempt(checked)


def signed_file_url(
    purpose: str,
    object_id: int | str,
    frame: FrameSession,
    minutes: int = 5,
    *,
    route: str,
) -> str:
    """Address of a download or an image that a frame may fetch without the header for a while.

    `route` takes one argument, the token that `check_signed_file` reads.
    """
    return reverse(route, args=[signed_file_token(purpose, object_id, frame, minutes)])


def signed_file_token(
    purpose: str, object_id: int | str, frame: FrameSession, minutes: int = 5
) -> str:
    expires_at = int((timezone.now() + timedelta(minutes=minutes)).timestamp())
    return signing.dumps(
        {"p": purpose, "o": str(object_id), "f": frame.pk, "e": expires_at}, salt=FILE_LINK_SALT
    )


def check_signed_file(token: str, purpose: str) -> tuple[FrameSession, str]:
    """The session that a link was made for, and the object's id. Rights are for the caller to read.

    Raises SignXError(LINK_INVALID) for another purpose, after its time or after the session's end.
    """
    try:
        link = signing.loads(token, salt=FILE_LINK_SALT)
    except signing.BadSignature as error:
        raise SignXError(ErrorCode.LINK_INVALID, "signature") from error
    now = timezone.now()
    if link["p"] != purpose or link["e"] < now.timestamp():
        raise SignXError(ErrorCode.LINK_INVALID, "purpose or time")
    frame = _alive(now).filter(pk=link["f"]).first()
    if frame is None:
        raise SignXError(ErrorCode.LINK_INVALID, "the session is over")
    return frame, link["o"]


def _alive(at: datetime) -> Any:
    return FrameSession.objects.select_related("portal").filter(
        seen_at__gt=at - SLIDING_LIFE,
        created_at__gt=at - HARD_LIFE,
        portal__status__in=[Portal.Status.ACTIVE, Portal.Status.INSTALLING],
    )


def _bearer(request: HttpRequest) -> str:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def _is_ours(request: HttpRequest) -> bool:
    """A browser names the page that sends the request; only our own pages hold the token."""
    origin = request.headers.get("Origin")
    return origin is None or origin == settings.PUBLIC_URL


def _confirmed(request: HttpRequest) -> tuple[oauth.AppInfo, str]:
    """What the authorization server says of AUTH_ID, if that is what the request claims.

    Anybody can send us there, so the refusals of a network are counted, and only they are.
    """
    at, network = timezone.now(), network_of(client_ip(request))
    require_left(REFUSED_ENTRIES, network, at=at)
    try:
        return _introduced(request)
    except SignXError as error:
        if error.code not in RETRYABLE:
            spend(REFUSED_ENTRIES, network, at=at)
        raise


def _introduced(request: HttpRequest) -> tuple[oauth.AppInfo, str]:
    access_token = request.POST.get("AUTH_ID", "")
    if not ACCESS_TOKEN.fullmatch(access_token) or not request.POST.get("member_id"):
        raise SignXError(ErrorCode.REQUEST_FORGED, "no AUTH_ID or member_id")
    server = oauth.server_for(request.POST.get("SERVER_ENDPOINT", ""))
    try:
        info = oauth.app_info(access_token, server)
    except client.BitrixError as error:
        if error.is_one_of(STALE_TOKEN):
            raise SignXError(ErrorCode.SESSION_EXPIRED, error.detail) from error
        raise
    claimed_domain = request.GET.get("DOMAIN", request.POST.get("DOMAIN", "")).lower()
    if info.client_id != settings.BITRIX24_CLIENT_ID:
        raise SignXError(ErrorCode.REQUEST_FORGED, "the token is another application's")
    if not info.member_id or info.member_id != request.POST.get("member_id"):
        raise SignXError(ErrorCode.REQUEST_FORGED, "member_id")
    if claimed_domain not in _names_of(info):
        raise SignXError(ErrorCode.REQUEST_FORGED, "domain")
    return info, server


def _names_of(info: oauth.AppInfo) -> set[str]:
    """How the portal may call itself: a self-hosted one gives its port here and not there."""
    known = netloc(info.client_endpoint)
    return {info.domain, known, urlsplit(info.client_endpoint).netloc.lower()} - {""}


def claimed_origin(request: HttpRequest) -> str:
    """Origin of the portal that a request says it comes from; empty unless it reads like a host."""
    domain = request.GET.get("DOMAIN", "").lower()
    if not CLAIMED_HOST.fullmatch(domain):
        return ""
    scheme = "http" if request.GET.get("PROTOCOL") == "0" else "https"
    return f"{scheme}://{domain}"


def _language(request: HttpRequest) -> str:
    code = (request.GET.get("LANG") or request.POST.get("LANG") or "ru").lower()[:8]
    known = dict(settings.LANGUAGES)
    return code if code in known else LANGUAGES.get(code, "en")


def _options(request: HttpRequest) -> dict[str, Any]:
    """PLACEMENT_OPTIONS: a JSON string, `[]` when empty, or absent. Ids in it are claims only."""
    try:
        return as_dict(json.loads(request.POST.get("PLACEMENT_OPTIONS", "") or "{}"))
    except (ValueError, RecursionError):
        return {}
