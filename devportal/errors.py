"""The documented way in which Bitrix24 says no."""

from __future__ import annotations

from typing import Any


class RestError(Exception):
    """An error answer: `{"error": code, "error_description": description}` with `status`.

    `code` may be empty, a word or a number, because the real portal's are.
    """

    def __init__(
        self, code: str | int, description: str = "", status: int = 400, **extra: Any
    ) -> None:
        super().__init__(f"{status} {code}: {description}")
        self.code = code
        self.description = description
        self.status = status
        self.extra = extra

    def body(self) -> dict[str, Any]:
        """The JSON body, without the envelope's `time`: error answers have none."""
        return {"error": self.code, "error_description": self.description, **self.extra}


class EntryRefused(Exception):
    """The portal does not open the application for this person now; the text is shown."""


def access_denied(description: str = "Access denied!") -> RestError:
    """403, for a person or application without the right."""
    return RestError("ACCESS_DENIED", description, 403)
