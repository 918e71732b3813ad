"""Reminders by schedule and by hand; a change of the address."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction

from bitrix24.models import Portal
from documents import tasks
from documents.access.links import open_link
from documents.after import sender_acts
from documents.models import Document
from documents.news import bounces, invitations
from documents.news.invitations import EARLIER_LINKS
from employees.models import Employee
from journal.services import chain_of
from outbox.base import Letter
from outbox.models import Delivery
from outbox.services import content
from signx.errors import ErrorCode, SignXError
from tests import factories
from tests.factories import NOON

DAY = timedelta(days=1)


def letters(document: Document) -> int:
    invitations = Delivery.objects.filter(kind="invitation", subject_id=document.public_id)
    return invitations.filter(payload__why="reminder").count()


def link_of(document: Document) -> str:
    """The link with which somebody has opened the page."""
    signer = factories.counterparty_of(document)
    return invitations.new_link(signer, until=document.expires_at, is_added=False)


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
    sender_acts.remind_signer(signer, by=colleague, at=at)

    sweep(sent, 7)

    assert letters(sent) == 1


def test_an_address_known_to_be_dead_is_not_reminded(sent: Document) -> None:
    letter = Delivery.objects.get(kind="invitation")
    bounces.returned(letter, "550 5.1.1 No such user", at=NOON + DAY)

    sweep(sent, 7)

    assert letters(sent) == 0


def test_a_closed_document_reminds_nobody(sent: Document, colleague: Employee) -> None:
    sender_acts.cancel_document(sent, by=colleague, reason="Ошибка в цене", at=NOON + DAY)

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

    sender_acts.change_address(signer, "novyj@zakazchik.example", by=colleague, at=NOON + DAY)

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
    sender_acts.change_address(signer, "novyj@zakazchik.example", by=colleague, at=NOON + DAY)
    Delivery.objects.filter(pk=old.pk).update(created_at=NOON)

    bounces.returned(old, "550 5.1.1 No such user", at=NOON + 2 * DAY)

    signer.refresh_from_db()
    assert signer.bounced_at is None
    assert Document.objects.get(pk=sent.pk).error_code == ""
    event = chain_of(sent.subject).get(kind="signer_letter_bounced")
    assert event.personal_data["address"] == "i***@zakazchik.example"
    assert event.personal_data["name"] == "Ильин Пётр Андреевич"


@pytest.mark.parametrize("belongs_to", ["signer", "employee"])
def test_another_partys_address_is_refused(
    sent: Document, colleague: Employee, belongs_to: str
) -> None:
    signer = factories.counterparty_of(sent)
    company = sent.signers.get(key="1").email
    email = company.upper() if belongs_to == "signer" else colleague.email
    assert email

    with pytest.raises(SignXError) as refusal:
        sender_acts.change_address(signer, email, by=colleague, at=NOON + DAY)

    assert refusal.value.code == ErrorCode.INPUT_INVALID
    assert factories.counterparty_of(sent).email == "ilin@zakazchik.example"


def test_the_old_address_is_told(sent: Document, colleague: Employee) -> None:
    signer = factories.counterparty_of(sent)

    sender_acts.change_address(signer, "novyj@zakazchik.example", by=colleague, at=NOON + DAY)

    delivery = Delivery.objects.get(kind="address_moved")
    letter = content(delivery)
    assert isinstance(letter, Letter)
    assert letter.to == "ilin@zakazchik.example"
    assert "/s/" not in letter.text
    assert "novyj" not in letter.text + letter.html + str(delivery.payload)


def test_a_phone_is_changed_like_an_address(sent: Document, colleague: Employee) -> None:
    sent.signers.filter(key="2").update(code_channel="sms", phone="+79120001122", agreed_at=NOON)
    signer = factories.counterparty_of(sent)
    first = link_of(sent)

    sender_acts.change_address(signer, phone="+79120003344", by=colleague, at=NOON + DAY)

    signer.refresh_from_db()
    assert (signer.phone, signer.email) == ("+79120003344", "ilin@zakazchik.example")
    assert signer.agreed_at is None
    event = chain_of(sent.subject).get(kind="signer_address_changed")
    assert (event.personal_data["before"], event.personal_data["address"]) == (
        "+7***22",
        "+7***44",
    )
    assert not Delivery.objects.filter(kind="address_moved").exists()
    with pytest.raises(SignXError):
        open_link(first, at=NOON + DAY)


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
        sender_acts.change_address(signer, email, by=by, at=NOON + DAY)

    assert refusal.value.code == ErrorCode(expected[who])
    assert factories.counterparty_of(sent).email == "ilin@zakazchik.example"


def test_a_reminder_leaves_the_page_that_is_open_working(sent: Document) -> None:
    token = link_of(sent)

    for days_before in (7, 3, 1):
        sweep(sent, days_before)

    assert open_link(token, at=sent.expires_at - DAY).pk == factories.counterparty_of(sent).pk


@pytest.mark.parametrize("act", ["resend", "address"])
def test_what_revokes_a_link_revokes_the_earlier_ones_too(
    sent: Document, colleague: Employee, act: str
) -> None:
    first = link_of(sent)
    sweep(sent, 7)
    signer = factories.counterparty_of(sent)

    if act == "resend":
        sender_acts.resend_invitation(signer, by=colleague, at=sent.expires_at - 6 * DAY)
    else:
        at = sent.expires_at - 6 * DAY
        sender_acts.change_address(signer, "novyj@zakazchik.example", by=colleague, at=at)

    with pytest.raises(SignXError) as refusal:
        open_link(first, at=sent.expires_at - 6 * DAY)
    assert refusal.value.code == ErrorCode.LINK_INVALID
    assert not signer.earlier_links.exists()


def test_only_some_earlier_links_are_kept(sent: Document) -> None:
    signer = factories.counterparty_of(sent)
    with transaction.atomic():
        for _letter in range(EARLIER_LINKS + 3):
            invitations.send_link(signer, why=invitations.Why.REMINDER)

    assert signer.earlier_links.count() == EARLIER_LINKS
