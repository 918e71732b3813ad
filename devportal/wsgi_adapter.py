"""A `requests` transport that answers from a WSGI application in the same process.

Mount it on a session and every call to that prefix goes through the whole application,
without a socket: `session.mount("http://localhost:8001", WSGIAdapter(app))`.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping
from email.message import Message
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

import requests
from requests.adapters import BaseAdapter
from requests.cookies import extract_cookies_to_jar
from requests.structures import CaseInsensitiveDict
from urllib3 import HTTPHeaderDict, HTTPResponse

WSGIApplication = Callable[[dict[str, Any], Any], Iterable[bytes]]

DROPPED = "X-Connection-Dropped"
"""Response header by which devportal says: on a real wire the connection would be cut here."""


class WSGIAdapter(BaseAdapter):
    """Sends prepared requests to `app` and builds `requests` responses from what it says."""

    def __init__(self, app: WSGIApplication) -> None:
        super().__init__()
        self._app = app

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """One exchange; raises `requests.ConnectionError` where the answer is dropped."""
        status, headers, body = self._exchange(_environ(request))
        if any(name.lower() == DROPPED.lower() for name, _ in headers):
            raise requests.ConnectionError("connection closed without an answer", request=request)
        return self._response(request, status, headers, body)

    def close(self) -> None:
        """Nothing is held between requests."""

    def _exchange(self, environ: dict[str, Any]) -> tuple[str, list[tuple[str, str]], bytes]:
        started: list[tuple[str, list[tuple[str, str]]]] = []
        written = io.BytesIO()

        def start_response(
            status: str, headers: list[tuple[str, str]], exc_info: Any = None
        ) -> Callable[[bytes], int]:
            started[:] = [(status, headers)]
            return written.write

        chunks = self._app(environ, start_response)
        try:
            for chunk in chunks:
                written.write(chunk)
        finally:
            if hasattr(chunks, "close"):
                chunks.close()
        status, headers = started[0]
        return status, headers, written.getvalue()

    def _response(
        self,
        request: requests.PreparedRequest,
        status: str,
        headers: list[tuple[str, str]],
        body: bytes,
    ) -> requests.Response:
        response = requests.Response()
        response.status_code = int(status.split(" ", 1)[0])
        response.reason = HTTPStatus(response.status_code).phrase
        response.headers = CaseInsensitiveDict(headers)
        response.encoding = requests.utils.get_encoding_from_headers(response.headers)
        response.raw = HTTPResponse(
            body=io.BytesIO(body),
            headers=HTTPHeaderDict(headers),
            status=response.status_code,
            preload_content=False,
        )
        # Where `requests` looks for cookies.
        response.raw._original_response = _Answer(headers)
        extract_cookies_to_jar(response.cookies, request, response.raw)
        response.url = request.url or ""
        response.request = request
        response.connection = self
        return response


class _Answer:
    """The part of http.client's response that cookies are read from."""

    def __init__(self, headers: list[tuple[str, str]]) -> None:
        self.msg = Message()
        for name, value in headers:
            self.msg[name] = value

    def isclosed(self) -> bool:
        """Nothing is open."""
        return True

    def close(self) -> None:
        """Nothing is open."""


def _environ(request: requests.PreparedRequest) -> dict[str, Any]:
    parts = urlsplit(request.url or "")
    body = request.body or b""
    payload = body.encode() if isinstance(body, str) else _read(body)
    default_port = "443" if parts.scheme == "https" else "80"
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method or "GET",
        "SCRIPT_NAME": "",
        # WSGI carries the path as bytes in latin-1 clothes (PEP 3333).
        "PATH_INFO": unquote_to_bytes(parts.path or "/").decode("latin-1"),
        "QUERY_STRING": parts.query,
        "SERVER_NAME": parts.hostname or "",
        "SERVER_PORT": str(parts.port or default_port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": parts.netloc.rpartition("@")[2],
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_LENGTH": str(len(payload)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": parts.scheme,
        "wsgi.input": io.BytesIO(payload),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in request.headers.items():
        key = name.upper().replace("-", "_")
        text = value.decode("latin-1") if isinstance(value, bytes) else value
        environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = text
    return environ


def _read(body: Any) -> bytes:
    if isinstance(body, bytes | bytearray):
        return bytes(body)
    if hasattr(body, "read"):
        data: bytes = body.read()
        return data
    return b"".join(body)
