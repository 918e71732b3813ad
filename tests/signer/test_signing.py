"""Signing with a code: plain forms, as they work with scripts switched off."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from time_machine import Traveller

from documents import tasks
from documents.after import sender_acts
from documents.models import Agreement, Document, Signature
from documents.proof import report
from employees.models import OneTimeCode
from employees.signatures import codes
from journal.models import AuditEvent
from outbox.models import Delivery
from outbox.services import content
from tests import factories
from tests.factories import NOON
from tests.signer.conftest import Invite, Invited


def _wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def test_reading_a_code_and_one_button_sign_the_document(invited: Invited) -> None:
    code = invited.ask_for_code()

    answer = invited.post("code/", code=code, time_zone="Asia/Yekaterinburg")

    assert (answer.status_code, answer["Location"]) == (302, invited.url())
    assert invited.status() == ("sealing", "signed")
    signature = Signature.objects.get(signer=invited.signer)
    assert signature.time_zone == "Asia/Yekaterinburg"
    assert signature.signed_sha256 == invited.document.files.get(kind="shown").sha256
    assert "i***@zakazchik.example" in signature.confirmed_by
    assert code not in signature.confirmed_by


def test_the_proof_of_a_signature_needs_no_code_that_is_forgotten(
    invited: Invited, clock: Traveller
) -> None:
    invited.post("code/", code=invited.ask_for_code())
    tasks.seal(invited.document.pk, NOON + timedelta(hours=1))
    told = report.report_data(invited.document, at=NOON)
    clock.shift(timedelta(days=400))

    codes.forget_old_codes()

    assert not OneTimeCode.objects.exists()
    assert report.report_data(invited.document, at=NOON) == told
    assert AuditEvent.objects.filter(kind="signer_code_sent").exists()


def test_a_code_may_be_pasted_with_spaces(invited: Invited) -> None:
    code = invited.ask_for_code()

    invited.post("code/", code=f" {code[:3]} {code[3:]} ")

    assert invited.status() == ("sealing", "signed")


def test_signing_twice_is_signing_once(invited: Invited) -> None:
    code = invited.ask_for_code()

    answers = [invited.post("code/", code=code) for _press in range(2)]

    assert [answer["Location"] for answer in answers] == [invited.url()] * 2
    assert Signature.objects.filter(signer=invited.signer).count() == 1
    assert AuditEvent.objects.filter(kind="signer_signed").count() == 2  # the company and this one


def test_the_agreement_is_accepted_with_its_own_box_and_the_same_code(newcomer: Invited) -> None:
    page = newcomer.get("sign/").content.decode()
    assert "checked" not in page
    assert newcomer.signer.email in page  # the agreement names the address it is about

    newcomer.post("code/", code=newcomer.ask_for_code())

    agreement = Agreement.objects.get(document=newcomer.document)
    assert agreement.address == newcomer.signer.email
    assert newcomer.signer.agreed_at == agreement.accepted_at
    kinds = list(AuditEvent.objects.order_by("number").values_list("kind", flat=True))
    assert kinds.index("signer_agreed") < len(kinds) - kinds[::-1].index("signer_signed")


def test_without_the_box_no_code_is_sent(newcomer: Invited) -> None:
    answer = newcomer.post("sign/")

    assert answer.status_code == 422
    assert "agreement-error" in answer.content.decode()
    assert not Delivery.objects.filter(kind="signing_code").exists()


def test_the_box_cannot_be_passed_by(newcomer: Invited) -> None:
    assert newcomer.post("code/send/")["Location"] == newcomer.url("sign/")
    assert newcomer.post("code/", code="123456")["Location"] == newcomer.url("sign/")

    assert newcomer.status() == ("sent", "pending")
    assert not Delivery.objects.filter(kind="signing_code").exists()


def test_an_accepted_agreement_is_not_asked_for_again(newcomer: Invited, invite: Invite) -> None:
    newcomer.post("code/", code=newcomer.ask_for_code())
    second = invite(agreement="Y")

    page = second.get("sign/").content.decode()

    assert 'name="agreement"' not in page
    assert "24.11.2026" in page
    assert second.post("sign/").status_code == 302


def test_the_agreement_can_be_opened_as_pdf(newcomer: Invited, invited: Invited) -> None:
    answer = newcomer.get("agreement/")

    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")
    assert invited.get("agreement/").status_code == 404


def test_a_wrong_code_stays_on_the_page_and_is_counted(invited: Invited) -> None:
    code = invited.ask_for_code()

    answer = invited.post("code/", code=_wrong(code))

    assert answer.status_code == 422
    assert "code-error" in answer.content.decode()
    assert invited.status() == ("sent", "viewed")
    assert AuditEvent.objects.filter(kind="signer_code_wrong").count() == 1


@pytest.mark.parametrize("typed", ["", "12345", "abcdef", "1234567", "1" * 200])
def test_what_is_not_a_code_costs_no_try(invited: Invited, typed: str) -> None:
    code = invited.ask_for_code()

    assert invited.post("code/", code=typed).status_code == 422

    assert not AuditEvent.objects.filter(kind="signer_code_wrong").exists()
    invited.post("code/", code=code)
    assert invited.status() == ("sealing", "signed")


def test_after_five_wrong_codes_the_right_one_is_spent(invited: Invited) -> None:
    code = invited.ask_for_code()
    for _try in range(5):
        invited.post("code/", code=_wrong(code))

    assert invited.post("code/", code=code).status_code == 422
    assert invited.status() == ("sent", "viewed")


def test_an_expired_code_does_not_sign(invited: Invited, clock: Traveller) -> None:
    code = invited.ask_for_code()
    clock.shift(timedelta(minutes=5, seconds=1))

    assert invited.post("code/", code=code).status_code == 422
    assert invited.status() == ("sent", "viewed")


def test_a_code_of_another_document_does_not_sign(invited: Invited, invite: Invite) -> None:
    code = invited.ask_for_code()
    other = invite(title="Акт № 9")
    other.browser = invited.browser

    assert other.post("code/", code=code).status_code == 422
    assert other.status() == ("sent", "pending")


def test_a_code_asked_for_in_one_browser_does_not_sign_in_another(invited: Invited) -> None:
    code = invited.ask_for_code()

    elsewhere = Client().post(invited.url("code/"), {"code": code})

    assert elsewhere.status_code == 422
    assert invited.status() == ("sent", "viewed")


def test_a_code_does_not_sign_another_file_than_the_one_shown(invited: Invited) -> None:
    code = invited.ask_for_code()
    invited.document.files.filter(kind="shown").update(sha256="0" * 64)

    assert invited.post("code/", code=code).status_code == 422
    assert invited.status() == ("sent", "viewed")


def test_a_code_does_not_accept_another_agreement_than_the_one_shown(newcomer: Invited) -> None:
    code = newcomer.ask_for_code()
    Document.objects.filter(pk=newcomer.document.pk).update(language="en")  # another template

    assert newcomer.post("code/", code=code)["Location"] == newcomer.url("sign/")
    assert not Agreement.objects.exists()


def test_a_new_code_needs_a_pause_and_replaces_the_first(
    invited: Invited, clock: Traveller
) -> None:
    first = invited.ask_for_code()
    assert invited.post("code/send/")["Location"] == invited.url("code/?sent=earlier")
    assert Delivery.objects.filter(kind="signing_code").count() == 1

    clock.shift(timedelta(seconds=61))
    invited.post("code/send/")
    second = invited.code_from_letter()

    if first != second:
        assert invited.post("code/", code=first).status_code == 422
    invited.post("code/", code=second)
    assert invited.status() == ("sealing", "signed")


def test_the_eleventh_code_of_a_day_is_refused_with_a_page(
    invited: Invited, clock: Traveller
) -> None:
    for _code in range(10):
        invited.post("sign/")
        clock.shift(timedelta(seconds=61))

    answer = invited.post("sign/")

    assert answer.status_code == 429
    assert "code_limit" in answer.content.decode()


def test_a_document_withdrawn_meanwhile_is_not_signed(invited: Invited) -> None:
    code = invited.ask_for_code()
    sender_acts.cancel_document(
        invited.document,
        by=factories.make_employee(invited.document.portal, 31),
        reason="Ошибка в сумме",
        at=NOON,
    )

    answer = invited.post("code/", code=code)

    assert answer["Location"] == invited.url()
    assert "Ошибка в сумме" in invited.get().content.decode()
    assert invited.status() == ("cancelled", "viewed")


@pytest.mark.parametrize("page", ["viewed/", "sign/", "code/", "code/send/", "decline/", "ask/"])
def test_a_form_of_another_site_is_refused(invited: Invited, page: str) -> None:
    stranger = Client(enforce_csrf_checks=True)

    form = {"agreement": "yes", "code": "123456", "reason": "terms"}
    assert stranger.post(invited.url(page), form).status_code == 403

    assert invited.status() == ("sent", "pending")
    assert not Delivery.objects.filter(kind="signing_code").exists()


def test_a_refused_form_is_answered_with_a_page_that_helps(invited: Invited, settings: Any) -> None:
    settings.CSRF_FAILURE_VIEW = "documents.access.public_pages.csrf_failure"

    answer = Client(enforce_csrf_checks=True).post(invited.url("sign/"))

    assert answer.status_code == 403
    assert "request_forged" in answer.content.decode()


def test_the_forms_carry_their_own_protection(invited: Invited) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.get(invited.url("sign/"))

    token = browser.cookies["csrftoken"].value
    answer = browser.post(invited.url("sign/"), {"csrfmiddlewaretoken": token})

    assert answer.status_code == 302


def test_signing_needs_neither_the_portal_nor_the_mail_server_at_that_moment(
    invited: Invited,
) -> None:
    # The portal of these tests does not exist: everything for it waits in the outbox.
    invited.post("code/", code=invited.ask_for_code())

    assert invited.status() == ("sealing", "signed")
    assert Delivery.objects.filter(kind="signing_code", state="pending").count() == 1


def test_a_letter_with_a_code_that_is_over_is_not_sent(invited: Invited, clock: Traveller) -> None:
    invited.ask_for_code()
    letter = Delivery.objects.get(kind="signing_code")
    assert content(letter) is not None

    clock.shift(timedelta(minutes=6))

    assert content(letter) is None


def test_the_code_is_written_nowhere_but_in_its_letter(invited: Invited) -> None:
    code = invited.ask_for_code()

    delivery = Delivery.objects.get(kind="signing_code")
    assert code not in str(delivery.payload) + delivery.key
    assert code not in str(list(AuditEvent.objects.values_list("data", "personal__data")))
    assert code not in invited.get("code/").content.decode()


def test_nobody_signs_before_his_turn(invite: Invite) -> None:
    invited = invite()
    Document.objects.filter(pk=invited.document.pk).update(status="sent")
    invited.document.signers.filter(order=1).update(status="pending")

    assert invited.post("sign/")["Location"] == invited.url()
    page = invited.get()

    assert page.status_code == 200
    assert "<figure" not in page.content.decode()
    assert invited.get("file/shown/").status_code == 404
