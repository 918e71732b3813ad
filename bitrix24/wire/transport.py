"""The one HTTP session to Bitrix24: no proxies, no cookies, no redirects, pinned addresses, and
no exchange that outlives its time."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from django.conf import settings
from requests.adapters import BaseAdapter, HTTPAdapter

from bitrix24.wire import connections
from bitrix24.wire.addresses import check_url, netloc
from bitrix24.wire.errors import unreachable

# A normal browser-like name: the portal's proxy answers 404 to file requests without one.
USER_AGENT = "Mozilla/5.0 (compatible; SIGNX/1.0)"
ANSWER_LIMIT_BYTES = 16 * 1024 * 1024
# From the first name server to the last byte, however slowly they come.
TOTAL_S = 120
# While somebody waits for his page: few threads serve people, and one portal that hangs must not
# hold them all.
PERSON_TOTAL_S = 20
ENTRY_TOTAL_S = 10
_CHUNK_BYTES = 64 * 1024

_lock = threading.Lock()
_session: requests.Session | None = None
_limit_s: ContextVar[float | None] = ContextVar("limit_s", default=None)


class PinnedAdapter(HTTPAdapter):
    """Connects to addresses that were checked, in time (bitrix24.wire.connections)."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        # Loaded in addition to the bundle that requests brings.
        own = settings.CA_CERTIFICATES or None
        super().init_poolmanager(*args, ca_cert_data=own, **kwargs)
        self.poolmanager.pool_classes_by_scheme = connections.POOLS


@contextmanager
def somebody_waits(at_most_s: float = PERSON_TOTAL_S) -> Iterator[None]:
    """Exchanges within are for a person who waits, and none of them may take longer."""
    before = _limit_s.set(at_most_s)
    try:
        yield
    finally:
        _limit_s.reset(before)


def is_waited_for() -> bool:
    """Whether a person waits for what is asked now."""
    return _limit_s.get() is not None


def session() -> requests.Session:
    """The process's session, made at first use."""
    global _session
    with _lock:
        if _session is None:
            _session = _new_session()
        return _session


def mount(prefix: str, adapter: BaseAdapter) -> None:
    """Answer URLs that begin with `prefix` from `adapter`: for portals inside a test process."""
    session().mount(prefix, adapter)


def reset() -> None:
    """Forget the session and what was mounted on it."""
    global _session
    with _lock:
        _session = None


def post(
    url: str,
    *,
    json: Mapping[str, Any] | None = None,
    files: Mapping[str, tuple[str, bytes]] | None = None,
    total_s: float = TOTAL_S,
) -> tuple[requests.Response, bytes]:
    """POST JSON or a multipart form; the answer with its body, at most ANSWER_LIMIT_BYTES.

    Raises BitrixError(PORTAL_UNREACHABLE).
    """
    headers = {"Accept": "application/json"}
    return _send("POST", url, ANSWER_LIMIT_BYTES, total_s, json=json, files=files, headers=headers)


def get(
    url: str,
    *,
    params: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    limit_bytes: int = ANSWER_LIMIT_BYTES,
    total_s: float = TOTAL_S,
) -> tuple[requests.Response, bytes]:
    """GET; the answer with its body, at most `limit_bytes`.

    Raises BitrixError(PORTAL_UNREACHABLE).
    """
    return _send("GET", url, limit_bytes, total_s, params=params, headers=headers)


def _send(
    method: str, url: str, limit_bytes: int, total_s: float, **arguments: Any
) -> tuple[requests.Response, bytes]:
    check_url(url)
    arguments["headers"] = {"User-Agent": USER_AGENT} | dict(arguments.get("headers") or {})
    arguments["timeout"] = settings.BITRIX24_TIMEOUT_S
    connections.begin(min(total_s, _limit_s.get() or total_s))
    try:
        with session().request(
            method, url, allow_redirects=False, stream=True, **arguments
        ) as response:
            return response, _read(response, limit_bytes)
    # ValueError: requests reads the address of a redirect even if nobody follows it.
    except (requests.RequestException, ValueError) as error:
        raise unreachable(netloc(url), type(error).__name__) from error


def _read(response: requests.Response, limit_bytes: int) -> bytes:
    body = bytearray()
    for chunk in response.iter_content(_CHUNK_BYTES):
        body += chunk
        if len(body) > limit_bytes:
            raise unreachable("answer", "it is too big", response.status_code)
    return bytes(body)


def _new_session() -> requests.Session:
    new = requests.Session()
    new.trust_env = False
    new.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    new.mount("https://", PinnedAdapter(pool_maxsize=20))
    new.mount("http://", PinnedAdapter(pool_maxsize=20))
    return new
