"""What nobody knows for sure about the real portal, switchable: an application must work both ways.

A doubt has a name and its ways; the first way is the usual one. The number names the row of the
wire contract's list of doubts. Read with `world.ways`, changed from the page of faults, by
`DEVPORTAL_WAYS`, `--ways` or POST /_dev/ways.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from devportal.errors import RestError


@dataclass(frozen=True, slots=True)
class Doubt:
    """One row; the text is what the page shows."""

    name: str
    ways: tuple[str, ...]
    text: str


DOUBTS: dict[str, Doubt] = {
    doubt.name: doubt
    for doubt in (
        Doubt("call_auth", ("full", "bare", "extra"),
              "Ключи auth в вызове робота: все, только обязательные, с лишними"),
        Doubt("brackets", ("encoded", "raw"), "Скобки в ключах вызовов: %5B или [ как есть"),
        Doubt("entry_keys", ("new", "old"),
              "Открытие приложения: с SERVER_ENDPOINT и APPLICATION_TOKEN или без них"),
        Doubt("scope_status", ("401", "403"), "HTTP-код ошибки insufficient_scope"),
        Doubt("denied_status", ("documented", "400", "403"),
              "HTTP-код ошибки ACCESS_DENIED: как у метода или всегда один"),
        Doubt("deleted_status", ("403", "410", "500"), "HTTP-код ошибки PORTAL_DELETED"),
        Doubt("event_send", ("now", "queued", "lost", "locked"),
              "bizproc.event.send: сразу, в очереди, первый раз теряется, первый раз отказ"),
        Doubt("update_handlers", ("kept", "lost"),
              "События и встройки после обновления приложения: остаются или пропадают"),
        Doubt("update_token", ("same", "new"), "application_token после обновления приложения"),
        Doubt("payment_token", ("sent", "absent"), "application_token в ONAPPPAYMENT"),
        Doubt("docgen_scope", ("crm", "documentgenerator"), "Право на crm.documentgenerator.*"),
        Doubt("refresh_reuse", ("refused", "accepted"),
              "Использованный токен обновления: отказ или новая пара"),
        Doubt("link_error", ("json", "html"), "Ответ машинной ссылки, которая больше не действует"),
        Doubt("timeline_types", ("all", "documented"),
              "Комментарии в карточках предложений и счетов: есть или нет"),
    )
}  # fmt: skip

_STATUS_WAYS = {
    "insufficient_scope": "scope_status",
    "ACCESS_DENIED": "denied_status",
    "PORTAL_DELETED": "deleted_status",
}


class Ways:
    """The way chosen for each doubt."""

    def __init__(self, chosen: Mapping[str, str]) -> None:
        self._chosen: dict[str, str] = {}
        self.choose(chosen)

    @property
    def all(self) -> dict[str, str]:
        """Every doubt with its present way."""
        return {name: self.of(name) for name in DOUBTS}

    def of(self, name: str) -> str:
        """The present way of a doubt."""
        return self._chosen.get(name, DOUBTS[name].ways[0])

    def choose(self, chosen: Mapping[str, str]) -> None:
        """Change some ways; raises ValueError for an unknown name or way."""
        for name, way in chosen.items():
            if name not in DOUBTS:
                raise ValueError(f"there is no doubt named {name}")
            if way not in DOUBTS[name].ways:
                raise ValueError(f"{name}: one of {', '.join(DOUBTS[name].ways)}")
        self._chosen.update(chosen)

    def clear(self) -> None:
        """Back to the usual ways."""
        self._chosen.clear()

    def status_of(self, problem: RestError) -> int:
        """HTTP status of an error whose status is doubtful; of others their own."""
        way = self.of(_STATUS_WAYS[code]) if (code := str(problem.code)) in _STATUS_WAYS else ""
        return int(way) if way.isdigit() else problem.status


def parse_ways(text: str) -> dict[str, str]:
    """`event_send=queued,brackets=raw` as ways by name."""
    pairs = [part.strip().partition("=") for part in text.split(",") if part.strip()]
    return {name: way for name, _, way in pairs}
