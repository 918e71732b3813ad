"""What has to hold whatever faults were injected: the invariants, as rows of a table."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from chaos.load import Load
from chaos.traffic import Traffic

# How many times as much as without faults a document may cost.
ALLOWED = 2.0


@dataclass(frozen=True)
class Invariant:
    """What was found, and whether it is as it has to be."""

    name: str
    found: str
    holds: bool


def answered_once(load: Load) -> list[Invariant]:
    """Every process has come to its end, each step by one answer, whatever was sent twice."""
    processes = load.processes()
    ended = sum(row["is_finished"] and not row["has_failed"] for row in processes.values())
    steps = [step for row in processes.values() for step in row["steps"] if step["event_token"]]
    silent = [step for step in steps if not step["values"].get("response_code")]
    contradicting = _contradictions(load)
    return [
        Invariant(
            "processes at their end", f"{ended} of {len(load.parties)}", ended == len(load.parties)
        ),
        Invariant("robots without an answer", str(len(silent)), not silent),
        Invariant("robots told two different things", str(len(contradicting)), not contradicting),
    ]


def outcomes(load: Load) -> dict[str, int]:
    """Processes by what they were told: the first error, or the last status."""
    counted: dict[str, int] = defaultdict(int)
    for row in load.processes().values():
        told = [step["values"] for step in row["steps"] if step["event_token"]]
        # What failed first is the story of the document; later robots have nothing to ask about.
        codes = [values.get("response_code") or "no answer" for values in told]
        failure = next((code for code in codes if code != "ok"), "")
        counted[failure or told[-1]["status_code"]] += 1
    return dict(counted)


def refusals_are_true(load: Load) -> Invariant:
    """Nobody was told that a sound contract is bad, or that a person is missing who is there."""
    honest = {"ok", "document_not_ready", "portal_unreachable"}
    codes = [
        step["values"].get("response_code", "ok")
        for row in load.processes().values()
        for step in row["steps"]
        if step["event_token"] and step["name"] == "send"
    ]
    wrong = sorted({code for code in codes if code not in honest})
    return Invariant("refusals that were not true", ", ".join(wrong) or "none", not wrong)


def outcomes_match_signers(load: Load) -> Invariant:
    """Who signed finds the document completed, who declined finds it declined."""
    wished = {"sign": "completed", "decline": "declined"}
    processes = load.processes()
    wrong = [
        party
        for party in load.parties
        if party.did
        and processes[party.process_id]["steps"][-1]["values"].get("status_code")
        != wished[party.did]
    ]
    done = sum(bool(party.did) for party in load.parties)
    return Invariant(
        "documents as their signers left them", f"{done - len(wrong)} of {done}", not wrong
    )


def requests_are_bounded(traffic: Traffic, alone: Traffic) -> Invariant:
    """Requests for a document: at most twice what one alone costs without faults, although each
    request has to be made `traffic.tries` times (docs/decisions/0044)."""
    times = traffic.each / alone.each
    found = f"{traffic.each:.1f}: {times:.2f} times the {alone.each:.1f} of one alone"
    return Invariant("requests for a document", found, times <= ALLOWED)


def within_rate_limit(overflows: int) -> Invariant:
    """The portal's own limit was never the one to say no."""
    return Invariant("requests over the portal's limit", str(overflows), overflows == 0)


def balance_adds_up(fell: int, completed: int) -> Invariant:
    """One unit for every completed document, none for any other."""
    return Invariant(
        "units spent for completed documents", f"{fell} for {completed}", fell == completed
    )


def table(rows: list[Invariant]) -> str:
    """For the terminal."""
    width = max(len(row.name) for row in rows)
    return "\n".join(
        f"  {'✓' if row.holds else '✗'} {row.name:<{width}}  {row.found}" for row in rows
    )


def _contradictions(load: Load) -> list[str]:
    told: dict[str, set[Any]] = defaultdict(set)
    for call in load.portal.get("calls", name="bizproc.event.send"):
        values = call["return_values"]
        told[call["event_token"]].add((values["status_code"], values["response_code"]))
    return [token for token, answers in told.items() if len(answers) > 1]
