"""What the portal checks when a robot is added or changed, in its order and its words."""

from __future__ import annotations

import re
from typing import Any

from devportal.errors import RestError
from devportal.rest.handler_urls import check_handler_url

CODE_PATTERN = re.compile(r"[a-z0-9.\-_]+", re.IGNORECASE)
_KEY = re.compile(r"[a-z][a-z0-9_]*", re.IGNORECASE)
_DOCUMENT_TYPE_PARTS = 3
_FILTER_PLACES = ("b24", "box")


def check_activity(data: dict[str, Any]) -> None:
    """Raises RestError; `data` has upper-case top keys."""
    if not data:
        raise _invalid("Empty data!")
    _check_code(data.get("CODE"))
    check_handler_url(str(data.get("HANDLER") or ""))
    if not _has_name(data.get("NAME")):
        raise _invalid("Empty activity NAME!")
    for part in ("PROPERTIES", "RETURN_PROPERTIES"):
        if data.get(part):
            _check_properties(data[part])
    if data.get("FILTER"):
        _check_filter(data["FILTER"])
    if data.get("DOCUMENT_TYPE"):
        _check_document_type(data["DOCUMENT_TYPE"])
    if data.get("USE_PLACEMENT") == "Y":
        check_handler_url(str(data.get("PLACEMENT_HANDLER") or ""))


def normalized(data: dict[str, Any]) -> dict[str, Any]:
    """The stored record: descriptor keys in upper case, property and option keys as given."""
    record = dict(data)
    for part in ("PROPERTIES", "RETURN_PROPERTIES"):
        record[part] = {
            key: {name.upper(): value for name, value in descriptor.items()}
            for key, descriptor in (data.get(part) or {}).items()
        }
    return record


def _check_code(code: Any) -> None:
    if not code:
        raise _invalid("Empty activity code!")
    if not isinstance(code, str) or not CODE_PATTERN.fullmatch(code):
        raise _invalid("Wrong activity code!")


def _has_name(name: Any) -> bool:
    if isinstance(name, dict):
        return any(str(text).strip() for text in name.values())
    return bool(str(name or "").strip())


def _check_properties(properties: Any) -> None:
    if not isinstance(properties, dict):
        raise _invalid("Wrong properties array!")
    for key, descriptor in properties.items():
        if not _KEY.fullmatch(key):
            raise _invalid(f"Wrong property key ({key})!")
        names = (
            {name.upper(): value for name, value in descriptor.items()}
            if isinstance(descriptor, dict)
            else {}
        )
        if not _has_name(names.get("NAME")):
            raise _invalid(f"Empty property NAME ({key})!")


def _check_filter(rules: Any) -> None:
    if not isinstance(rules, dict):
        raise _invalid("Wrong activity FILTER!")
    for key, group in rules.items():
        if key.upper() not in ("INCLUDE", "EXCLUDE") or not isinstance(group, list):
            raise _invalid("Wrong activity FILTER!")
        for rule in group:
            is_place = isinstance(rule, str) and rule in _FILTER_PLACES
            is_type = isinstance(rule, list) and 0 < len(rule) <= _DOCUMENT_TYPE_PARTS
            if not is_place and not is_type:
                raise _invalid("Wrong activity FILTER!")


def _check_document_type(kind: Any) -> None:
    if not isinstance(kind, list) or len(kind) != _DOCUMENT_TYPE_PARTS or not all(kind):
        raise _invalid("Wrong activity DOCUMENT_TYPE!")


def _invalid(text: str) -> RestError:
    return RestError("ERROR_ACTIVITY_VALIDATION_FAILURE", text)
