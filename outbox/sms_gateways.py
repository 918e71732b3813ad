"""How an SMS gateway is spoken to: an HTTP request described by data, and how to read the answer.

Two gateways are described here from their public documentation; any other by settings.
Sources: https://smsc.ru/api/http/ (send.php, fmt=3), https://sms.ru/api/send (json=1).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ImproperlyConfigured

WAYS = ("form", "json", "query")


@dataclass(frozen=True)
class Reading:
    """One value of a JSON answer: keys by dots, `*` is the only entry of an object whose key is
    not known beforehand (a phone number). Without `values` it is enough that the value is there."""

    path: str
    values: frozenset[str] = frozenset()

    @classmethod
    def parse(cls, text: str) -> Reading:
        """«sms.*.status=OK», «code=7|8», «id»."""
        path, _sign, values = text.partition("=")
        return cls(path.strip(), frozenset(filter(None, values.strip().split("|"))))

    def fits(self, answer: Any) -> bool:
        found = answer
        for key in self.path.split("."):
            found = _step(found, key)
        if found is None:
            return False
        return not self.values or str(found) in self.values


@dataclass(frozen=True)
class Gateway:
    """`fields` are templates with {phone}, {text}, {login}, {password}, {sender}; one that comes
    out empty is left out. `accepted`: the message was taken. `refused`: this number will never
    be taken, so that another attempt cannot help."""

    url: str
    fields: Mapping[str, str]
    accepted: Reading
    refused: tuple[Reading, ...] = ()
    method: str = "POST"
    body: str = "form"
    headers: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.body not in WAYS or self.method not in {"GET", "POST"}:
            raise ImproperlyConfigured(f"an SMS gateway is asked by GET or POST, in {WAYS}")

    def filled(self, values: Mapping[str, str]) -> dict[str, str]:
        """The fields of one message."""
        made = {name: template.format_map(values) for name, template in self.fields.items()}
        return {name: value for name, value in made.items() if value}

    def filled_headers(self, values: Mapping[str, str]) -> dict[str, str]:
        return {name: template.format_map(values) for name, template in self.headers.items()}


PRESETS: dict[str, Gateway] = {
    # error_code 7: malformed number; 8: cannot be delivered to this number.
    "smsc": Gateway(
        url="https://smsc.ru/sys/send.php",
        fields={
            "login": "{login}",
            "psw": "{password}",
            "phones": "{phone}",
            "mes": "{text}",
            "sender": "{sender}",
            "charset": "utf-8",
            "fmt": "3",
        },
        # Errors 3 and 6–8 carry an id too; only an accepted message has a count.
        accepted=Reading("cnt"),
        refused=(Reading("error_code", frozenset({"7", "8"})),),
    ),
    # status_code of the number: 202 malformed, 207 no way to deliver to it.
    "smsru": Gateway(
        url="https://sms.ru/sms/send",
        fields={
            "api_id": "{password}",
            "to": "{phone}",
            "msg": "{text}",
            "from": "{sender}",
            "json": "1",
        },
        accepted=Reading("sms.*.status", frozenset({"OK"})),
        refused=(Reading("sms.*.status_code", frozenset({"202", "207"})),),
    ),
}


def _step(value: Any, key: str) -> Any:
    if not isinstance(value, dict):
        return None
    if key == "*":
        return next(iter(value.values()), None) if len(value) == 1 else None
    return value.get(key)
