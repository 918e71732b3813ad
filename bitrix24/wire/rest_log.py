"""RestCall rows: what was asked and answered, without tokens, personal data or file contents.

Numbers, booleans and the words of a small vocabulary stay readable; any other text is replaced
by its length. So a name, an address or a code cannot slip through under an unforeseen key.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bitrix24.models import Portal, RestCall
from bitrix24.wire.answers import storable

READABLE = frozenset(
    {
        "active",
        "code",
        "entity_type",
        "entitytype",
        "error",
        "event",
        "grant_type",
        "handler",
        "method",
        "placement",
        "scope",
        "status",
        "tag",
        "use_subscription",
    }
)
SECRET = frozenset(
    {"auth", "access_token", "refresh_token", "application_token", "client_secret", "event_token"}
)
# What stands in place of an error code when there was no answer, or none of the portal's own.
NO_ANSWER = "no answer"
# The authorization server's own methods say nothing about the portal.
AUTH_METHODS = ("oauth.token", "app.info")
LATELY = 5
ITEMS_SHOWN = 5
# Ids are numbers, but an IIN or a phone is one too: only short ones stay.
DIGITS_SHOWN = 9
LENGTH_SHOWN = 2000


def write(
    portal: Portal | None,
    *,
    method: str,
    at: datetime,
    duration_ms: int,
    http_status: int | None,
    error: str,
    request: Any,
    response: Any,
) -> None:
    """Add one row; `request` and `response` are masked here."""
    RestCall.objects.create(
        portal=portal,
        at=at,
        method=method[:100],
        http_status=http_status,
        error=error[:100],
        duration_ms=duration_ms,
        request=shown(request),
        response=shown(response),
    )


def has_answered_lately(portal: Portal) -> bool:
    """Whether the portal has answered one of the last LATELY requests, if only with a refusal."""
    calls = RestCall.objects.filter(portal=portal).exclude(method__in=AUTH_METHODS)
    errors = calls.order_by("-at").values_list("error", flat=True)[:LATELY]
    return any(error != NO_ANSWER for error in errors)


def shown(value: Any) -> str:
    """A value as masked JSON, cut to LENGTH_SHOWN."""
    if value is None:
        return ""
    return storable(json.dumps(masked(value), ensure_ascii=False, default=str))[:LENGTH_SHOWN]


def masked(value: Any, key: str = "") -> Any:
    """The same shape with texts hidden."""
    if key.lower() in SECRET:
        return "***"
    if isinstance(value, Mapping):
        shown_items = list(value.items())[: ITEMS_SHOWN * 10]
        return {str(name): masked(item, str(name)) for name, item in shown_items}
    if isinstance(value, list | tuple):
        rest = [f"… {len(value) - ITEMS_SHOWN} more"] if len(value) > ITEMS_SHOWN else []
        return [masked(item, key) for item in value[:ITEMS_SHOWN]] + rest
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return value if abs(value) < 10**DIGITS_SHOWN else f"number({len(str(value))})"
    if isinstance(value, bytes):
        return f"bytes({len(value)})"
    return _text(str(value), key)


def _text(text: str, key: str) -> str:
    if key.lower() in READABLE or (text.isascii() and text.isdigit() and len(text) <= DIGITS_SHOWN):
        return text[:200]
    return f"text({len(text)})" if text else ""
