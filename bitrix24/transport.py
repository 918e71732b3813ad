"""The one HTTP session to Bitrix24: no proxies, no cookies, no redirects, pinned addresses."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from django.conf import settings
from requests.adapters import BaseAdapter, HTTPAdapter

from bitrix24.addresses import address_of, check_url, netloc
from bitrix24.errors import unreachable

# A normal browser-like name: the portal's proxy answers 404 to file requests without one.
USER_AGENT = "Mozilla/5.0 (compatible; SIGNX/1.0)"
ANSWER_LIMIT_BYTES = 16 * 1024 * 1024
TOTAL_TIMEOUT_S = 120
_CHUNK_BYTES = 64 * 1024

_lock = threading.Lock()
_session: requests.Session | None = None


class PinnedAdapter(HTTPAdapter):
    """Connects to the address that was checked; name, Host header and certificate stay the host's.

    Resolving and connecting in one place leaves no second DNS answer to slip in between.
    """

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, verify: bool | str, cert: Any = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        host, pool = super().build_connection_pool_key_attributes(request, verify, cert)
        address = address_of(str(request.url))
        if host["scheme"] == "https":
            pool |= {"server_hostname": host["host"], "assert_hostname": host["host"]}
        return host | {"host": address}, pool

    def add_headers(self, request: requests.PreparedRequest, **kwargs: Any) -> None:
        request.headers["Host"] = netloc(str(request.url))


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
    timeout_s: tuple[float, float] | None = None,
) -> tuple[requests.Response, bytes]:
    """POST JSON or a multipart form; the answer with its body, at most ANSWER_LIMIT_BYTES.

    Raises BitrixError(PORTAL_UNREACHABLE).
    """
    headers = {"Accept": "application/json"}
    return _send(
        "POST", url, ANSWER_LIMIT_BYTES, json=json, files=files, headers=headers, timeout=timeout_s
    )


def get(
    url: str,
    *,
    params: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    limit_bytes: int = ANSWER_LIMIT_BYTES,
    timeout_s: tuple[float, float] | None = None,
) -> tuple[requests.Response, bytes]:
    """GET; the answer with its body, at most `limit_bytes`.

    Raises BitrixError(PORTAL_UNREACHABLE).
    """
    return _send("GET", url, limit_bytes, params=params, headers=headers, timeout=timeout_s)


def _send(
    method: str, url: str, limit_bytes: int, **arguments: Any
) -> tuple[requests.Response, bytes]:
    check_url(url)
    arguments["timeout"] = arguments["timeout"] or settings.BITRIX24_TIMEOUT_S
    arguments["headers"] = {"User-Agent": USER_AGENT} | dict(arguments.get("headers") or {})
    try:
        with session().request(
            method, url, allow_redirects=False, stream=True, **arguments
        ) as response:
            return response, _read(response, limit_bytes)
    except (requests.RequestException, UnicodeError) as error:
        raise unreachable(netloc(url), type(error).__name__) from error


def _read(response: requests.Response, limit_bytes: int) -> bytes:
    deadline = time.monotonic() + TOTAL_TIMEOUT_S
    body = bytearray()
    for chunk in response.iter_content(_CHUNK_BYTES):
        body += chunk
        if len(body) > limit_bytes:
            raise unreachable("answer", "it is too big", response.status_code)
        if time.monotonic() > deadline:
            raise unreachable("answer", "it takes too long", response.status_code)
    return bytes(body)


def _new_session() -> requests.Session:
    new = requests.Session()
    new.trust_env = False
    new.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    new.mount("https://", PinnedAdapter(pool_maxsize=20))
    new.mount("http://", PinnedAdapter(pool_maxsize=20))
    return new
