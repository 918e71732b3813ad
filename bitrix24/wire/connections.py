"""Connections to addresses that were checked, on which no wait outlives the exchange.

The timeouts of requests are per packet: a server that drips a byte now and then could hold a
worker for ever. Here each wait is cut to what is left of the whole exchange.
"""

from __future__ import annotations

import io
import socket
import threading
import time
from http.client import HTTPResponse
from typing import Any, ClassVar

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NewConnectionError
from urllib3.util.connection import create_connection

from bitrix24.wire.addresses import addresses_of

_exchange = threading.local()


def begin(total_s: float) -> None:
    """From now on this thread's exchange may take so long."""
    _exchange.ends_at = time.monotonic() + total_s


def _left_s() -> float:
    left_s: float = _exchange.ends_at - time.monotonic()
    if left_s <= 0:
        raise TimeoutError("the exchange takes too long")
    return left_s


class _Reader(io.RawIOBase):
    """A socket's bytes; waits for the next ones no longer than the read timeout and the end."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._longest_s = sock.gettimeout() or _left_s()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(min(self._longest_s, _left_s()))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Readable:
    """All that an HTTPResponse wants of a socket."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self._sock))


class _Response(HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(_Readable(sock), *args, **kwargs)  # type: ignore[arg-type]


class _Checked(HTTPConnection):
    """Name, Host header and certificate stay the host's. Resolving and connecting in one place
    leaves no second DNS answer to slip in between."""

    response_class = _Response
    scheme: ClassVar[str] = "http"

    def _new_conn(self) -> socket.socket:
        host = f"[{self.host}]" if ":" in self.host else self.host
        failure: OSError | None = None
        for address in addresses_of(f"{self.scheme}://{host}:{self.port}"):
            # Also the handshake of TLS is held to this as a whole.
            wait_s = min(float(self.timeout or _left_s()), _left_s())
            try:
                return create_connection(
                    (address, self.port), wait_s, socket_options=self.socket_options
                )
            except OSError as error:
                failure = error
        raise NewConnectionError(self, f"no address answers: {failure}") from failure

    def send(self, data: Any) -> None:
        # A big file may take longer than connecting may.
        if self.sock is None:
            self.connect()
        self.sock.settimeout(_left_s())
        super().send(data)


class _CheckedTLS(_Checked, HTTPSConnection):
    scheme = "https"


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Checked


class _TLSPool(HTTPSConnectionPool):
    ConnectionCls = _CheckedTLS


POOLS = {"http": _Pool, "https": _TLSPool}
