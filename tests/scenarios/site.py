"""The application on a port of this process: a real browser in front, the test's rows behind."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar

from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.handlers.wsgi import WSGIHandler
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.db import connections

HOST = "signx.test"
P = ParamSpec("P")
T = TypeVar("T")


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


class Site:
    """`url` has the application's own host name; `run` does what a test wants done behind it."""

    def __init__(self) -> None:
        self.turn = threading.Lock()
        self.server = ThreadedWSGIServer(("127.0.0.1", 0), _Quiet, allow_reuse_address=False)
        self.server.set_app(self._take_turns(StaticFilesHandler(WSGIHandler())))
        self.url = f"http://{HOST}:{self.server.server_port}"
        # Playwright has an event loop in the test's own thread, where neither rows nor signatures
        # can be made.
        self.backstage = ThreadPoolExecutor(1)

    def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of `work`, done in another thread while no request is answered."""

        def alone() -> T:
            with self.turn:
                return work(*args, **kwargs)

        return self.backstage.submit(alone).result(timeout=120)

    def _take_turns(self, app: Callable[..., Iterable[bytes]]) -> Callable[..., list[bytes]]:
        def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
            with self.turn:
                response = app(environ, start_response)
                try:
                    return [b"".join(response)]
                finally:
                    if hasattr(response, "close"):
                        response.close()

        return answer

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.backstage.submit(connections.close_all).result(timeout=30)
        self.backstage.shutdown()


@contextmanager
def site() -> Iterator[Site]:
    running = Site()
    thread = threading.Thread(target=running.server.serve_forever, daemon=True)
    thread.start()
    try:
        yield running
    finally:
        running.close()
        thread.join(timeout=10)
