"""Lanes: how many requests of one kind a web process receives and works on at once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.conf import settings

MEGABYTE = 1024 * 1024


class Busy(Exception):
    """The lane is full."""


@dataclass
class Lane:
    """Counted by the event loop alone, so without locks."""

    prefixes: tuple[str, ...]  # of paths
    threads: int
    waiting: int  # whole requests, at work or waiting for a thread
    receiving: int  # bodies on their way
    body_limit: int  # bytes
    receiving_bytes: int  # bytes of all bodies on their way, as announced
    _whole: int = field(default=0, init=False)
    _bodies: int = field(default=0, init=False)
    _bytes: int = field(default=0, init=False)

    def open(self) -> None:
        self.pool = ThreadPoolExecutor(self.threads)

    def close(self) -> None:
        self.pool.shutdown(wait=False, cancel_futures=True)

    @contextmanager
    def receive(self, size: int) -> Iterator[None]:
        """A place for a body of `size` bytes. Raises Busy."""
        if self._bodies >= self.receiving or self._bytes + size > self.receiving_bytes:
            raise Busy
        self._bodies += 1
        self._bytes += size
        try:
            yield
        finally:
            self._bodies -= 1
            self._bytes -= size

    @contextmanager
    def work(self) -> Iterator[None]:
        """A place at the threads. Raises Busy."""
        if self._whole >= self.waiting:
            raise Busy
        self._whole += 1
        try:
            yield
        finally:
            self._whole -= 1


def make_lanes() -> list[Lane]:
    """The lanes of one web process; a request takes the first whose prefix fits."""
    # What documents.proof.verify_views reads at most: three files and the form around them.
    most = 3 * settings.FILE_LIMIT_BYTES + MEGABYTE
    return [
        # Business processes and probes: short work on the database.
        Lane(
            prefixes=("/b24/robots/", "/b24/events", "/healthz", "/readyz"),
            threads=4,
            waiting=400,
            receiving=400,
            body_limit=4 * MEGABYTE,
            receiving_bytes=256 * MEGABYTE,
        ),
        # People of the portals, and support; some of it waits for Bitrix24.
        Lane(
            prefixes=("/b24/", "/app/", "/admin/"),
            threads=8,
            waiting=200,
            receiving=100,
            body_limit=most,
            receiving_bytes=8 * most,
        ),
        # Everybody.
        Lane(
            prefixes=("",),
            threads=8,
            waiting=64,
            receiving=400,
            body_limit=most,
            receiving_bytes=16 * most,
        ),
    ]
