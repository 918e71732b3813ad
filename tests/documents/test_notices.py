"""Who hears of what in the portal's chat, and support's alarm."""

from __future__ import annotations

import pytest

from bitrix24.models import Portal
from documents import tasks
from documents.core import flow
from documents.models import Document, PortalSettings
from documents.news import notices, replies
from employees.models import Employee
from outbox.base import Command, Letter
from outbox.models import Delivery
from outbox.services import content
from tests import factories
from tests.factories import NOON


@pytest.fixture
def people(office: Portal) -> dict[str, Employee]:
    return {
        "signer": factories.make_signer_employee(office, 12),
        "responsible": factories.make_employee(office, 35, "Котова Мария Игоревна"),
    }


def user_ids(event: str) -> set[int]:
    told = Delivery.objects.filter(kind="notice", key__contains=f":{event}:")
    return set(told.values_list("payload__params__USER_ID", flat=True))


def test_the_responsible_hears_that_it_was_sent(
    office: Portal, people: dict[str, Employee]
) -> None:
    document = factories.make_sending(office, responsible=people["responsible"])

    flow.move(document.pk, "sent", actor="system", at=NOON)

    assert user_ids("sent") == {35}


def test_the_portal_decides_who_hears_of_what(office: Portal, people: dict[str, Employee]) -> None:
    PortalSettings.objects.create(portal=office, notices={"sent": ["signer_company"]})
    document = factories.make_sending(office, responsible=people["responsible"])

    flow.move(document.pk, "sent", actor="system", at=NOON)

    assert user_ids("sent") == {12}


def test_an_event_switched_off_tells_nobody(office: Portal, people: dict[str, Employee]) -> None:
    PortalSettings.objects.create(portal=office, notices={"sent": []})
    document = factories.make_sending(office, responsible=people["responsible"])

    flow.move(document.pk, "sent", actor="system", at=NOON)

    assert user_ids("sent") == set()


def test_a_document_without_responsible_and_sender_leaves_its_signer_not_blind(
    sent: Document,
) -> None:
    flow.move(sent.pk, "expired", actor="system", at=NOON)

    assert user_ids("expired") == {12}


def test_nobody_is_told_twice_and_the_dismissed_not_at_all(
    office: Portal, people: dict[str, Employee]
) -> None:
    responsible = people["responsible"]
    document = factories.make_sending(office, responsible=responsible, sender=responsible)
    flow.move(document.pk, "sent", actor="system", at=NOON)
    Employee.objects.filter(pk=people["signer"].pk).update(is_active=False)

    flow.move(document.pk, "cancelled", actor="system", at=NOON)

    assert user_ids("cancelled") == {35}
    assert Delivery.objects.filter(kind="notice", key__contains=":cancelled:").count() == 1


def test_a_title_cannot_smuggle_markup_into_the_chat(office: Portal) -> None:
    document = factories.make_draft(office, title="Счёт [url=http://evil.example]срочно[/url]")

    text = notices.notice_text(document, "sent")

    assert "[url=http://evil.example]" not in text
    assert f"[url={document.verification_url}]" in text


def test_no_notice_takes_the_place_of_another(office: Portal, people: dict[str, Employee]) -> None:
    """A tag is one notice of the whole application, whoever it is for."""
    document = factories.make_sending(office, responsible=people["responsible"])
    for status in ("sent", "expired"):
        flow.move(document.pk, status, actor="system", at=NOON)

    tags = Delivery.objects.filter(kind="notice").values_list("payload__params__TAG", flat=True)
    assert user_ids("expired") == {12, 35}
    assert len(tags) == len(set(tags)) == 3


def test_the_alarm_names_the_document_but_no_person(sealing: Document) -> None:
    assert notices.tell_support(sealing, "internal_error")
    assert not notices.tell_support(sealing, "internal_error")

    letter = notices.build_support_letter(Delivery.objects.get(kind="support_letter"))

    assert letter is not None
    assert sealing.number in letter.text
    assert "Ильин" not in letter.text
    assert sealing.title not in letter.text


def test_an_alarm_that_is_late_is_not_sent(sealing: Document) -> None:
    notices.tell_support(sealing, "internal_error")
    letter = Delivery.objects.get(kind="support_letter")
    assert notices.build_support_letter(letter) is not None

    flow.move(sealing.pk, "completed", actor="system", at=NOON)

    assert notices.build_support_letter(letter) is None


def test_every_delivery_of_a_document_can_be_built(sealing: Document) -> None:
    replies.subscribe(sealing, robot_code="signx_send", event_token="t", wait_for="final", at=NOON)
    notices.tell_support(sealing, "internal_error")
    tasks.seal(sealing.pk, NOON)

    built = {delivery.kind: content(delivery) for delivery in Delivery.objects.all()}

    assert isinstance(built["workflow_reply"], Command)
    assert isinstance(built["signed_copy"], Letter)
    assert built["support_letter"] is None  # completed meanwhile
    assert built["invitation"] is None  # settled: its secret is wiped
