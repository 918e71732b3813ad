"""What the portal was asked: every HTTP request, and every REST method inside it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

LONGEST_TEXT = 4000
"""Longer texts (files in base64) are not kept in records, only their length."""


def shortened(value: Any) -> Any:
    """Parameters as records keep them."""
    if isinstance(value, dict):
        return {key: shortened(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [shortened(inner) for inner in value]
    if isinstance(value, str) and len(value) > LONGEST_TEXT:
        return f"<{len(value)} characters>"
    return value


@dataclass(slots=True)
class MethodCall:
    """A REST method that was reached, alone or inside a batch; `error` is empty on success."""

    name: str
    params: dict[str, Any]
    error: str = ""


@dataclass(slots=True)
class RequestRecord:
    """One HTTP request to the portal or to the authorization server."""

    number: int
    at: float
    verb: str
    path: str
    host: str
    portal: str
    status: int = 0
    size_bytes: int = 0
    answer_bytes: int = 0
    duration_ms: float = 0.0
    faults: list[str] = field(default_factory=list)
    methods: list[MethodCall] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """For the control API; parameters of methods are left out, they may be large."""
        return {
            "number": self.number,
            "at": self.at,
            "method": self.verb,
            "path": self.path,
            "host": self.host,
            "portal": self.portal,
            "status": self.status,
            "bytes": self.size_bytes,
            "answer_bytes": self.answer_bytes,
            "duration_ms": round(self.duration_ms, 2),
            "faults": self.faults,
            "rest_methods": [call.name for call in self.methods],
            "errors": [call.error for call in self.methods if call.error],
        }


class RequestLog:
    """Requests in the order in which they came. Numbers start at 1."""

    def __init__(self) -> None:
        self.rows: list[RequestRecord] = []

    def open(self, *, at: float, verb: str, path: str, host: str, portal: str) -> RequestRecord:
        """Begin a record; the caller fills in what the answer was."""
        record = RequestRecord(len(self.rows) + 1, at, verb, path, host, portal)
        self.rows.append(record)
        return record

    def between(self, since: int = 0, until: int | None = None) -> list[RequestRecord]:
        """Records numbered above `since`, up to `until`."""
        return self.rows[since:until]

    def calls(self, name: str) -> list[MethodCall]:
        """Every call of one REST method, compared without regard to case."""
        wanted = name.lower()
        return [
            call for record in self.rows for call in record.methods if call.name.lower() == wanted
        ]
