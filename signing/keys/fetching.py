"""Small answers from servers that are named by settings or by certificates: bounded in time,
bytes and protocol, and never redirected.
"""

from __future__ import annotations

import base64
import http.client
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

_CHUNK = 64 * 1024
_SCHEMES = frozenset({"http", "https"})


class FetchFailed(Exception):
    """No usable answer; the text names the reason, never a password of the address."""


@dataclass(frozen=True)
class Question:
    """A request: with a `body` it is a POST of `content_type`, without one a GET."""

    url: str
    body: bytes | None = None
    content_type: str = ""
    timeout_s: float = 10
    limit_bytes: int = 1024 * 1024
    headers: dict[str, str] = field(default_factory=dict)


# Raises FetchFailed for anything but a complete answer with status 200.
Fetch = Callable[[Question], bytes]


def fetch(question: Question) -> bytes:
    """The body of the answer. `timeout_s` bounds the whole exchange, not each read of it."""
    deadline = time.monotonic() + question.timeout_s
    request = _request(question)
    try:
        with _opener().open(request, timeout=question.timeout_s) as answer:
            return _read(answer, question.limit_bytes, deadline)
    except urllib.error.HTTPError as error:
        error.close()
        raise FetchFailed(f"HTTP {error.code}") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise FetchFailed(_cause(error)) from error


def host_of(url: str) -> str:
    """The server's name for logs, without a user or a password."""
    return urlsplit(url).hostname or "?"


def _request(question: Question) -> urllib.request.Request:
    parts = urlsplit(question.url)
    if parts.scheme not in _SCHEMES or not parts.hostname:
        raise FetchFailed(f"not an http address: {parts.scheme}")
    headers = {"User-Agent": "SIGNX"} | question.headers
    if question.body is not None:
        headers["Content-Type"] = question.content_type
    if parts.username is not None:
        account = f"{parts.username}:{parts.password or ''}".encode()
        headers["Authorization"] = f"Basic {base64.b64encode(account).decode()}"
    place = parts.netloc.rpartition("@")[2]
    bare = urlunsplit(parts._replace(netloc=place, fragment=""))
    return urllib.request.Request(bare, data=question.body, headers=headers)  # noqa: S310


def _opener() -> urllib.request.OpenerDirector:
    """Plain HTTP and HTTPS and nothing else: no files, no FTP, no redirection."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.HTTPDefaultErrorHandler(),
    ):
        opener.add_handler(handler)
    return opener


def _read(answer: http.client.HTTPResponse, limit: int, deadline: float) -> bytes:
    parts, size = [], 0
    # read1 gives what has come: a server that drips cannot hold us past the deadline by much.
    while chunk := answer.read1(_CHUNK):
        size += len(chunk)
        if size > limit:
            raise FetchFailed("the answer is too long")
        if time.monotonic() > deadline:
            raise FetchFailed("timeout")
        parts.append(chunk)
    if answer.length:
        raise FetchFailed("the answer was cut off")
    return b"".join(parts)


def _cause(error: Exception) -> str:
    reason = getattr(error, "reason", error)
    if isinstance(reason, TimeoutError | socket.timeout):
        return "timeout"
    return type(reason).__name__ if isinstance(reason, Exception) else str(reason)[:80]
