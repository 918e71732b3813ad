"""Tolerant readers for Bitrix24's answers, where 5, "5", null, false, "" and [] mix freely."""

from __future__ import annotations

import math
import re
from typing import Any

# PostgreSQL refuses a NUL, every database half of a surrogate pair; JSON may bring both.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(text: str) -> str:
    """The text without what a database would refuse."""
    return _UNSTORABLE.sub("", text)


def as_int(value: Any) -> int:
    """The whole number, 0 for everything that is none."""
    try:
        return int(str(value).strip())
    except ValueError:
        return 0


def as_float(value: Any) -> float:
    """The number, 0.0 for everything that is none."""
    try:
        number = float(str(value).strip())
    except ValueError:
        return 0.0
    return number if math.isfinite(number) else 0.0


def as_text(value: Any) -> str:
    """The storable text without outer spaces; empty for null, false and containers."""
    if value is None or isinstance(value, bool | list | dict):
        return ""
    return storable(str(value)).strip()


def as_bool(value: Any) -> bool:
    """True for true, 1, "1", "Y", "true"."""
    return value is True or str(value).strip().lower() in {"1", "y", "true"}


def as_dict(value: Any) -> dict[str, Any]:
    """The object; an empty PHP array comes as []."""
    return value if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    """The list; an object with any keys gives its values, a scalar none."""
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
