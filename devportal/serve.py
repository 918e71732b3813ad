"""Serving a world on a port, with its mailbox on another."""

from __future__ import annotations

import logging
import threading
from types import TracebackType

from werkzeug.serving import WSGIRequestHandler, make_server

from devportal.app import create_app
from devportal.servers.mailbox import serve_smtp
from devportal.world import World

logger = logging.getLogger("devportal")


class _Handler(WSGIRequestHandler):
    # Connections are kept, as Bitrix24 keeps them.
    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Requests are on the page of records, not on the terminal."""


class Server:
    """HTTP and SMTP of one world, each in its own thread. Port 0 takes a free one.

    with Server(world, "127.0.0.1", 0, smtp_port=0) as server: ... server.port ...
    """

    def __init__(self, world: World, host: str, port: int, *, smtp_port: int | None = None) -> None:
        self.world = world
        self._http = make_server(
            host, port, create_app(world), threaded=True, request_handler=_Handler
        )
        self.port: int = self._http.server_port
        self._thread = threading.Thread(target=self._http.serve_forever, daemon=True)
        self._smtp = None if smtp_port is None else serve_smtp(world.mailbox, host, smtp_port)

    @property
    def smtp_port(self) -> int:
        """The port of the mailbox; 0 when it is not served."""
        return 0 if self._smtp is None else int(self._smtp.port)

    def start(self) -> Server:
        """Begin to answer."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Close both ports."""
        self._http.shutdown()
        self._http.server_close()
        if self._smtp is not None:
            self._smtp.stop()

    def __enter__(self) -> Server:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
