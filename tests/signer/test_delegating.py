"""Handing the signing over: allowed by the sender, confirmed by the one before, then all new."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from time_machine import Traveller

from documents.access.act_codes import Act
from documents.models import Document, PortalSettings
from journal.services import chain_of
from outbox.models import Delivery
from tests.documents.codes import code_of
from tests.signer.conftest import Invite, Invited

COLLEAGUE = {"name": "Громова Елена Юрьевна", "email": "gromova@zakazchik.example"}


@pytest.fixture
def allowed(invite: Invite, office: object) -> Invited:
    PortalSettings.objects.filter(portal=office).update(may_delegate=True)
    return invite(agreement="N")


def hand_over(invited: Invited) -> str:
    """As the page does it; the token of the colleague's letter."""
    assert invited.post("delegate/", **COLLEAGUE).status_code == 200
    code = code_of(invited.signer, Act.DELEGATE)
    answer = invited.post("delegate/confirm/", code=code, **COLLEAGUE)
    assert answer.status_code == 302, answer.content
    return str(Delivery.objects.filter(kind="invitation").latest("pk").open_secret()["token"])


def test_the_colleague_signs_with_a_link_and_a_code_of_his_own(allowed: Invited) -> None:
    token = hand_over(allowed)

    assert allowed.get().status_code == 410  # the old link is dead
    colleague = Invited(allowed.document, token, Client())
    assert colleague.signer.name == COLLEAGUE["name"]
    code = colleague.ask_for_code()
    letter = Delivery.objects.filter(kind="signing_code").latest("pk")
    assert letter.payload["act"] == "sign_document"
    assert colleague.post("code/", code=code).status_code == 302
    assert colleague.status() == ("sealing", "signed")
    assert "g***@zakazchik.example" in colleague.signer.signature.confirmed_by


def test_it_is_written_down_who_handed_over_to_whom(allowed: Invited) -> None:
    hand_over(allowed)

    event = chain_of(allowed.document.subject).get(kind="signer_delegated")
    assert event.personal_data["before"] == "Ильин Пётр Андреевич"
    assert event.personal_data["name"] == COLLEAGUE["name"]
    assert "Громова" not in str(event.data)


def test_the_link_alone_names_nobody(allowed: Invited) -> None:
    allowed.post("delegate/", **COLLEAGUE)

    answer = allowed.post("delegate/confirm/", code="000000", **COLLEAGUE)

    assert answer.status_code == 422
    assert allowed.signer.name == "Ильин Пётр Андреевич"


def test_the_code_fits_only_the_colleague_it_was_asked_for(allowed: Invited) -> None:
    allowed.post("delegate/", **COLLEAGUE)
    code = code_of(allowed.signer, Act.DELEGATE)

    other = COLLEAGUE | {"email": "zloy@chuzhoy.example"}
    answer = allowed.post("delegate/confirm/", code=code, **other)

    assert answer.status_code == 422
    assert allowed.signer.email == "ilin@zakazchik.example"


def test_a_code_to_sign_hands_nothing_over(allowed: Invited) -> None:
    code = allowed.ask_for_code()

    answer = allowed.post("delegate/confirm/", code=code, **COLLEAGUE)

    assert answer.status_code == 422
    assert allowed.signer.email == "ilin@zakazchik.example"


def test_codes_of_the_one_before_stop(allowed: Invited) -> None:
    code = allowed.ask_for_code()
    token = hand_over(allowed)

    answer = Invited(allowed.document, token, allowed.browser).post("code/", code=code)

    assert answer.status_code == 422
    assert allowed.status() == ("sent", "viewed") or allowed.status() == ("sent", "pending")


def test_without_the_senders_consent_there_is_no_such_page(invited: Invited) -> None:
    assert invited.get("delegate/").status_code == 302
    assert invited.post("delegate/", **COLLEAGUE).status_code == 302
    assert not Delivery.objects.filter(payload__act="delegate_signing").exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"email": "не адрес"}, "Это не адрес e-mail."),
        ({"name": ""}, "Введите фамилию, имя и отчество коллеги."),
        ({"email": "USER12@kontora.example"}, "принадлежит одному из подписантов"),
    ],
)
def test_mistakes_stay_on_the_form(allowed: Invited, changes: dict[str, str], words: str) -> None:
    answer = allowed.post("delegate/", **(COLLEAGUE | changes))

    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert Document.objects.get(pk=allowed.document.pk).status == "sent"


def test_the_result_can_be_loaded_again_in_this_browser_alone(allowed: Invited) -> None:
    hand_over(allowed)

    pages = [allowed.get("delegate/done/") for _ in range(2)]

    assert [page.status_code for page in pages] == [200, 200]
    assert "g***@zakazchik.example" in pages[1].content.decode()
    assert Client().get(allowed.url("delegate/done/")).status_code == 410


def test_a_code_for_another_colleague_is_not_said_to_be_sent(
    allowed: Invited, clock: Traveller
) -> None:
    allowed.post("delegate/", **COLLEAGUE)
    other = COLLEAGUE | {"email": "kotova@zakazchik.example"}

    too_soon, twice = allowed.post("delegate/", **other), allowed.post("delegate/", **COLLEAGUE)
    clock.shift(timedelta(seconds=61))
    later = allowed.post("delegate/", **other)

    assert too_soon.status_code == 429
    assert "можно запросить через 60\N{NO-BREAK SPACE}с" in too_soon.content.decode()
    assert [twice.status_code, later.status_code] == [200, 200]
    sent = Delivery.objects.filter(payload__act=Act.DELEGATE.value)
    assert sent.count() == 2, "pressed twice is sent once"


def test_after_five_wrong_tries_a_new_code_can_be_asked_for(
    allowed: Invited, clock: Traveller
) -> None:
    allowed.post("delegate/", **COLLEAGUE)
    wrong = f"{(int(code_of(allowed.signer, Act.DELEGATE)) + 1) % 1_000_000:06d}"
    for _try in range(6):
        page = allowed.post("delegate/confirm/", code=wrong, **COLLEAGUE)

    assert "Прислать код ещё раз" in page.content.decode()
    clock.shift(timedelta(seconds=61))
    assert allowed.post("delegate/", **COLLEAGUE).status_code == 200
    code = code_of(allowed.signer, Act.DELEGATE)
    assert allowed.post("delegate/confirm/", code=code, **COLLEAGUE).status_code == 302


@pytest.mark.parametrize("page", ["delegate/", "delegate/confirm/"])
def test_the_switch_of_languages_leads_to_a_page_that_opens(allowed: Invited, page: str) -> None:
    allowed.post("delegate/", **COLLEAGUE)

    answer = allowed.post(page, code="000000", **COLLEAGUE)

    found = re.search(r'name="next" value="([^"]+)"', answer.content.decode())
    assert found is not None
    assert allowed.browser.get(found[1]).status_code == 200


def test_a_code_by_sms_stays_a_code_by_sms(allowed: Invited, settings: object) -> None:
    allowed.document.signers.filter(key="2").update(code_channel="sms", phone="+79120001122")

    without = allowed.post("delegate/", **COLLEAGUE)
    by_phone = COLLEAGUE | {"phone": "8 (912) 000-33-44"}
    assert allowed.post("delegate/", **by_phone).status_code == 200
    code = code_of(allowed.signer, Act.DELEGATE)
    assert allowed.post("delegate/confirm/", code=code, **by_phone).status_code == 302

    assert without.status_code == 422
    signer = allowed.signer
    assert (signer.code_channel, signer.phone) == ("sms", "8 (912) 000-33-44")
