"""Why a file is not taken, as a key of `signing.intake.REFUSALS`."""

from __future__ import annotations


class Refusal(Exception):
    """The file cannot be signed; `context` fills the gaps of the sentence: numbers, or words for
    machines that `signing.intake.refusal` puts into sentences."""

    def __init__(self, cause: str, **context: int | list[str]) -> None:
        super().__init__(cause)
        self.cause = cause
        self.context = context
