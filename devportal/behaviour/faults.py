"""How the portal misbehaves on demand: one table of faults, drawn in one place.

Each fault has a name, the point of the exchange where it strikes and a probability from 0 to 1
(0 unless told). `web.middleware` draws those of requests, `world` those of conversions and calls.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Point(StrEnum):
    """Where in the exchange a fault may strike."""

    REST = "rest"
    TOKEN = "token"
    APP_INFO = "app_info"
    CONVERSION = "conversion"
    ROBOT_CALL = "robot_call"
    PAYMENT = "payment"


@dataclass(frozen=True, slots=True)
class Fault:
    """One row of the table; the text is what the page of faults shows."""

    name: str
    point: Point
    text: str
    is_action: bool = False


FAULTS: dict[str, Fault] = {
    fault.name: fault
    for fault in (
        Fault("expired_token", Point.REST, "Токен доступа истёк раньше срока: 401 expired_token"),
        Fault("invalid_grant", Point.TOKEN, "Токен обновления отозван: 400 invalid_grant"),
        Fault("rate_limit", Point.REST, "Слишком много запросов: 503 QUERY_LIMIT_EXCEEDED"),
        Fault("operation_limit", Point.REST, "Исчерпано время метода: 429 OPERATION_TIME_LIMIT"),
        Fault("slow", Point.REST, "Ответ приходит с большой задержкой"),
        Fault("drop_before", Point.REST, "Соединение рвётся до того, как метод выполнен"),
        Fault("drop_after", Point.REST, "Метод выполнен, но ответ потерян"),
        Fault("http_502", Point.REST, "502 от прокси вместо ответа"),
        Fault("html_body", Point.REST, "200 и страница HTML вместо JSON"),
        Fault("server_error", Point.REST, "Ошибка на портале: 500 INTERNAL_SERVER_ERROR"),
        Fault("overload", Point.REST, "Портал закрыл REST от перегрузки: 503 OVERLOAD_LIMIT"),
        Fault("renamed_302", Point.REST, "Портал переехал на новый адрес, старый отвечает 302"),
        Fault(
            "hijacked_302", Point.REST, "Имя портала в чужих руках: 302, не подтверждённый никем"
        ),
        Fault("refresh_lost", Point.TOKEN, "Пара токенов заменена, но ответ потерян"),
        Fault("auth_502", Point.TOKEN, "Сервер авторизации отвечает 502"),
        Fault("info_502", Point.APP_INFO, "Сервер авторизации отвечает 502 на app.info"),
        Fault("conversion_never", Point.CONVERSION, "PDF документа не появляется никогда"),
        Fault("conversion_failed", Point.CONVERSION, "Преобразование в PDF завершается ошибкой"),
        Fault("duplicate_call", Point.ROBOT_CALL, "Вызов робота приходит дважды"),
        Fault("unpaid", Point.PAYMENT, "Приложение не оплачено: 401 PAYMENT_REQUIRED"),
        Fault("robots_deleted", Point.REST, "Портал удалил роботов приложения", is_action=True),
        Fault("uninstall", Point.REST, "Приложение удалено с портала", is_action=True),
    )
}


class FaultTable:
    """Probabilities by name, and the seeded dice."""

    def __init__(self, probabilities: Mapping[str, float], seed: int) -> None:
        self._random = random.Random(seed)
        self._probabilities: dict[str, float] = {}
        self.struck: dict[str, int] = dict.fromkeys(FAULTS, 0)
        self.set(probabilities)

    @property
    def probabilities(self) -> dict[str, float]:
        """Every fault with its probability, those that are off included."""
        return {name: self._probabilities.get(name, 0.0) for name in FAULTS}

    def set(self, probabilities: Mapping[str, float]) -> None:
        """Change some probabilities; raises ValueError for an unknown name or a value off 0..1."""
        for name, value in probabilities.items():
            if name not in FAULTS:
                raise ValueError(f"there is no fault named {name}")
            if not 0 <= value <= 1:
                raise ValueError(f"{name}: a probability lies between 0 and 1")
        self._probabilities.update(probabilities)

    def reseed(self, seed: int) -> None:
        """Throw the dice from the beginning of another row."""
        self._random.seed(seed)

    def clear(self) -> None:
        """Behave again."""
        self._probabilities.clear()

    def draw(self, point: Point) -> list[str]:
        """Names of the faults that strike now, in the order of the table."""
        names = [
            name
            for name, fault in FAULTS.items()
            if fault.point is point and self._random.random() < self._probabilities.get(name, 0.0)
        ]
        for name in names:
            self.struck[name] += 1
        return names

    def draw_payment(self) -> list[str]:
        """As `draw`, without a throw of the dice while it is off: with the same seed the other
        faults strike as if this one did not exist."""
        return self.draw(Point.PAYMENT) if self._probabilities.get("unpaid") else []


def parse_faults(text: str) -> dict[str, float]:
    """`slow:0.1,rate_limit:0.05` as probabilities; a name alone means always."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    pairs = [part.partition(":") for part in parts]
    return {name: float(value) if colon else 1.0 for name, colon, value in pairs}
