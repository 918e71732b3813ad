"""A guesser of codes: one of several processes that try at once, each with its own connection.

Started by `test_guessing.py` with a database of its own; every process says what it was answered.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

ROUNDS = 10
TRIES_A_ROUND = 25


@dataclass(frozen=True)
class Attack:
    """Where the victim's link, the answers and the logs of all guessers are."""

    folder: Path
    barrier: Barrier


def guess(attack: Attack, number: int) -> None:
    """Wrong codes in every hour of a day, all processes at the same moment; then the right one."""
    _start(attack, number)
    import time_machine
    from django.test import Client

    from tests.factories import NOON

    victim = json.loads((attack.folder / "victim.json").read_text("utf-8"))
    browser = Client()
    answers: dict[str, list[int]] = {"asked": [], "tried": [], "right": []}
    for hour in range(1, ROUNDS + 2):
        with time_machine.travel(NOON + timedelta(hours=hour), tick=False):
            if number == 0:
                answers["asked"].append(browser.post(f"/s/{victim['token']}/sign/").status_code)
                _share_session(attack, browser)
            attack.barrier.wait(timeout=60)
            _take_session(attack, browser)
            for attempt in range(TRIES_A_ROUND if hour <= ROUNDS else 0):
                wrong = f"{_right_code() + 1 + number * TRIES_A_ROUND + attempt:06d}"[-6:]
                sent = browser.post(f"/s/{victim['token']}/code/", {"code": wrong})
                answers["tried"].append(sent.status_code)
            attack.barrier.wait(timeout=120)
            if number == 0 and hour == ROUNDS:
                right = f"{_right_code():06d}"
                sent = browser.post(f"/s/{victim['token']}/code/", {"code": right})
                answers["right"].append(sent.status_code)
    (attack.folder / f"answers-{number}.json").write_text(json.dumps(answers), "utf-8")


def prepare(folder: Path) -> None:
    """A fresh database with one document whose letter is out."""
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from documents.tasks import hand_over
    from outbox.models import Delivery
    from tests import factories

    document = factories.make_sending(factories.make_portal())
    hand_over(document.pk, factories.NOON)
    token = Delivery.objects.get(kind="invitation").open_secret()["token"]
    factories.settle_deliveries("invitation")
    (folder / "victim.json").write_text(json.dumps({"token": token}), "utf-8")


def write_result(folder: Path) -> None:
    """What the database holds afterwards, and every code that was sent."""
    import django

    django.setup()
    from documents.models import Signer
    from employees.models import OneTimeCode
    from outbox.models import Delivery

    deliveries = Delivery.objects.filter(kind="signing_code")
    held = {
        "tries": list(OneTimeCode.objects.order_by("pk").values_list("tries", flat=True)),
        "codes": [delivery.open_secret()["code"] for delivery in deliveries],
        "status": Signer.objects.get(key="2").status,
    }
    (folder / "result.json").write_text(json.dumps(held), "utf-8")


def _start(attack: Attack, number: int) -> None:
    import django

    django.setup()
    logging.getLogger().addHandler(logging.FileHandler(attack.folder / f"log-{number}.txt"))


def _right_code() -> int:
    from outbox.models import Delivery

    return int(Delivery.objects.filter(kind="signing_code").latest("pk").open_secret()["code"])


def _share_session(attack: Attack, browser: Any) -> None:
    if "sessionid" in browser.cookies:
        (attack.folder / "session").write_text(browser.cookies["sessionid"].value, "utf-8")


def _take_session(attack: Attack, browser: Any) -> None:
    browser.cookies["sessionid"] = (attack.folder / "session").read_text("utf-8")
