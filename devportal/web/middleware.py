"""Around every request to REST and to the authorization server: records and faults."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask, Response, g, request

from devportal.records import RequestRecord
from devportal.web.state import world
from devportal.wsgi_adapter import DROPPED

WATCHED = ("/rest/", "/oauth/")


def install(app: Flask) -> None:
    """Hook records into the application and dropped connections around it."""

    def open_record() -> None:
        if not request.path.startswith(WATCHED):
            return
        seen = world()
        portal = seen.portal_at(request.host)
        with seen.lock:
            g.record = seen.requests.open(
                at=seen.clock.now(),
                verb=request.method,
                path=request.path,
                host=request.host,
                portal=portal.domain if portal else "",
            )
        g.began = time.perf_counter()

    def close_record(response: Response) -> Response:
        record: RequestRecord | None = g.get("record")
        if record is not None:
            record.status = response.status_code
            record.size_bytes = request.content_length or 0
            record.answer_bytes = response.content_length or 0
            record.duration_ms = (time.perf_counter() - g.began) * 1000
        return response

    app.before_request(open_record)
    app.after_request(close_record)
    app.wsgi_app = _Dropping(app.wsgi_app)  # type: ignore[method-assign]


class _Dropping:
    """Cuts the connection of a response that is marked as lost.

    Within a process there is no connection: the WSGIAdapter reads the mark and raises.
    """

    def __init__(self, app: Callable[..., Iterable[bytes]]) -> None:
        self._app = app

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        is_dropped = False

        def watch(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            nonlocal is_dropped
            is_dropped = any(name == DROPPED for name, _ in headers)
            return start_response(status, headers, exc_info)

        chunks = self._app(environ, watch)
        wire = environ.get("werkzeug.socket")
        if is_dropped and wire is not None:
            if hasattr(chunks, "close"):
                chunks.close()
            wire.shutdown(socket.SHUT_RDWR)
            # werkzeug treats this as a client that went away: nothing is written, nothing logged.
            raise ConnectionAbortedError("dropped by a fault")
        return chunks
