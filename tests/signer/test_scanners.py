"""Machines that open letters: previews, scanners of mail, a second tab. They change nothing."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.apps import apps
from django.test import Client

from documents.models import Signer
from outbox.models import Delivery
from outbox.services import content
from tests.signer.conftest import Invited

URL = re.compile(r"http://signx\.test(/[^\s\"'<>]*)")
# What a visit alone may leave: nothing of a document, a signer, a code, a delivery, the journal.
WATCHED = ("documents", "employees", "journal", "outbox")
MACHINES = [
    "Mozilla/5.0 (compatible; Barracuda Sentinel)",
    "TelegramBot (like TwitterBot)",
    "facebookexternalhit/1.1",
]


def everything() -> dict[str, list[tuple[object, ...]]]:
    """All rows of our applications."""
    models = [model for app in WATCHED for model in apps.get_app_config(app).get_models()]
    return {model.__name__: sorted(map(repr, model.objects.values_list())) for model in models}


def urls_of(invited: Invited) -> list[str]:
    """Every address of ours in the letter, and every one on the pages behind them."""
    delivery = Delivery.objects.get(kind="invitation")
    delivery.secret, delivery.state = f'{{"token": "{invited.token}"}}', Delivery.State.PENDING
    letter = content(delivery)
    found = set(URL.findall(letter.html) + URL.findall(letter.text))
    for path in list(found):
        page = Client().get(path).content.decode()
        found |= set(re.findall(r"(?:href|src|action)=\"(/[^\"#]*)\"", page))
    assert any(path.startswith("/s/") for path in found)
    return sorted(path for path in found if not path.startswith("/static/"))


@pytest.mark.parametrize("agent", MACHINES)
@pytest.mark.parametrize("method", ["get", "head"])
def test_opening_every_address_of_the_letter_changes_nothing(
    invited: Invited, agent: str, method: str
) -> None:
    before = everything()

    for path in urls_of(invited):
        ask: Callable[..., object] = getattr(Client(HTTP_USER_AGENT=agent), method)
        assert ask(path).status_code < 500, path  # type: ignore[attr-defined]

    assert everything() == before
    assert invited.status() == ("sent", Signer.Status.PENDING)


def test_a_second_tab_takes_nothing_from_the_first(invited: Invited) -> None:
    code = invited.ask_for_code()
    before = everything()

    for page in ("", "sign/", "code/", "decline/", "text/"):
        Client().get(invited.url(page))  # another browser
        invited.get(page)  # a tab of the same one

    assert everything() == before
    assert invited.post("code/", code=code).status_code == 302
    assert invited.status() == ("sealing", "signed")


def test_a_second_tab_with_the_same_code_signs_nothing_twice(invited: Invited) -> None:
    code = invited.ask_for_code()
    invited.post("code/", code=code)
    before = everything()

    again = invited.post("code/", code=code)

    assert again.status_code == 302
    assert everything() == before
