"""The web application as granian serves it:
`granian --interface rsgi signx.web.gateway:application`.

A request takes a thread only when all of it is here: bodies are received by the event loop into
files, so that a slow phone costs a file and no thread. The threads are divided into lanes by who
asks, and a lane that is full says so at once. Whatever strangers send to the public pages, a
business process gets its answer: Bitrix24 waits for it only a short time.
Why so: docs/decisions/0052-lanes-in-front-of-django.md.
"""

from __future__ import annotations

import asyncio
import io
import itertools
import logging
import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from signx.http import BUSY_MARK
from signx.web.lanes import Busy, Lane, make_lanes

log = logging.getLogger(__name__)

Environ = dict[str, Any]
WsgiApplication = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

IN_MEMORY_BYTES = 256 * 1024  # the rest of a body lies in a file
# A body may be late by this long, and then comes at least so fast; a stalled one is given up.
GRACE_S = 20.0
SLOWEST_BYTES_PER_S = 8 * 1024


class Unfinished(Exception):
    """The body stalled, or the caller went away."""


@dataclass(frozen=True)
class Answer:
    """What the WSGI application said. `body` is bytes, or what makes them piece by piece."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes | Iterable[bytes]


class Gateway:
    """An RSGI application (granian) around a WSGI one (Django).

    Source: https://github.com/emmett-framework/granian/blob/master/docs/spec/RSGI.md, PEP 3333.
    """

    def __init__(self, wsgi: WsgiApplication, lanes: list[Lane]) -> None:
        self.wsgi, self.lanes = wsgi, lanes
        self._busy_answers: dict[tuple[str, bool, bool], Answer] = {}

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        for lane in self.lanes:
            lane.open()
        kinds = itertools.product(["", *dict(settings.LANGUAGES)], [True, False], [True, False])
        self._busy_answers = {kind: self._ask_busy(*kind) for kind in kinds}

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        for lane in self.lanes:
            lane.close()

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        environ = environ_of(scope)
        path = environ["PATH_INFO"]
        lane = next(lane for lane in self.lanes if path.startswith(lane.prefixes))
        announced = int(environ.get("CONTENT_LENGTH") or lane.body_limit * is_chunked(scope))
        try:
            with lane.receive(min(announced, lane.body_limit)), body_file() as body:
                await receive(protocol, environ, body, lane.body_limit)
                with lane.work():
                    loop = asyncio.get_running_loop()
                    answer = await loop.run_in_executor(
                        lane.pool, self._answer, environ, protocol, loop
                    )
        except Busy:
            answer = self._busy_answer(environ)
        except Unfinished:
            answer = Answer(408, [], b"")
        if isinstance(answer.body, bytes):
            protocol.response_bytes(answer.status, answer.headers, answer.body)

    def _answer(self, environ: Environ, protocol: Any, loop: asyncio.AbstractEventLoop) -> Answer:
        """In a thread of the lane: what Django says. A stream is sent from here, as it is made."""
        try:
            answer = ask(self.wsgi, environ)
        except Exception:
            log.exception("no answer to %s", environ["PATH_INFO"])
            return Answer(500, [], b"")
        if not isinstance(answer.body, bytes):
            stream = protocol.response_stream(answer.status, answer.headers)
            try:
                for chunk in answer.body:
                    asyncio.run_coroutine_threadsafe(_send(stream, chunk), loop).result()
            except Exception as error:
                # The answer has begun: nothing better is left than to end it.
                log.warning("an answer was cut off: %s (%r)", environ["PATH_INFO"], error)
            finally:
                close(answer.body)
        return answer

    def _busy_answer(self, environ: Environ) -> Answer:
        """Django's own words for it, made at the start: a flood that is refused costs no work."""
        language = environ.get("HTTP_ACCEPT_LANGUAGE", "")[:2]
        is_page = "text/html" in environ.get("HTTP_ACCEPT", "")
        is_part = "HTTP_HX_REQUEST" in environ
        known = language if language in dict(settings.LANGUAGES) else ""
        return self._busy_answers[known, is_page, is_part]

    def _ask_busy(self, language: str, is_page: bool, is_part: bool) -> Answer:
        public = urlsplit(settings.PUBLIC_URL)
        environ = {
            BUSY_MARK: True,
            "REQUEST_METHOD": "GET",
            "PATH_INFO": "/",
            "QUERY_STRING": "",
            "SERVER_NAME": public.hostname,
            "SERVER_PORT": str(public.port or 80),
            "HTTP_ACCEPT_LANGUAGE": language,
            "HTTP_ACCEPT": "text/html" if is_page else "",
            "wsgi.url_scheme": public.scheme,
            "wsgi.input": io.BytesIO(),
        }
        return ask(self.wsgi, environ | ({"HTTP_HX_REQUEST": "true"} if is_part else {}))


def is_chunked(scope: Any) -> bool:
    return "chunked" in (scope.headers.get("transfer-encoding") or "").lower()


def body_file() -> SpooledTemporaryFile[bytes]:
    return SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)


async def receive(
    protocol: Any, environ: Environ, body: SpooledTemporaryFile[bytes], limit: int
) -> None:
    """Fill `body` and say so in `environ`. Raises Unfinished.

    Of a body above `limit` nothing is kept; Django sees its length alone and refuses it in words
    that fit the page.
    """
    announced = int(environ.get("CONTENT_LENGTH") or 0)
    received = 0
    loop = asyncio.get_running_loop()
    begun = loop.time()
    if announced <= limit:
        try:
            async with asyncio.timeout(GRACE_S) as patience:
                async for chunk in protocol:
                    received += len(chunk)
                    if received > limit:
                        break
                    body.write(chunk)
                    patience.reschedule(begun + GRACE_S + received / SLOWEST_BYTES_PER_S)
        except TimeoutError as error:
            raise Unfinished from error
        if received < announced:
            raise Unfinished
    if max(announced, received) > limit:
        body.truncate(0)
    body.seek(0)
    environ["CONTENT_LENGTH"] = str(max(announced, received))
    environ["wsgi.input"] = body


def environ_of(scope: Any) -> Environ:
    """The request as PEP 3333 wants it."""
    server, _, port = scope.server.rpartition(":")
    environ: Environ = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": server.strip("[]"),
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in scope.headers.items():
        # A name with "_" would pass for one with "-", past a proxy that removes the latter.
        if "_" in name:
            continue
        key = name.upper().replace("-", "_")
        key = key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"
        glue = "; " if key == "HTTP_COOKIE" else ","
        environ[key] = f"{environ[key]}{glue}{value}" if key in environ else value
    if scope.authority:  # of HTTP/2
        environ["HTTP_HOST"] = scope.authority
    return environ


def ask(wsgi: WsgiApplication, environ: Environ) -> Answer:
    said: list[Any] = []
    body = wsgi(environ, lambda status, headers, exc_info=None: said.extend((status, headers)))
    status, headers = int(said[0].split()[0]), said[1]
    if isinstance(body, list) or not getattr(body, "streaming", True):  # a whole answer of Django
        try:
            return Answer(status, headers, b"".join(body))
        finally:
            close(body)
    return Answer(status, headers, body)


def close(body: Iterable[bytes]) -> None:
    getattr(body, "close", lambda: None)()


async def _send(stream: Any, chunk: bytes) -> None:
    await stream.send_bytes(chunk)


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "signx.settings")
application = Gateway(get_wsgi_application(), make_lanes())
