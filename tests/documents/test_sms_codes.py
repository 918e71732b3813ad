"""A portal that sends codes by SMS: who needs a phone, what is sent, what the evidence says."""

from __future__ import annotations

from typing import Any

import pytest

from bitrix24.models import Portal
from bitrix24.rest.client import BatchAnswer
from documents import tasks
from documents.access import act_codes
from documents.access.act_codes import Act
from documents.core.creation import Counterparty
from documents.crm.lookup import Facts, Wanted
from documents.crm.references import read_item, read_party, read_source
from documents.desk.forms import GeneralForm
from documents.models import CodeChannel, Document, PortalSettings
from documents.signer import services
from documents.signer.services import Visit
from journal.services import chain_of
from outbox.base import Outcome, Sms
from outbox.models import Delivery
from outbox.services import content
from signx.errors import ErrorCode, SignXError
from tests import factories
from tests.documents.codes import code_of
from tests.factories import NOON

VISIT = Visit(ip="203.0.113.7", user_agent="Mozilla/5.0", session_key="s" * 43)
PHONE = "8 (912) 000-11-22"


def contact(phone: str = PHONE) -> Counterparty:
    return Counterparty(
        name="Ильин Пётр Андреевич",
        email="ilin@zakazchik.example",
        phone=phone,
        organisation="ООО «Заказчик»",
        crm_contact_id=5,
    )


@pytest.fixture
def by_sms(office: Portal) -> Portal:
    PortalSettings.objects.update_or_create(
        portal=office, defaults={"code_channel": CodeChannel.SMS}
    )
    return office


@pytest.fixture
def waiting(by_sms: Portal) -> Document:
    document = factories.make_sending(by_sms, counterparty=contact())
    tasks.hand_over(document.pk, NOON)
    factories.settle_deliveries("invitation")
    return Document.objects.get(pk=document.pk)


def test_the_code_goes_to_the_phone_and_the_evidence_says_so(waiting: Document) -> None:
    signer = factories.counterparty_of(waiting)
    services.request_code(signer, VISIT, at=NOON)

    sms = content(Delivery.objects.get(kind="signing_code"))
    code = code_of(signer, Act.SIGN)
    services.confirm(signer, code, VISIT, at=NOON)

    assert isinstance(sms, Sms)
    assert sms.phone == "79120001122"
    assert code in sms.text
    assert waiting.number in sms.text
    assert not Delivery.objects.filter(kind="signing_code", channel="mail").exists()
    signer.refresh_from_db()
    assert "8***22" in signer.signature.confirmed_by
    assert chain_of(waiting.subject).filter(kind="signer_code_sent").count() == 1


def test_a_number_that_the_gateway_refuses_is_told_to_the_sender(waiting: Document) -> None:
    signer = factories.counterparty_of(waiting)
    services.request_code(signer, VISIT, at=NOON)
    refusal = Outcome(done=False, code="sms_rejected", detail="bad number", final=True)

    factories.settle_deliveries("signing_code", outcome=lambda _delivery: refusal)

    waiting.refresh_from_db()
    assert waiting.error_code == ErrorCode.SMS_REJECTED
    assert "8***22" in waiting.error
    assert act_codes.live(signer, Act.SIGN, at=NOON) is not None


@pytest.mark.parametrize("phone", ["", "12-34"])
def test_a_contact_without_a_usable_phone_is_incomplete(by_sms: Portal, phone: str) -> None:
    with pytest.raises(SignXError) as refusal:
        factories.make_draft(by_sms, counterparty=contact(phone))

    assert refusal.value.code == ErrorCode.CONTACT_INCOMPLETE
    assert str(refusal.value.context["fields"]) == "phone"


def test_the_robot_names_the_phone_among_the_empty_fields() -> None:
    wanted = Wanted(read_source("61"), (read_party("C_5"),), read_item("315"))
    row = {"id": 5, "lastName": "Ильин", "name": "Пётр", "fm": []}
    answer = BatchAnswer({"contact0": {"item": row}}, {})

    with pytest.raises(SignXError) as refusal:
        Facts(Portal(pk=1), wanted, answer, needs_phone=True).counterparty()

    assert str(refusal.value.context["fields"]) == "e-mail, phone"


def test_a_portal_that_writes_letters_asks_for_no_phone(office: Portal) -> None:
    document = factories.make_draft(office, counterparty=contact(""))

    assert factories.counterparty_of(document).code_channel == CodeChannel.EMAIL


@pytest.mark.parametrize(("gateway", "is_valid"), [("", False), ("console", True)])
def test_sms_is_chosen_only_where_it_can_be_sent(
    settings: Any, gateway: str, is_valid: bool
) -> None:
    settings.SMS_GATEWAY = gateway

    form = GeneralForm({"expires_in_days": 14, "agreement": "never", "code_channel": "sms"})

    assert ("code_channel" not in form.errors) is is_valid
