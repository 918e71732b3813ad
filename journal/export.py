"""The exported journal: JSON lines. The first line is the header, each other one is an event.

Header: `{"format": "signx-journal/1", "portal", "domain", "head": {"number", "hash"}}`.
Event: the hashed fields (journal/chain.py), `hash`, and `personal: {"salt", "data"}` when known.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from journal.chain import ChainBreak, ChainCheck, Head, Link, Personal, check

FORMAT = "signx-journal/1"


class UnreadableLine(Exception):
    """A line that is not an event of this export. `number` counts lines from 0, the header."""

    def __init__(self, number: int, reason: ChainBreak = ChainBreak.UNREADABLE) -> None:
        super().__init__(f"line {number}: {reason.value}")
        self.number, self.reason = number, reason


def lines(
    portal: str, domain: str, head: Head, links: Iterable[Link], *, personal: bool
) -> Iterator[str]:
    yield _line(
        {
            "format": FORMAT,
            "portal": portal,
            "domain": domain,
            "head": {"number": head.number, "hash": head.hash},
        }
    )
    for link in links:
        yield _line(_event(link, personal))


def verify_lines(text: Iterable[str], *, anchor: str = "") -> ChainCheck:
    """Check an exported journal without the database it came from."""
    source = iter(text)
    try:
        portal, head = _read_header(next(source, ""))
        return check(_read_events(source, portal), head, anchor=anchor)
    except UnreadableLine as error:
        return ChainCheck(False, max(error.number - 1, 0), error.number, error.reason, "")


def _event(link: Link, personal: bool) -> dict[str, Any]:
    event: dict[str, Any] = {
        "number": link.number,
        "at": link.at,
        "kind": link.kind,
        "actor": link.actor,
        "subject": list(link.subject),
        "data": link.data,
        "personal_digest": link.personal_digest,
        "previous_hash": link.previous_hash,
        "hash": link.hash,
        "portal": link.portal,
    }
    if personal and link.personal:
        event["personal"] = {"salt": link.personal.salt, "data": link.personal.data}
    return event


def _line(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False) + "\n"


def _read_header(line: str) -> tuple[str, Head]:
    try:
        header = json.loads(line)
        if header["format"] != FORMAT:
            raise UnreadableLine(0)
        return header["portal"], Head(int(header["head"]["number"]), header["head"]["hash"])
    except (ValueError, KeyError, TypeError) as error:
        raise UnreadableLine(0) from error


def _read_events(source: Iterator[str], portal: str) -> Iterator[Link]:
    for number, line in enumerate(source, start=1):
        link = _read_event(line, number)
        if link.portal != portal:
            raise UnreadableLine(number, ChainBreak.FOREIGN)
        yield link


def _read_event(line: str, number: int) -> Link:
    try:
        event = json.loads(line)
        personal = event.pop("personal", None)
        kind, subject_id = event.pop("subject")
        return Link(
            **event,
            subject=(kind, subject_id),
            personal=Personal(personal["salt"], personal["data"]) if personal else None,
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnreadableLine(number) from error
