"""A record of each call from the portal to the application."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(slots=True)
class Outgoing:
    """A robot call or event; `status` is None until answered, 0 when nobody answered."""

    number: int
    at: float
    kind: str
    name: str
    portal: str
    url: str
    status: int | None = None

    def as_json(self) -> dict[str, Any]:
        """For the control API."""
        return asdict(self)
