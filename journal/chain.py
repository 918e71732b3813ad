"""The chain: how an event is hashed and how a run of events is checked. Needs no database.

The hash of an event is SHA-256 over canonical JSON (keys sorted, no spaces, UTF-8) of
`{"actor", "at", "data", "kind", "number", "personal_digest", "portal", "previous_hash",
"subject"}`; `previous_hash` of the first event is empty. Personal details stand apart: the
chain holds only their digest, SHA-256 over the salt and the canonical JSON of the details.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class ChainBreak(TextChoices):
    """Why a chain does not hold."""

    NUMBER = "number", _("An event is missing, or the order was changed.")
    PREVIOUS = "previous", _("The event does not continue the one before it.")
    CONTENT = "content", _("The event was changed after it was written.")
    PERSONAL = "personal", _("The personal details are not those that were written.")
    HEAD = "head", _("The last events are missing.")
    FOREIGN = "foreign", _("The event belongs to another portal.")
    UNREADABLE = "unreadable", _("The line cannot be read.")
    ANCHOR = "anchor", _("The hash that was asked for is not in the chain.")


@dataclass(frozen=True)
class Personal:
    """The erasable part of an event."""

    salt: str
    data: dict[str, Any]

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.salt.encode() + canonical(self.data)).hexdigest()


@dataclass(frozen=True)
class Link:
    """An event as it is hashed and exported. `at` is ISO 8601 in UTC with microseconds."""

    portal: str  # member_id
    number: int
    at: str
    kind: str
    actor: str
    subject: tuple[str, str]
    data: dict[str, Any]
    personal_digest: str  # empty: the event never had personal details
    previous_hash: str
    hash: str = ""
    personal: Personal | None = None  # None with a digest: erased, or left out of the export

    def computed_hash(self) -> str:
        return hashlib.sha256(
            canonical(
                {
                    "portal": self.portal,
                    "number": self.number,
                    "at": self.at,
                    "kind": self.kind,
                    "actor": self.actor,
                    "subject": list(self.subject),
                    "data": self.data,
                    "personal_digest": self.personal_digest,
                    "previous_hash": self.previous_hash,
                }
            )
        ).hexdigest()


@dataclass(frozen=True)
class Head:
    """The end of a chain, as remembered outside it."""

    number: int
    hash: str


@dataclass(frozen=True)
class ChainCheck:
    """`broken_at` is the number of the first event that does not fit; `checked` were sound."""

    ok: bool
    checked: int
    broken_at: int | None
    reason: ChainBreak | None
    head_hash: str


def canonical(value: Any) -> bytes:
    """The one JSON spelling of a value."""
    return json.dumps(
        value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    ).encode()


def check(links: Iterable[Link], head: Head | None, *, anchor: str = "") -> ChainCheck:
    """Walk a whole chain from its first event.

    `head`: what the chain must end with (None: nothing is known, a cut tail stays unseen).
    `anchor`: a hash from outside, as a signing report prints it, that must be in the chain.
    """
    last, anchor_seen = Head(0, ""), not anchor
    for link in links:
        reason = _break_of(link, last)
        if reason:
            return ChainCheck(False, last.number, link.number, reason, last.hash)
        last = Head(link.number, link.hash)
        anchor_seen = anchor_seen or link.hash == anchor
    if head is not None and head != last:
        return ChainCheck(False, last.number, last.number + 1, ChainBreak.HEAD, last.hash)
    if not anchor_seen:
        return ChainCheck(False, last.number, None, ChainBreak.ANCHOR, last.hash)
    return ChainCheck(True, last.number, None, None, last.hash)


def _break_of(link: Link, last: Head) -> ChainBreak | None:
    if link.number != last.number + 1:
        return ChainBreak.NUMBER
    if link.previous_hash != last.hash:
        return ChainBreak.PREVIOUS
    if link.computed_hash() != link.hash:
        return ChainBreak.CONTENT
    if link.personal and link.personal.digest != link.personal_digest:
        return ChainBreak.PERSONAL
    return None


def plain(value: Any) -> Any:
    """The value as both databases give it back, so that its hash stays the same.

    Text loses what PostgreSQL's jsonb refuses (NUL, lone surrogates). Floats are a TypeError:
    jsonb respells them, and a respelt number would break the chain.
    """
    if isinstance(value, str):
        return value.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    raise TypeError(f"the journal keeps text, whole numbers, lists and dicts, not {value!r}")
