"""What the card offers after sending: a letter that came back, another address."""

from __future__ import annotations

import pytest

from documents.models import Document, Signer
from documents.news import bounces
from outbox.models import Delivery
from tests.factories import NOON, counterparty_of
from tests.frame.desk import Desk

NEW = {"signer": "2", "email": "novyj@zakazchik.example"}


def path(document: Document) -> str:
    return f"/app/documents/{document.public_id}"


def test_a_letter_that_came_back_is_shown_with_the_way_out(sent: Document, clerk: Desk) -> None:
    letter = Delivery.objects.get(kind="invitation")
    bounces.returned(letter, "550 5.1.1 No such user", at=NOON)

    page = clerk.read(path(sent))

    assert "The letter was not delivered" in page
    assert "550 5.1.1 No such user" in page
    assert "Change the e-mail" in page


def test_the_sender_corrects_the_address_from_the_card(sent: Document, clerk: Desk) -> None:
    answer = clerk.post(f"{path(sent)}/address", NEW)

    assert answer.status_code == 200
    assert "n***@zakazchik.example" in answer.content.decode()
    assert counterparty_of(sent).email == NEW["email"]
    assert Delivery.objects.filter(kind="invitation", state="pending").count() == 1


def test_twice_is_refused_because_it_is_the_same_address(sent: Document, clerk: Desk) -> None:
    clerk.post(f"{path(sent)}/address", NEW)

    assert clerk.post(f"{path(sent)}/address", NEW).status_code == 422
    assert Delivery.objects.filter(kind="invitation", state="pending").count() == 1


@pytest.mark.parametrize(
    ("form", "status"),
    [
        (NEW | {"email": "не адрес"}, 422),
        (NEW | {"email": ""}, 422),
        (NEW | {"signer": "9"}, 404),
        (NEW | {"signer": "1"}, 409),
    ],
)
def test_mistakes_change_nothing(
    sent: Document, clerk: Desk, form: dict[str, str], status: int
) -> None:
    assert clerk.post(f"{path(sent)}/address", form).status_code == status
    assert counterparty_of(sent).email == "ilin@zakazchik.example"


def test_strangers_and_people_without_the_right_change_no_address(
    sent: Document, stranger: Desk, newcomer: Desk
) -> None:
    answers = [desk.post(f"{path(sent)}/address", NEW).status_code for desk in (stranger, newcomer)]

    assert answers == [404, 404]
    assert Signer.objects.filter(email=NEW["email"]).count() == 0
