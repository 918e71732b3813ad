"""What documents cost the portal, in HTTP requests."""

from __future__ import annotations

from dataclasses import dataclass

from chaos.load import Load

# Faults that leave a request without its answer, each drawn for itself: it has to be made again.
# `slow` spoils nothing, `renamed_302` a single one.
SPOILING = frozenset(
    {
        "expired_token",
        "rate_limit",
        "operation_limit",
        "drop_before",
        "drop_after",
        "http_502",
        "html_body",
    }
)


@dataclass(frozen=True)
class Traffic:
    """HTTP requests that documents have cost the portal; `spoiled` of them by faults."""

    documents: int
    asked: float
    spoiled: int = 0

    @property
    def each(self) -> float:
        return self.asked / max(self.documents, 1)

    def at_expected_rate(self, rate: float) -> Traffic:
        """As if the dice had spoiled exactly as many as `rate` promises: for runs too small for
        good and bad luck to even out."""
        answered = self.asked - self.spoiled
        return Traffic(self.documents, answered * tries(rate))

    def __str__(self) -> str:
        return f"{self.asked:.0f} for {self.documents} documents, {self.spoiled} of them spoiled"


def tries(rate: float) -> float:
    """How often a request is made until it is answered, when each fault strikes with `rate`."""
    return 1 / (1 - rate) ** len(SPOILING)


def traffic_of(load: Load, since: int) -> Traffic:
    """Requests for the documents of a load since a number. The authorization server is another, and
    the portal asks `profile` of who opens the application."""
    rows = [
        row
        for row in load.portal.get("requests", since=since)["requests"]
        if row["path"].startswith("/rest/")
        and not row["path"].startswith(("/rest/app.info", "/rest/profile"))
    ]
    spoiled = sum(bool(SPOILING.intersection(row["faults"])) for row in rows)
    return Traffic(documents=len(load.parties), asked=len(rows), spoiled=spoiled)
