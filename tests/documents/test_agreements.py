"""An agreement binds the person who accepted it, at the address where his codes go."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bitrix24.models import Portal
from documents import tasks
from documents.after import sender_acts
from documents.core.agreement_offers import due_offer
from documents.core.creation import Counterparty
from documents.models import Document, PortalSettings
from employees.models import Employee
from tests import factories
from tests.factories import NOON, counterparty_of

LATER = NOON + timedelta(days=2)
PARTNER = Counterparty(
    name="Ильин Пётр Андреевич",
    email="ilin@zakazchik.example",
    phone="+79120001122",
    organisation="ООО «Заказчик»",
    crm_contact_id=5,
)


def asked(office: Portal, **changes: object) -> Document:
    """Sent to somebody, with the portal's own choice about agreements."""
    document = factories.make_sending(office, agreement="", **changes)
    tasks.hand_over(document.pk, NOON)
    factories.settle_deliveries("invitation")
    return Document.objects.get(pk=document.pk)


@pytest.fixture
def agreed(office: Portal) -> Document:
    """A document with which the usual counterparty accepted the agreement."""
    return factories.make_completed(office, agreement="", counterparty=PARTNER)


def offer_due(document: Document) -> bool:
    return due_offer(counterparty_of(Document.objects.get(pk=document.pk))) is not None


def test_who_has_agreed_is_not_asked_again(office: Portal, agreed: Document) -> None:
    assert not offer_due(asked(office, counterparty=PARTNER))


def test_another_address_is_another_agreement(office: Portal, agreed: Document) -> None:
    document = asked(office, counterparty=PARTNER)
    sender = Employee.objects.get(portal=office, bitrix_user_id=12)

    sender_acts.change_address(
        counterparty_of(document), "new@zakazchik.example", by=sender, at=LATER
    )

    assert offer_due(document)


def test_a_phone_is_an_address_too(office: Portal, agreed: Document) -> None:
    PortalSettings.objects.update_or_create(portal=office, defaults={"code_channel": "sms"})
    document = asked(office, counterparty=PARTNER)
    assert offer_due(document)  # what was agreed names the mailbox

    factories.accept_agreement(document, at=NOON)

    assert not offer_due(asked(office, counterparty=PARTNER))
    other = replace(PARTNER, phone="+79995554433")
    assert offer_due(asked(office, counterparty=other))


def test_the_one_who_took_over_is_asked_for_himself(office: Portal, agreed: Document) -> None:
    document = asked(office, counterparty=PARTNER)
    signer = counterparty_of(document)
    signer.name, signer.email = "Соколова Мария Игоревна", "sokolova@zakazchik.example"
    signer.save()

    assert offer_due(document)
