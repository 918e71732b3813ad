"""From an HTTP request's parameters to the documented envelope."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import Any

import devportal.rest.methods  # noqa: F401 (the table of methods is filled)
from devportal.errors import RestError
from devportal.portals.portal import Portal
from devportal.records import MethodCall, RequestRecord, shortened
from devportal.rest import batch, gate
from devportal.rest.registry import Call, Page, find_method
from devportal.servers.tokens import Token
from devportal.world import World


@dataclass(slots=True)
class Exchange:
    """One HTTP request to REST: what is needed to run methods and to note that they ran."""

    world: World
    portal: Portal
    access_token: str
    record: RequestRecord
    started: float = field(default_factory=time.perf_counter)

    def answer(self, name: str, params: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """HTTP status and JSON body for one method or batch."""
        began_at = self.world.clock.now()
        try:
            with self.world.lock:
                body = self._run(name, params)
        except RestError as problem:
            return self.world.ways.status_of(problem), problem.body()
        body["time"] = self._time(name, began_at, time.perf_counter() - self.started)
        return 200, body

    def _run(self, name: str, params: dict[str, Any]) -> dict[str, Any]:
        if name.lower() == "batch":
            token = gate.admit(self.world, self.portal, self.access_token)
            gate.authorize(self.portal, token)
            result = batch.run(params, lambda *command: self._timed(token, *command))
            return {"result": result}
        found = find_method(name, self.portal)
        token = gate.admit(self.world, self.portal, self.access_token)
        return _wrapped(self.one(token, found.name, params))

    def _timed(self, token: Token, name: str, params: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """One command of a batch, with its own `time`."""
        began_at, began = self.world.clock.now(), time.perf_counter()
        value = self.one(token, name, params)
        return value, self._time(name, began_at, time.perf_counter() - began)

    def one(self, token: Token, name: str, params: dict[str, Any]) -> Any:
        """Run a single method and note it; what the handler gave, a Page included."""
        found = find_method(name, self.portal)
        gate.check_scope(self.world, found)
        user = gate.authorize(self.portal, token)
        gate.check_time(self.world, self.portal, found)
        noted = MethodCall(found.name, shortened(params))
        self.record.methods.append(noted)
        call = Call(self.world, self.portal, token, user, found.name, params)
        began = time.perf_counter()
        try:
            return found.run(call)
        except RestError as problem:
            noted.error = str(problem.code) or "error"
            raise
        finally:
            spent = time.perf_counter() - began
            self.world.meter.charge(self.portal.member_id, found.name, spent)

    def _time(self, name: str, began_at: float, spent: float) -> dict[str, Any]:
        clock = self.world.clock
        return {
            "start": began_at,
            "finish": began_at + spent,
            "duration": spent,
            "processing": spent,
            "date_start": clock.iso(began_at),
            "date_finish": clock.iso(began_at + spent),
            "operating_reset_at": self.world.meter.resets_at(self.portal.member_id, name),
            "operating": self.world.meter.spent_s(self.portal.member_id, name),
        }


def _wrapped(value: Any) -> dict[str, Any]:
    if not isinstance(value, Page):
        return {"result": value}
    body: dict[str, Any] = {"result": value.result, "total": value.total}
    if value.next is not None:
        body["next"] = value.next
    return body


def to_json(body: Any) -> str:
    """JSON as the portal prints it: PHP escapes slashes, and what is not ASCII."""
    return json.dumps(body, separators=(",", ":")).replace("/", "\\/")
