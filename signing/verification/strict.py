"""Values of a PDF in the one spelling that every program reads alike.

What programs are lenient about, each in its own way, is not read here at all: comments, NUL and
form feed as white space, numbers with a sign or leading zeros where an object is named, escaped
letters in names, keys told twice. Source: ISO 32000-2, 7.2 and 7.3.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_TOKEN = re.compile(
    rb"""[ \t\r\n]*(?:
      (?P<hex><[0-9A-Fa-f \t\r\n]*>)
    | (?P<name>/(?:[^\x00-\x20()<>\[\]{}/%\#\x7f]|\#[0-9A-Fa-f]{2})*)
    | (?P<reference>[1-9][0-9]{0,6}[ ](?:0|[1-9][0-9]{0,4})[ ]R)
    | (?P<number>[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+))
    | (?P<word>true|false|null)
    )(?=[ \t\r\n()<>\[\]/])""",
    re.VERBOSE,
)
# Behind these, anything may stand.
_BRACKET = re.compile(rb"[ \t\r\n]*(?:(?P<opening><<|\[)|(?P<closing>>>|\])|(?P<text>\())")
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
_WHOLE = re.compile(rb"0|[1-9][0-9]{0,11}")
_IN_TEXT = re.compile(rb"[()]|\\.", re.DOTALL)
_DEEPEST = 60


class NotStrict(ValueError):
    """Some program could read this in another way."""


class Reference(NamedTuple):
    """An object by its number and generation."""

    number: int
    generation: int


# Of values only what lists of objects are made of is kept; the rest is None.
Value = dict[bytes, "Value"] | list["Value"] | Reference | bytes | int | None


class StrictReader:
    """A position in the bytes of a file. Every method raises NotStrict."""

    def __init__(self, data: bytes, position: int = 0) -> None:
        self.data = data
        self.position = position

    def sees(self, pattern: re.Pattern[bytes]) -> re.Match[bytes] | None:
        """The match at the position, which moves behind it."""
        found = pattern.match(self.data, self.position)
        if found:
            self.position = found.end()
        return found

    def take(self, pattern: re.Pattern[bytes]) -> re.Match[bytes]:
        found = self.sees(pattern)
        if not found:
            raise NotStrict(f"at {self.position}")
        return found

    def dictionary(self) -> dict[bytes, Value]:
        value = self.value()
        if not isinstance(value, dict):
            raise NotStrict("no dictionary")
        return value

    def value(self, depth: int = 0) -> Value:
        """One value, whatever its kind."""
        if depth > _DEEPEST:
            raise NotStrict("too deep")
        token = self.sees(_BRACKET) or self.take(_TOKEN)
        kind, raw = token.lastgroup, token[token.lastgroup or 0]
        if kind == "opening":
            return self._dictionary(depth) if raw == b"<<" else self._array(depth)
        if kind == "closing":
            raise NotStrict("nothing to close")
        if kind == "text":
            self._skip_text()
            return None
        if kind == "name":
            return _name(raw)
        if kind == "number":
            return int(raw) if _WHOLE.fullmatch(raw) else None
        if kind == "reference":
            number, generation, _mark = raw.split(b" ")
            return Reference(int(number), int(generation))
        return None

    def _dictionary(self, depth: int) -> dict[bytes, Value]:
        found: dict[bytes, Value] = {}
        while not self._closes(b">>"):
            key = self.value(depth + 1)
            if not isinstance(key, bytes) or key in found:
                raise NotStrict("keys")
            found[key] = self.value(depth + 1)
        return found

    def _array(self, depth: int) -> list[Value]:
        found = []
        while not self._closes(b"]"):
            found.append(self.value(depth + 1))
        return found

    def _closes(self, bracket: bytes) -> bool:
        before = self.position
        token = self.sees(_BRACKET)
        if token and token["closing"] == bracket:
            return True
        self.position = before
        return False

    def _skip_text(self) -> None:
        depth = 1
        while depth:
            found = _IN_TEXT.search(self.data, self.position)
            if not found:
                raise NotStrict("endless text")
            depth += {b"(": 1, b")": -1}.get(found[0], 0)
            self.position = found.end()


def _name(raw: bytes) -> bytes:
    """A name as it is written; an escape for what needs none is another spelling of a key."""
    for escape in _ESCAPED.finditer(raw):
        if bytes.fromhex(escape[1].decode()).isalnum():
            raise NotStrict("escaped letter")
    return raw
