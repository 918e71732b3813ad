"""The world: two portals, the authorization server, everybody's mailbox, one clock, one lock.

world = World(Config(inline=True))
world.outgoing.mount("http://127.0.0.1:8000", WSGIAdapter(application))
process = world.start_process(deal_id=315, document_id=61)
world.settle()
"""

from __future__ import annotations

import io
import itertools
import math
import pickle
import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

from devportal import app_events, cast, workflows
from devportal.clock import Clock
from devportal.config import Config
from devportal.courier import Courier, new_session
from devportal.deliveries import Outgoing
from devportal.doubts import Ways
from devportal.faults import FaultTable, Point
from devportal.limits import Bucket, OperatingMeter
from devportal.mailbox import Mailbox
from devportal.paper.faulty import simple_docx
from devportal.plan import default_steps
from devportal.portal import DEAL, GeneratedDocument, Portal
from devportal.processes import Process, Step
from devportal.records import RequestLog
from devportal.tokens import AuthServer

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
    "_document_ids",
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
        self.portals = cast.build_portals(self.config, self.clock.now())
        self.sent: list[Outgoing] = []
        self.frames: dict[str, Any] = {}
        self._buckets = {row.member_id: self._new_bucket() for row in self.portals}
        self._document_ids = itertools.count(101)
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

    # --- making things happen ---

    def advance(self, seconds: float) -> None:
        """Move the clock and let time limits of waiting steps pass."""
        self.clock.advance(seconds)
        self.tick()

    def tick(self) -> None:
        """Do the portal's own background jobs, close the steps whose time is up; in line,
        deliver what waits to go out.
        """
        with self.lock:
            while self.jobs:
                self.jobs.popleft()()
            for portal in self.portals:
                workflows.close_overdue(self, portal)
                if self.ways.of("conversion_event") == "fired":
                    self._announce_conversions(portal)
        self._settle_inline()

    def _announce_conversions(self, portal: Portal) -> None:
        for document in portal.documents.values():
            if document.is_announced or not document.is_converted(self.clock.now()):
                continue
            document.is_announced = True
            fields = {
                "ID": document.id,
                "ENTITY_TYPE_ID": document.entity_type_id,
                "ENTITY_ID": document.entity_id,
            }
            event = "ONCRMDOCUMENTGENERATORDOCUMENTUPDATE"
            app_events.fire(self, portal, event, {"FIELDS": fields})

    def settle(self) -> int:
        """Deliver every queued call to the application; how many there were."""
        return self.courier.settle()

    def create_document(
        self,
        pdf: bytes | None = None,
        *,
        title: str = "Договор",
        deal_id: int = cast.DEAL_MAIN,
        conversion_s: float | None = None,
        entity_type_id: int = DEAL,
        portal: Portal | None = None,
    ) -> GeneratedDocument:
        """Generate a document on a CRM item; without `pdf` it is a copy of the contract.

        Its conversion begins now and takes `conversion_s` (the world's setting if None).
        """
        where = portal or self.portal
        with self.lock:
            now = self.clock.now()
            content = where.documents[cast.CONTRACT].pdf if pdf is None else partial(bytes, pdf)
            document = GeneratedDocument(
                id=next(self._document_ids),
                title=title,
                number=str(len(where.documents) + 1),
                entity_type_id=entity_type_id,
                entity_id=deal_id,
                created_at=now,
                updated_at=now,
                created_by=cast.CLERK,
                pdf=content,
                docx=partial(simple_docx, title),
                conversion_s=self.config.conversion_s if conversion_s is None else conversion_s,
                conversion_started_at=now,
            )
            self.spoil_conversion(document)
            where.documents[document.id] = document
            fields = {"ID": document.id, "ENTITY_TYPE_ID": entity_type_id, "ENTITY_ID": deal_id}
            app_events.fire(self, where, "ONCRMDOCUMENTGENERATORDOCUMENTADD", {"FIELDS": fields})
        self._settle_inline()
        return document

    def spoil_conversion(self, document: GeneratedDocument) -> None:
        """Let the faults of conversions strike; called once, when a conversion begins."""
        struck = self.faults.draw(Point.CONVERSION)
        if "conversion_never" in struck:
            document.conversion_s = math.inf
        if "conversion_failed" in struck:
            document.conversion_fails = True

    def start_process(
        self,
        *,
        deal_id: int = cast.DEAL_MAIN,
        document_id: int = cast.CONTRACT,
        send: dict[str, Any] | None = None,
        status: dict[str, Any] | None = None,
        started_by: int = cast.CLERK,
        use_subscription: str = "",
        timeout_s: int = 0,
        steps: list[Step] | None = None,
        entity_type_id: int = DEAL,
        portal: Portal | None = None,
    ) -> Process:
        """Run «создать документ → отправить на подпись → проверить статус» on a deal.

        `send` and `status` replace single inputs of the two robots. `use_subscription` Y or N
        overrides what the robots asked for. Own `steps` replace the plan altogether.
        """
        with self.lock:
            where = portal or self.portal
            plan = steps or default_steps(send or {}, status or {}, entity_type_id=entity_type_id)
            for step in plan:
                step.use_subscription = step.use_subscription or use_subscription
                step.timeout_s = step.timeout_s or timeout_s
            process = workflows.start(
                self,
                where,
                entity_type_id=entity_type_id,
                entity_id=deal_id,
                document_id=document_id,
                steps=plan,
                started_by=started_by,
            )
        self._settle_inline()
        return process

    def finish_install(self, portal: Portal | None = None, user_id: int = cast.DIRECTOR) -> None:
        """What the wizard's `installFinish` does."""
        with self.lock:
            app_events.finish_install(self, portal or self.portal, user_id)
        self._settle_inline()

    def uninstall(
        self, portal: Portal | None = None, *, clean: bool = True, late: bool = False
    ) -> None:
        """Remove the application from a portal; ONAPPUNINSTALL goes out, or with the next tick."""
        with self.lock:
            app_events.uninstall(self, portal or self.portal, clean=clean, late=late)
        self._settle_inline()

    def delete_robots(self, portal: Portal | None = None) -> None:
        """Forget the application's robots, as an update does."""
        with self.lock:
            (portal or self.portal).app.robots.clear()

    def fire_event(
        self,
        event: str,
        data: dict[str, Any] | None = None,
        *,
        portal: Portal | None = None,
        user_id: int = 0,
        changes: dict[str, Any] | None = None,
    ) -> int:
        """Post an event to its handlers; `changes` replaces keys of its auth block."""
        with self.lock:
            count = app_events.fire(
                self, portal or self.portal, event, data or {}, user_id=user_id, changes=changes
            )
        self._settle_inline()
        return count

    # --- used by the parts of devportal ---

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

    def _settle_inline(self) -> None:
        if self.config.inline:
            self.settle()

    def _new_bucket(self) -> Bucket:
        return Bucket(self.config.bucket_size, self.config.leak_per_s, self.clock)
