"""Filters of list methods: `{"=contactId": 5, "@id": [1, 2], ">id": 3}`."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from devportal.errors import RestError

Condition = tuple[str, str, Any]

_OPERATORS = (">=", "<=", "!=", "!@", "=", "!", "@", ">", "<", "%")


def parse_filter(raw: Any, known: Collection[str]) -> list[Condition]:
    """(operator, field, value) triples; 400 INVALID_ARG_VALUE for a field that does not exist."""
    if not isinstance(raw, dict):
        return []
    conditions: list[Condition] = []
    for key, value in raw.items():
        operator = next((sign for sign in _OPERATORS if key.startswith(sign)), "")
        name = key[len(operator) :]
        if name not in known:
            raise RestError("INVALID_ARG_VALUE", f"Invalid filter: field '{name}' is not allowed")
        conditions.append((operator or "=", name, value))
    return conditions


def fits(row: dict[str, Any], conditions: list[Condition]) -> bool:
    """Whether a row meets every condition. A list as the value means any of it."""
    return all(_holds(row.get(name), operator, value) for operator, name, value in conditions)


def _holds(actual: Any, operator: str, wanted: Any) -> bool:
    if operator in _COMPARISONS:
        try:
            return _COMPARISONS[operator](float(actual), float(wanted))
        except (TypeError, ValueError):
            return False
    if operator == "%":
        return str(wanted).lower() in str(actual).lower()
    texts = {str(item) for item in (wanted if isinstance(wanted, list) else [wanted])}
    present = {str(item) for item in (actual if isinstance(actual, list) else [actual])}
    return bool(texts & present) is not operator.startswith("!")


_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    ">": lambda actual, wanted: actual > wanted,
    "<": lambda actual, wanted: actual < wanted,
    ">=": lambda actual, wanted: actual >= wanted,
    "<=": lambda actual, wanted: actual <= wanted,
}
