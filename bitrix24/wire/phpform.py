"""PHP's nested form keys, both ways: `a[b][0]=1` <-> {"a": {"b": ["1"]}}.

Source: PHP manual, parse_str and http_build_query; Bitrix24 docs, api-reference/events.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote_plus

from signx.errors import ErrorCode, SignXError

MAX_PAIRS = 2000
MAX_DEPTH = 16
MAX_KEY_LENGTH = 500
_SEGMENT = re.compile(r"\[([^\[\]]*)\]")


def parse(body: bytes) -> dict[str, Any]:
    """A form body as nested dicts, lists and strings; a repeated key keeps its last value.

    Keys 0..n-1 become a list. Broken UTF-8 is replaced, NUL is dropped (databases refuse it).
    Raises SignXError(INPUT_INVALID) for more pairs, deeper or longer keys than Bitrix24 sends.
    """
    text = body.decode("utf-8", "replace").replace("\x00", "")
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_PAIRS)
    except ValueError as error:
        raise _invalid("too many pairs") from error
    root = _Node()
    for key, value in pairs:
        _put(root, _path(key.replace("\x00", "")), value.replace("\x00", ""))
    return {key: _plain(value) for key, value in root.items()}


def encode(values: Mapping[str, Any]) -> str:
    """http_build_query: None and empty containers are left out, booleans are 1 and 0."""
    return "&".join(
        f"{quote_plus(key)}={quote_plus(value)}" for key, value in _flat("", values.items())
    )


def _path(key: str) -> list[str]:
    if len(key) > MAX_KEY_LENGTH:
        raise _invalid("a key is too long")
    name, bracket, rest = key.partition("[")
    segments = [name]
    position = 0
    tail = bracket + rest
    while match := _SEGMENT.match(tail, position):
        segments.append(match[1])
        position = match.end()
    if len(segments) > MAX_DEPTH:
        raise _invalid("keys are nested too deep")
    # Nothing closed: PHP keeps the name as it stands. After a closed part, the rest is ignored.
    return [key] if bracket and position == 0 else segments


class _Node(dict[str, Any]):
    """An array being read; knows which number `a[]` means next."""

    next_index = 0

    def place(self, segment: str, value: Any) -> None:
        self[segment] = value
        if segment.isascii() and segment.isdigit():
            self.next_index = max(self.next_index, int(segment) + 1)

    def child(self, segment: str) -> _Node:
        found = self.get(segment)
        if not isinstance(found, _Node):
            found = _Node()
            self.place(segment, found)
        return found


def _put(root: _Node, path: list[str], value: str) -> None:
    node = root
    for segment in path[:-1]:
        node = node.child(segment or str(node.next_index))
    node.place(path[-1] or str(node.next_index), value)


def _plain(value: Any) -> Any:
    """Nodes as lists where their keys are 0..n-1, else as dicts."""
    if not isinstance(value, _Node):
        return value
    children = {key: _plain(child) for key, child in value.items()}
    numbers = [str(index) for index in range(len(children))]
    return [children[number] for number in numbers] if set(numbers) == set(children) else children


def _flat(prefix: str, items: Iterable[tuple[Any, Any]]) -> Iterable[tuple[str, str]]:
    for key, value in items:
        name = f"{prefix}[{key}]" if prefix else str(key)
        if isinstance(value, Mapping):
            yield from _flat(name, value.items())
        elif isinstance(value, list | tuple):
            yield from _flat(name, enumerate(value))
        elif isinstance(value, bool):
            yield name, "1" if value else "0"
        elif value is not None:
            yield name, str(value)


def _invalid(reason: str) -> SignXError:
    return SignXError(ErrorCode.INPUT_INVALID, reason, reason=reason)
