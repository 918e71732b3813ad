"""The world: two portals, the authorization server, everybody's mailbox, one clock, one lock.

It keeps and counts; what happens in it is in `actions`.
"""

from __future__ import annotations

import io
import itertools
import pickle
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from devportal.behaviour.doubts import Ways
from devportal.behaviour.faults import FaultTable
from devportal.behaviour.limits import Bucket, OperatingMeter
from devportal.cast.portals import build_portals
from devportal.clock import Clock
from devportal.config import Config
from devportal.portals.portal import Portal
from devportal.records import RequestLog
from devportal.servers.courier import Courier, new_session
from devportal.servers.mailbox import Mailbox
from devportal.servers.outgoing import Outgoing
from devportal.servers.tokens import AuthServer

__all__ = ["Config", "World"]

HAPPENED = (
    "auth",
    "faults",
    "frames",
    "jobs",
    "meter",
    "overflows",
    "portals",
    "requests",
    "sent",
    "ways",
    "_buckets",
    "document_ids",
)
"""Where a world keeps what it was asked and what has become of it."""
LASTING = ("clock", "config")
"""What those refer to, and a snapshot leaves where it is."""


class World:
    """Everything the stand-in knows. Guard multi-step reads and writes with `lock`."""

    def __init__(self, config: Config | None = None, clock: Clock | None = None) -> None:
        self.config = config or Config()
        self.clock = clock or Clock()
        self.lock = threading.RLock()
        self.sleep: Callable[[float], None] = time.sleep
        self.outgoing = new_session(self.config.resolve)
        self.courier = Courier(self.outgoing, inline=self.config.inline)
        self.mailbox = Mailbox(self.clock.now)
        self.faults = FaultTable(self.config.faults, self.config.seed)
        self.ways = Ways(self.config.ways)
        self.requests = RequestLog()
        self._forget()

    def _forget(self) -> None:
        self.auth = AuthServer(self.config, self.clock, self.ways)
        self.portals = build_portals(self.config, self.clock.now())
        self.sent: list[Outgoing] = []
        self.frames: dict[str, Any] = {}
        self._buckets = {row.member_id: self._new_bucket() for row in self.portals}
        self.document_ids = itertools.count(101)
        self.jobs: deque[Callable[[], object]] = deque()
        self.overflows = 0
        self.meter = OperatingMeter(
            self.config.operating_limit_s, self.config.operating_cost_s, self.clock
        )

    def reset(self) -> None:
        """Back to the beginning; the clock keeps its place and the faults are off."""
        with self.lock:
            self.courier.forget()
            self.mailbox.clear()
            self.faults.clear()
            self.ways.clear()
            self.requests.rows.clear()
            self._forget()

    def snapshot(self) -> bytes:
        """All that has happened, for `restore` into this world or another one of the same
        configuration. Letters and calls that wait to go out are not in it."""
        with self.lock:
            output = io.BytesIO()
            pickler = pickle.Pickler(output)
            lasting = {id(getattr(self, name)): name for name in LASTING}
            pickler.persistent_id = lambda part: lasting.get(id(part))  # type: ignore[method-assign]
            pickler.dump({name: getattr(self, name) for name in HAPPENED})
            return output.getvalue()

    def restore(self, snapshot: bytes) -> None:
        """Be as a world was when its snapshot was taken; the clock keeps its place."""
        with self.lock:
            unpickler = pickle.Unpickler(io.BytesIO(snapshot))  # noqa: S301 (our own bytes)
            unpickler.persistent_load = self.__getattribute__  # type: ignore[method-assign]
            vars(self).update(unpickler.load())

    # --- finding things ---

    @property
    def portal(self) -> Portal:
        """The first portal, the one of most tests."""
        return self.portals[0]

    @property
    def other_portal(self) -> Portal:
        """The second portal, which must see nothing of the first."""
        return self.portals[1]

    def portal_at(self, host: str) -> Portal | None:
        """The portal served under a Host header, its name after a renaming included."""
        for portal in self.portals:
            if host.lower() in portal.names:
                return portal
        return None

    def calls(self, name: str, *, failed: bool | None = None) -> list[dict[str, Any]]:
        """Parameters of each call of a REST method, batched ones included, in their order.

        `failed` True or False keeps only those that were answered with an error, or without.
        """
        with self.lock:
            return [
                call.params
                for call in self.requests.calls(name)
                if failed is None or bool(call.error) is failed
            ]

    def settle(self) -> int:
        """Deliver every queued call to the application; how many there were."""
        return self.courier.settle()

    def settle_inline(self) -> None:
        """In line, deliver what waits to go out; elsewhere the courier's thread does."""
        if self.config.inline:
            self.settle()

    def admits(self, portal: Portal) -> bool:
        """Count a request against the portal's limit; a refusal is counted in `overflows`."""
        has_room = self._buckets[portal.member_id].admits()
        self.overflows += not has_room
        return has_room

    def note_outgoing(self, kind: str, name: str, portal: Portal, url: str) -> int:
        """Open a record of a call to the application; its number."""
        record = Outgoing(len(self.sent) + 1, self.clock.now(), kind, name, portal.domain, url)
        self.sent.append(record)
        return record.number

    def answer_to(self, number: int) -> Callable[[int], None]:
        """Takes the HTTP status that the application answered to an outgoing call."""
        record = self.sent[number - 1]

        def note(status: int) -> None:
            record.status = status

        return note

    def _new_bucket(self) -> Bucket:
        return Bucket(self.config.bucket_size, self.config.leak_per_s, self.clock)
