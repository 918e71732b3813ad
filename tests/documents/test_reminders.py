"""Reminders by schedule and by hand; a change of the address."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bitrix24.models import Portal
from documents import bounces, services, tasks
from documents.models import Document
from employees.models import Employee
from journal.services import chain_of
from outbox.models import Delivery
from signx.errors import ErrorCode, SignXError
from tests import factories
from tests.factories import NOON

DAY = timedelta(days=1)


def letters(document: Document) -> int:
    invitations = Delivery.objects.filter(kind="invitation", subject_id=document.public_id)
    return invitations.filter(payload__why="reminder").count()


def sweep(document: Document, days_before: int) -> None:
    tasks.follow_due(document.expires_at - days_before * DAY)


@pytest.fixture
def colleague(office: Portal) -> Employee:
    return factories.make_employee(office, 41, "Зайцев Илья Олегович")


def test_who_has_not_signed_is_reminded_seven_three_and_one_day_before(sent: Document) -> None:
    counted = []
    for days_before in (8, 7, 6, 3, 2, 1):
        sweep(sent, days_before)
        sweep(sent, days_before)
        counted.append(letters(sent))

    assert counted == [0, 1, 1, 2, 2, 3]
    assert chain_of(sent.subject).filter(kind="reminder_sent").count() == 3
    assert not Document.objects.reminder_due(sent.expires_at).exists()


def test_a_short_term_has_only_the_reminders_that_fit(office: Portal) -> None:
    document = factories.make_sending(office, expires_in_days=2)
    tasks.hand_over(document.pk, NOON)
    factories.settle_deliveries("invitation")

    sweep(document, 1)

    document.refresh_from_db()
    assert (letters(document), document.next_reminder_at) == (1, None)


def test_reminders_missed_by_a_standing_service_are_one_letter(sent: Document) -> None:
    sweep(sent, 2)

    sent.refresh_from_db()
    assert letters(sent) == 1
    assert sent.next_reminder_at == sent.expires_at - DAY


def test_who_was_written_to_this_morning_is_left_alone(sent: Document, colleague: Employee) -> None:
    signer = factories.counterparty_of(sent)
    at = sent.expires_at - 7 * DAY - timedelta(hours=3)
    services.remind_signer(signer, by=colleague, at=at)

    sweep(sent, 7)

    assert letters(sent) == 1


def test_an_address_known_to_be_dead_is_not_reminded(sent: Document) -> None:
    letter = Delivery.objects.get(kind="invitation")
    bounces.returned(letter, "550 5.1.1 No such user", at=NOON + DAY)

    sweep(sent, 7)

    assert letters(sent) == 0


def test_a_closed_document_reminds_nobody(sent: Document, colleague: Employee) -> None:
    services.cancel_document(sent, by=colleague, reason="Ошибка в цене", at=NOON + DAY)

    sweep(sent, 7)

    assert letters(sent) == 0


def test_everybody_who_was_asked_hears_that_the_term_is_over(sent: Document) -> None:
    tasks.follow_due(sent.expires_at + timedelta(seconds=1))

    letter = Delivery.objects.get(kind="closed")
    assert letter.payload["signer"] == factories.counterparty_of(sent).pk
    assert Delivery.objects.filter(kind="notice", key__contains=":expired:").count() == 1


def test_an_employee_who_was_asked_hears_of_it_in_the_portal(office: Portal) -> None:
    worker = factories.make_employee(office, 50, "Чернова Анна Львовна")
    document = factories.make_sending(office, **factories.personnel(office, worker))
    tasks.hand_over(document.pk, NOON)
    factories.settle_deliveries("portal_invitation")

    tasks.follow_due(document.expires_at + timedelta(seconds=1))

    told = Delivery.objects.filter(kind="notice", payload__params__USER_ID=50)
    assert told.filter(key__contains=":expired-2:").count() == 1
    assert not Delivery.objects.filter(kind="closed").exists()


def test_a_new_address_gets_the_link_and_the_old_link_dies(
    sent: Document, colleague: Employee
) -> None:
    signer = factories.counterparty_of(sent)
    old = signer.link_hash

    services.change_address(signer, "novyj@zakazchik.example", by=colleague, at=NOON + DAY)

    signer.refresh_from_db()
    assert signer.email == "novyj@zakazchik.example"
    assert signer.link_hash != old
    event = chain_of(sent.subject).get(kind="signer_address_changed")
    assert event.personal_data["before"] == "i***@zakazchik.example"
    assert event.personal_data["address"] == "n***@zakazchik.example"
    assert "novyj" not in str(event.data)


def test_an_old_letter_that_comes_back_says_nothing_about_the_new_address(
    sent: Document, colleague: Employee
) -> None:
    old = Delivery.objects.get(kind="invitation")
    signer = factories.counterparty_of(sent)
    services.change_address(signer, "novyj@zakazchik.example", by=colleague, at=NOON + DAY)
    Delivery.objects.filter(pk=old.pk).update(created_at=NOON)

    bounces.returned(old, "550 5.1.1 No such user", at=NOON + 2 * DAY)

    signer.refresh_from_db()
    assert signer.bounced_at is None
    assert Document.objects.get(pk=sent.pk).error_code == ""
    assert chain_of(sent.subject).filter(kind="signer_letter_bounced").count() == 1


@pytest.mark.parametrize("who", ["stranger", "powerless", "same"])
def test_an_address_is_not_changed_by_anybody_or_to_itself(
    sent: Document, colleague: Employee, who: str
) -> None:
    signer, email, by = factories.counterparty_of(sent), "novyj@zakazchik.example", colleague
    expected = {"stranger": "not_found", "powerless": "right_missing", "same": "input_invalid"}
    if who == "stranger":
        by = factories.make_employee(factories.make_portal(), 41)
    elif who == "powerless":
        colleague.rights.all().delete()
    else:
        email = signer.email

    with pytest.raises(SignXError) as refusal:
        services.change_address(signer, email, by=by, at=NOON + DAY)

    assert refusal.value.code == ErrorCode(expected[who])
    assert factories.counterparty_of(sent).email == "ilin@zakazchik.example"
