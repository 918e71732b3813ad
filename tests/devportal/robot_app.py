"""The smallest application that can be a robot's handler: it keeps what it is sent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from devportal import phpform


class RobotApp:
    """A WSGI application that answers every post with `status`."""

    def __init__(self) -> None:
        self.status = "200 OK"
        self.raw: list[str] = []

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        self.raw.append(environ["wsgi.input"].read(length).decode())
        start_response(self.status, [("Content-Type", "text/plain")])
        return [b"ok"]

    @property
    def forms(self) -> list[dict[str, Any]]:
        """What came in, nested."""
        return [phpform.parse_query(raw) for raw in self.raw]
