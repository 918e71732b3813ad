"""Served by granian for test_gateway.py: the real gateway, narrow lanes, an application that tells
what it was given. `/b24/robots/…` is the lane of business processes, everything else strangers'.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.core.wsgi import get_wsgi_application

from signx.http import BUSY_MARK
from signx.web import gateway
from signx.web.lanes import MEGABYTE, Lane

gateway.GRACE_S = 1.0
THREADS, WAITING, BODY_LIMIT = 2, 3, 4 * MEGABYTE
held = threading.Event()
closed = threading.Event()
calls = Lane(("/b24/robots/",), 1, 50, 50, MEGABYTE, 50 * MEGABYTE)
strangers = Lane(("",), THREADS, WAITING, 60, BODY_LIMIT, 30 * BODY_LIMIT)
django = get_wsgi_application()


class Stream:
    streaming = True

    def __iter__(self) -> Iterator[bytes]:
        yield from (b"line %d\n" % number for number in range(1000))

    def close(self) -> None:
        closed.set()


def tell(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    path = environ["PATH_INFO"]
    if environ.get(BUSY_MARK):
        return django(environ, start_response)
    if path == "/break":
        raise RuntimeError("on purpose")
    if path == "/hold":
        held.wait(20)
    if path == "/b24/robots/release":
        held.set()
    start_response("200 OK", [("Content-Type", "application/json"), ("Set-Cookie", "a=1")])
    if path == "/stream":
        return Stream()
    body = environ["wsgi.input"].read()
    told = {key: value for key, value in environ.items() if isinstance(value, str)}
    told |= {
        "sha256": hashlib.sha256(body).hexdigest(),
        "bytes": len(body),
        "receiving": strangers._bodies,
        "whole": strangers._whole,
        "stream_closed": closed.is_set(),
    }
    return [json.dumps(told).encode()]


application = gateway.Gateway(tell, [calls, strangers])
