"""On «My signature» a person chooses the kind, sees the certificate and renews it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from employees.models import KeyPair, SignatureProfile
from employees.signatures import certificates
from employees.signatures.profiles import confirm_signature
from outbox.models import Delivery
from tests.frame.desk import Desk

TURN_ON = "/app/employees/me/turn-on"
RENEW = "/app/employees/me/certificate"


def choose(desk: Desk, level: str) -> str:
    desk.post("/app/employees/me/code", {"email": "chernova@kontora.example"})
    code = Delivery.objects.filter(kind="employee_code").latest("pk").open_secret()["code"]
    answer = desk.post(TURN_ON, {"code": code, "consent": "on", "robots": "on", "level": level})
    return answer.content.decode()


@pytest.fixture
def holder(newcomer: Desk) -> Desk:
    """Whose unqualified signature support has confirmed."""
    choose(newcomer, "unqualified")
    profile = SignatureProfile.objects.get(employee=newcomer.employee)
    confirm_signature(profile, by="support:anna", at=timezone.now())
    return newcomer


def pair_of(desk: Desk) -> KeyPair:
    return KeyPair.objects.get(employee=desk.employee, is_current=True)


def test_both_kinds_are_offered_with_their_terms(newcomer: Desk) -> None:
    newcomer.post("/app/employees/me/code", {"email": "chernova@kontora.example"})

    html = newcomer.read("/app/employees/me")

    assert 'value="simple" checked' in html
    assert 'value="unqualified"' in html
    assert "SIGNX makes a signing key and a certificate in my name" in html


def test_the_chosen_kind_is_shown(newcomer: Desk) -> None:
    html = choose(newcomer, "unqualified")

    assert SignatureProfile.objects.get(employee=newcomer.employee).level == "unqualified"
    assert "Unqualified electronic signature" in html
    assert not KeyPair.objects.filter(employee=newcomer.employee).exists()


@pytest.mark.parametrize("level", ["qualified", "strongest"])
def test_no_other_kind_is_taken(newcomer: Desk, level: str) -> None:
    html = choose(newcomer, level)

    assert "Choose the kind of signature." in html
    assert not SignatureProfile.objects.get(employee=newcomer.employee).is_on


def test_the_certificate_is_shown_to_its_owner(holder: Desk) -> None:
    html = holder.read("/app/employees/me")

    assert pair_of(holder).serial.upper() in html
    assert "Renew the certificate" not in html


def test_an_ending_certificate_is_renewed_by_a_press(holder: Desk) -> None:
    soon = timezone.now() + timedelta(days=50)
    KeyPair.objects.filter(pk=pair_of(holder).pk).update(not_after=soon)
    old = pair_of(holder)
    assert "Renew the certificate" in holder.read("/app/employees/me")

    html = holder.post(RENEW, {}).content.decode()

    assert "You have a new certificate." in html
    assert pair_of(holder).serial != old.serial
    assert pair_of(holder).serial.upper() in html


def test_a_certificate_is_renewed_only_near_its_end(holder: Desk) -> None:
    pair = pair_of(holder)

    assert holder.post(RENEW, {}).status_code == 409
    assert pair_of(holder) == pair


def test_who_has_no_certificate_to_renew_is_told(newcomer: Desk, stranger: Desk) -> None:
    assert newcomer.post(RENEW, {}).status_code >= 400
    assert stranger.post(RENEW, {}).status_code >= 400
    assert certificates.certificate_of(newcomer.employee, at=timezone.now()) is None
