"""The other side of the outbox for its tests: a channel, builders and listeners."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from outbox.base import Command, Letter, Outcome
from outbox.models import Delivery
from outbox.services import content_or_outcome
from signx.errors import ErrorCode, SignXError

Answer = Callable[[Delivery], Outcome]


class Channel:
    """Remembers every effect it had, and answers as the test has told it."""

    def __init__(self) -> None:
        self.effects: list[str] = []
        self.groups: list[list[str]] = []
        self.heard: list[tuple[str, str]] = []
        self.answer: Answer = lambda delivery: Outcome(done=True, result={"id": delivery.key})
        self.hear: Callable[[Delivery], None] = lambda delivery: None

    def reset(self) -> None:
        self.__init__()


WORLD = Channel()


class Killed(BaseException):
    """The worker's process ends here: nothing of ours may catch it."""


def send(deliveries: list[Delivery]) -> list[Outcome]:
    WORLD.groups.append([delivery.key for delivery in deliveries])
    return [_one(delivery) for delivery in deliveries]


def _one(delivery: Delivery) -> Outcome:
    content = content_or_outcome(delivery)
    if isinstance(content, Outcome):
        return content
    WORLD.effects.append(delivery.key)
    return WORLD.answer(delivery)


def listen(delivery: Delivery) -> None:
    WORLD.hear(delivery)
    WORLD.heard.append((delivery.key, delivery.state))


def build_nothing(delivery: Delivery) -> None:
    return None


def build_broken(delivery: Delivery) -> Command:
    raise KeyError(delivery.key)


def build_refused(delivery: Delivery) -> Command:
    raise SignXError(ErrorCode.NOT_FOUND, "the document is gone")


def build_secret(delivery: Delivery) -> Command:
    return Command("say", {"code": delivery.open_secret()["code"]})


def build_letter(delivery: Delivery) -> Letter:
    payload: dict[str, Any] = {"subject": "Договор на подпись", "text": "Здравствуйте", "html": ""}
    return Letter(**(payload | delivery.payload))
