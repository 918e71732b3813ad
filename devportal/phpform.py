"""PHP's nested form keys, both ways: `auth[member_id]=..`, `document_id[0]=crm`.

Bitrix24 builds its calls with `http_build_query` and reads bodies with PHP's own parser, so
null and empty arrays vanish, booleans become 1 and 0, and everything else becomes text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote_plus

_PART = re.compile(r"\[([^\]]*)\]")


def flatten(data: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Pairs of flat keys and texts in the order of the data."""
    pairs: list[tuple[str, str]] = []
    for key, value in data.items():
        _flatten_into(pairs, str(key), value)
    return pairs


def encode(data: Mapping[str, Any], *, raw_brackets: bool = False) -> str:
    """The body of an `application/x-www-form-urlencoded` request."""
    safe = "[]" if raw_brackets else ""
    pairs = [f"{quote_plus(key, safe=safe)}={quote_plus(text)}" for key, text in flatten(data)]
    return "&".join(pairs)


def parse(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Nested data of flat pairs; a repeated key keeps its last value, as in PHP.

    Dictionaries whose keys are 0..n-1 come back as lists.
    """
    tree: dict[str, Any] = {}
    for key, value in pairs:
        _insert(tree, _split(key), value)
    return {key: _listed(value) for key, value in tree.items()}


def parse_query(query: str) -> dict[str, Any]:
    """Nested data of a query string or form body."""
    return parse(parse_qsl(query, keep_blank_values=True))


def _flatten_into(pairs: list[tuple[str, str]], key: str, value: Any) -> None:
    if value is None:
        return
    if isinstance(value, Mapping):
        for name, inner in value.items():
            _flatten_into(pairs, f"{key}[{name}]", inner)
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            _flatten_into(pairs, f"{key}[{index}]", inner)
    elif isinstance(value, bool):
        pairs.append((key, "1" if value else "0"))
    else:
        pairs.append((key, str(value)))


def _split(key: str) -> list[str]:
    head, bracket, _ = key.partition("[")
    if not bracket or not head:
        return [key]
    return [head, *_PART.findall(key[len(head) :])]


def _insert(tree: dict[str, Any], path: list[str], value: Any) -> None:
    for part in path[:-1]:
        name = part or _next_index(tree)
        inner = tree.get(name)
        if not isinstance(inner, dict):
            inner = tree[name] = {}
        tree = inner
    tree[path[-1] or _next_index(tree)] = value


def _next_index(tree: dict[str, Any]) -> str:
    return str(1 + max((int(key) for key in tree if key.isdigit()), default=-1))


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {key: _listed(item) for key, item in value.items()}
    if inner and list(inner) == [str(index) for index in range(len(inner))]:
        return list(inner.values())
    return inner
