"""What employees and support receive."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.core import mail

from employees.models import SignatureProfile
from employees.signatures.profiles import confirm_signature, request_code, request_confirmation
from outbox.models import Delivery
from outbox.services import content, deliver_due
from tests.employees.cast import NOON, make_profile

pytestmark = pytest.mark.django_db


def newest(kind: str) -> Delivery:
    return Delivery.objects.filter(kind=kind).latest("pk")


@time_machine.travel(NOON, tick=False)
def test_the_code_reaches_its_owner_once(director):
    request_code(director, email="orlova@kontora.example", at=NOON)
    code = newest("employee_code").open_secret()["code"]

    deliver_due(NOON)
    deliver_due(NOON)

    (message,) = mail.outbox
    html = message.alternatives[0][0]
    assert message.to == ["orlova@kontora.example"]
    assert code in message.body
    assert code in html
    assert code not in message.subject
    assert "12:05 (МСК, UTC+3)" in message.body
    assert "12:05 (МСК, UTC+3)" in html
    assert newest("employee_code").secret == ""


def test_a_code_that_is_over_is_not_sent(director):
    request_code(director, email=director.email, at=NOON)
    letter = newest("employee_code")

    with time_machine.travel(NOON + timedelta(minutes=4), tick=False):
        assert content(letter) is not None
    with time_machine.travel(NOON + timedelta(minutes=6), tick=False):
        assert content(letter) is None


@time_machine.travel(NOON, tick=False)
def test_support_sees_what_it_must_compare(director, settings):
    make_profile(director, state=SignatureProfile.State.TURNED_ON, email="vera@other.example")
    request_confirmation(director, at=NOON)

    letter = content(newest("confirmation_request"))

    assert letter.to == settings.SUPPORT_EMAIL
    assert director.portal.domain in letter.subject
    profile = SignatureProfile.objects.get()
    page = f"{settings.PUBLIC_URL}/admin/employees/signatureprofile/{profile.pk}/change/"
    for part in (letter.text, letter.html):
        assert "vera@other.example" in part
        assert director.name in part
        assert director.email in part
        assert page in part


def test_support_is_not_asked_for_what_is_confirmed_already(director):
    profile = make_profile(director, state=SignatureProfile.State.TURNED_ON)
    request_confirmation(director, at=NOON)
    letter = newest("confirmation_request")
    assert content(letter) is not None

    confirm_signature(profile, by="support:anna", at=NOON)

    assert content(letter) is None


def test_names_are_text_and_never_markup(director):
    director.name = '<img src="http://evil.example/x">Орлова & Ко'
    director.save()
    make_profile(director, state=SignatureProfile.State.TURNED_ON)
    request_confirmation(director, at=NOON)

    letter = content(newest("confirmation_request"))

    assert "<img" not in letter.html
    assert "Орлова & Ко" in letter.text
    assert "Орлова &amp; Ко" in letter.html


def test_the_letter_speaks_the_employees_language(director):
    director.language = "en"
    director.save()
    request_code(director, email=director.email, at=NOON)

    with time_machine.travel(NOON, tick=False):
        letter = content(newest("employee_code"))

    assert letter.subject == "Code to turn on your signature"
    assert '<html lang="en">' in letter.html
