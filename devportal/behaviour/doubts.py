"""What nobody knows for sure about the real portal, switchable: an application must work both ways.

A doubt has a name and its ways; the first way is the usual one. `row` is its number in the wire
contract's list of doubts; row 18 (which RQ_* fields a country fills) has no switch, because the
stand-in has no requisites and nobody asks for them. Row 0 is of no list: what older portals lack,
told where the contract describes the entry. Read with `world.ways`, changed from the page
of faults, by `DEVPORTAL_WAYS`, `--ways` or POST /_dev/ways.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from devportal.errors import RestError


@dataclass(frozen=True, slots=True)
class Doubt:
    """One switch of a row of the contract; the text is what the page shows."""

    row: int
    name: str
    ways: tuple[str, ...]
    text: str


DOUBTS: dict[str, Doubt] = {
    doubt.name: doubt
    for doubt in (
        Doubt(0, "entry_keys", ("new", "old"),
              "Открытие приложения: с SERVER_ENDPOINT и APPLICATION_TOKEN или без них"),
        Doubt(1, "call_auth", ("full", "bare", "extra"),
              "Ключи auth в вызове робота: все, только обязательные, с лишними"),
        Doubt(2, "call_times", ("once", "twice"), "Вызов робота приходит один раз или дважды"),
        Doubt(3, "brackets", ("encoded", "raw"), "Скобки в ключах вызовов: %5B или [ как есть"),
        Doubt(3, "booleans", ("1", "Y"), "«Да» в данных событий: 1 или Y"),
        Doubt(4, "scope_status", ("401", "403"), "HTTP-код ошибки insufficient_scope"),
        Doubt(4, "denied_status", ("documented", "400", "403"),
              "HTTP-код ошибки ACCESS_DENIED: как у метода или всегда один"),
        Doubt(4, "deleted_status", ("403", "410", "500"), "HTTP-код ошибки PORTAL_DELETED"),
        Doubt(5, "auth_server", ("first", "second"),
              "Какой сервер авторизации назван в вызовах: основной или второй"),
        Doubt(6, "refresh_reuse", ("refused", "accepted"),
              "Использованный токен обновления: отказ или новая пара"),
        Doubt(7, "update_handlers", ("kept", "lost"),
              "События и встройки после обновления приложения: остаются или пропадают"),
        Doubt(8, "update_event", ("tokens", "bare", "none"),
              "ONAPPUPDATE: с токенами, без них или не приходит"),
        Doubt(8, "update_token", ("same", "new"), "application_token после обновления приложения"),
        Doubt(9, "payment_token", ("sent", "absent"), "application_token в ONAPPPAYMENT"),
        Doubt(10, "docgen_scope", ("crm", "documentgenerator"),
              "Право на crm.documentgenerator.*"),
        Doubt(11, "answer_size", ("any", "2kb"),
              "Ответ робота в bizproc.event.send: любой или не длиннее 2 КБ"),
        Doubt(12, "conversion_event", ("silent", "fired"),
              "Событие об изменении документа, когда готов PDF: молчит или приходит"),
        Doubt(13, "link_error", ("json", "html"),
              "Ответ машинной ссылки, которая больше не действует"),
        Doubt(14, "app_storage", ("shared", "private"),
              "Файлы на диске приложения: видны сотрудникам или только администраторам"),
        Doubt(15, "timeline_types", ("all", "documented"),
              "Комментарии в карточках предложений и счетов: есть или нет"),
        Doubt(16, "frame_name", ("telling", "plain"),
              "window.name фрейма: домен, протокол и APP_SID или просто имя"),
        Doubt(17, "upload_limit", ("any", "5mb"), "Файл в base64: любой или не больше 5 МБ"),
        Doubt(19, "subscription", ("asked", "forced_n"),
              "USE_SUBSCRIPTION робота: как просили или всегда N"),
        Doubt(20, "event_send", ("now", "queued", "lost", "locked"),
              "bizproc.event.send: сразу, в очереди, первый раз теряется, первый раз отказ"),
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
