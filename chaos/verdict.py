"""What has to hold when the storm is over, as rows of a table."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from chaos.crowd import Crowd

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
# How many times as much as on a calm portal a document may cost.
ALLOWED = 2.0


@dataclass(frozen=True)
class Row:
    """One promise: what was found, and whether it holds."""

    promise: str
    found: str
    holds: bool


@dataclass(frozen=True)
class Traffic:
    """HTTP requests that documents have cost the portal; `spoiled` of them by faults."""

    documents: int
    asked: float
    spoiled: int = 0

    @property
    def each(self) -> float:
        return self.asked / max(self.documents, 1)

    def without_luck(self, rate: float) -> Traffic:
        """As if the dice had spoiled exactly as many as `rate` promises: for runs too small for
        good and bad luck to even out."""
        answered = self.asked - self.spoiled
        return Traffic(self.documents, answered * tries(rate))

    def __str__(self) -> str:
        return f"{self.asked:.0f} for {self.documents} documents, {self.spoiled} of them spoiled"


def tries(rate: float) -> float:
    """How often a request is made until it is answered, when each fault strikes with `rate`."""
    return 1 / (1 - rate) ** len(SPOILING)


def answered_once(crowd: Crowd) -> list[Row]:
    """Every process has come to its end, each step by one answer, whatever was sent twice."""
    processes = crowd.processes()
    ended = sum(row["is_finished"] and not row["has_failed"] for row in processes.values())
    steps = [step for row in processes.values() for step in row["steps"] if step["event_token"]]
    silent = [step for step in steps if not step["values"].get("response_code")]
    contradicting = _contradictions(crowd)
    return [
        Row("processes at their end", f"{ended} of {len(crowd.parties)}",
            ended == len(crowd.parties)),
        Row("robots without an answer", str(len(silent)), not silent),
        Row("robots told two different things", str(len(contradicting)), not contradicting),
    ]  # fmt: skip


def outcomes(crowd: Crowd) -> dict[str, int]:
    """Processes by what they were told: the first error, or the last status."""
    counted: dict[str, int] = defaultdict(int)
    for row in crowd.processes().values():
        told = [step["values"] for step in row["steps"] if step["event_token"]]
        # What failed first is the story of the document; later robots have nothing to ask about.
        codes = [values.get("response_code") or "no answer" for values in told]
        failure = next((code for code in codes if code != "ok"), "")
        counted[failure or told[-1]["status_code"]] += 1
    return dict(counted)


def told_the_truth(crowd: Crowd) -> Row:
    """Nobody was told that a sound contract is bad, or that a person is missing who is there."""
    honest = {"ok", "document_not_ready", "portal_unreachable"}
    codes = [
        step["values"].get("response_code", "ok")
        for row in crowd.processes().values()
        for step in row["steps"]
        if step["event_token"] and step["name"] == "send"
    ]
    wrong = sorted({code for code in codes if code not in honest})
    return Row("refusals that were not true", ", ".join(wrong) or "none", not wrong)


def as_people_wished(crowd: Crowd) -> Row:
    """Who signed finds the document completed, who declined finds it declined."""
    wished = {"sign": "completed", "decline": "declined"}
    processes = crowd.processes()
    wrong = [
        party
        for party in crowd.parties
        if party.did
        and processes[party.process_id]["steps"][-1]["values"].get("status_code")
        != wished[party.did]
    ]
    done = sum(bool(party.did) for party in crowd.parties)
    return Row("documents as their signers left them", f"{done - len(wrong)} of {done}", not wrong)


def no_storm(traffic: Traffic, alone: Traffic) -> Row:
    """Requests for a document: at most twice what one alone costs on a calm portal, although each
    request has to be made `tries` times (docs/decisions/0044)."""
    times = traffic.each / alone.each
    found = f"{traffic.each:.1f}: {times:.2f} times the {alone.each:.1f} of one alone"
    return Row("requests for a document", found, times <= ALLOWED)


def within_limits(overflows: int) -> Row:
    """The portal's own limit was never the one to say no."""
    return Row("requests over the portal's limit", str(overflows), overflows == 0)


def balance_adds_up(fell: int, completed: int) -> Row:
    """One unit for every completed document, none for any other."""
    return Row("units spent for completed documents", f"{fell} for {completed}", fell == completed)


def table(rows: list[Row]) -> str:
    """For the terminal."""
    width = max(len(row.promise) for row in rows)
    return "\n".join(
        f"  {'✓' if row.holds else '✗'} {row.promise:<{width}}  {row.found}" for row in rows
    )


def traffic(crowd: Crowd, since: int) -> Traffic:
    """Requests for a crowd's documents since a number. The authorization server is another, and
    the portal asks `profile` of who opens the application."""
    rows = [
        row
        for row in crowd.portal.get("requests", since=since)["requests"]
        if row["path"].startswith("/rest/")
        and not row["path"].startswith(("/rest/app.info", "/rest/profile"))
    ]
    spoiled = sum(bool(SPOILING.intersection(row["faults"])) for row in rows)
    return Traffic(documents=len(crowd.parties), asked=len(rows), spoiled=spoiled)


def _contradictions(crowd: Crowd) -> list[str]:
    told: dict[str, set[Any]] = defaultdict(set)
    for call in crowd.portal.get("calls", name="bizproc.event.send"):
        values = call["return_values"]
        told[call["event_token"]].add((values["status_code"], values["response_code"]))
    return [token for token, answers in told.items() if len(answers) > 1]
