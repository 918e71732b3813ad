"""Limits against abuse: exact, shared by all processes, and answered with a page."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from documents.access import public_limits
from documents.after import sender_acts
from outbox.models import Delivery
from signx.errors import ErrorCode, SignXError
from signx.http import client_ip
from signx.limits import Rule, network_of, require_left, spend
from signx.models import Usage
from tests import factories
from tests.employees.threads import at_once
from tests.factories import NOON
from tests.signer.conftest import Invited

RULE = Rule("test", 5, timedelta(hours=1))
ABROAD = {"REMOTE_ADDR": "81.2.69.160"}


@pytest.mark.django_db(transaction=True)
def test_exactly_as_many_get_through_as_the_rule_says() -> None:
    results = at_once(lambda _number: spend(RULE, "somebody", at=NOON), 12)

    assert results.count(None) == 5
    assert results.count(ErrorCode.LIMIT_REACHED) == 7
    assert Usage.objects.get().uses == 5


@pytest.mark.django_db
def test_each_key_and_each_window_counts_for_itself() -> None:
    spend(RULE, "somebody", at=NOON, uses=5)
    spend(RULE, "another", at=NOON)
    spend(RULE, "somebody", at=NOON + timedelta(hours=1))

    with pytest.raises(SignXError) as refusal:
        spend(RULE, "somebody", at=NOON + timedelta(minutes=20))

    assert refusal.value.context["minutes"] == 40


@pytest.mark.django_db
def test_what_does_not_fit_whole_is_not_counted_at_all() -> None:
    spend(RULE, "somebody", at=NOON, uses=3)

    with pytest.raises(SignXError):
        spend(RULE, "somebody", at=NOON, uses=3)
    spend(RULE, "somebody", at=NOON, uses=2)


@pytest.mark.django_db
def test_counts_name_nobody_and_do_not_pile_up() -> None:
    spend(RULE, "ilin@zakazchik.example", at=NOON)
    assert "ilin" not in str(Usage.objects.values_list("rule", "key"))

    spend(RULE, "another", at=NOON + timedelta(hours=3))

    assert Usage.objects.count() == 1


@pytest.mark.parametrize(
    ("ip", "network"),
    [
        ("81.2.69.160", "81.2.69.0/24"),
        ("2a02:6b8:c00:1234:5678::1", "2a02:6b8:c00:1200::/56"),
        ("::ffff:81.2.69.160", "81.2.69.0/24"),
        ("::ffff:5102:45a0", "81.2.69.0/24"),
        ("81.2.69.160:5123", "81.2.69.0/24"),
        ("[2a02:6b8:c00:1234:5678::1]:443", "2a02:6b8:c00:1200::/56"),
        ("[2a02:6b8:c00:1234:5678::1]", "2a02:6b8:c00:1200::/56"),
        ("127.0.0.1", ""),
        ("::ffff:127.0.0.1", ""),
        ("[::1]:80", ""),
        ("10.1.2.3", ""),
        ("fe80::1", ""),
        ("unknown", ""),
    ],
)
def test_private_networks_are_no_key(ip: str, network: str) -> None:
    assert network_of(ip) == network


@pytest.mark.parametrize("named", ["81.2.69.160:5123", "::ffff:81.2.69.160", "[81.2.69.160]:1"])
def test_a_caller_is_one_address_however_a_proxy_writes_it(named: str, rf, settings) -> None:
    settings.TRUSTED_PROXIES = 1
    request = rf.get("/", headers={"X-Forwarded-For": f"6.6.6.6, {named}"})

    assert client_ip(request) == "81.2.69.160"


@pytest.mark.django_db
def test_what_is_counted_only_when_it_fails_is_refused_once_it_is_spent() -> None:
    for _use in range(RULE.uses):
        require_left(RULE, "somebody", at=NOON)
        spend(RULE, "somebody", at=NOON)

    with pytest.raises(SignXError) as refusal:
        require_left(RULE, "somebody", at=NOON + timedelta(minutes=20))

    assert refusal.value.context["minutes"] == 40
    require_left(RULE, "somebody", at=NOON + timedelta(hours=1))


def test_guessing_links_ends_with_a_page_that_says_when(db: None) -> None:
    browser = Client(**ABROAD)
    for number in range(public_limits.LINKS_OF_NETWORK.uses):
        assert browser.get(f"/s/{'A' * 40}{number:03}/").status_code == 410

    answer = browser.get("/s/nobody-has-this-token/")

    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0
    assert "limit_reached" in answer.content.decode()
    assert Client(REMOTE_ADDR="81.2.70.1").get("/s/nobody-has-this-token/").status_code == 410


def test_a_link_that_exists_always_opens(invited: Invited) -> None:
    for number in range(public_limits.LINKS_OF_NETWORK.uses + 5):
        Client(**ABROAD).get(f"/s/{number:03}/")

    assert Client(**ABROAD).get(invited.url()).status_code == 200


def test_guessing_numbers_of_documents_ends(db: None) -> None:
    browser = Client(**ABROAD)
    answers = [browser.get(f"/v/2222333344{number:02}").status_code for number in range(61)]

    assert answers == [404] * 60 + [429]


def test_tries_are_counted_per_link_whatever_the_code(invited: Invited) -> None:
    code = invited.ask_for_code()
    spent = public_limits.TRIES_OF_LINK
    key = f"signer:{invited.signer.pk}"
    spend(spent, key, at=NOON + timedelta(hours=1), uses=spent.uses)

    refused = invited.post("code/", code=code)

    assert refused.status_code == 429
    assert "limit_reached" in refused.content.decode()
    assert invited.status() == ("sent", "viewed")


def test_codes_of_one_network_are_limited(invited: Invited) -> None:
    spent = public_limits.CODES_OF_NETWORK
    spend(spent, network_of(ABROAD["REMOTE_ADDR"]), at=NOON + timedelta(hours=1), uses=spent.uses)

    answer = Client(**ABROAD).post(invited.url("sign/"))

    assert answer.status_code == 429
    assert not Delivery.objects.filter(kind="signing_code").exists()


def test_a_mailbox_is_not_flooded_with_links(invited: Invited) -> None:
    clerk = factories.make_employee(invited.document.portal, 31)
    for _letter in range(public_limits.LETTERS_OF_ADDRESS.uses):
        sender_acts.resend_invitation(invited.signer, by=clerk, at=NOON)

    with pytest.raises(SignXError) as refusal:
        sender_acts.resend_invitation(invited.signer, by=clerk, at=NOON)

    assert refusal.value.code == ErrorCode.LIMIT_REACHED


def test_uploads_for_verification_are_limited_and_the_file_is_not_read(db: None) -> None:
    browser = Client(**ABROAD)
    spent = public_limits.FILES_OF_ADDRESS
    at = NOON + timedelta(hours=1)
    spend(spent, ABROAD["REMOTE_ADDR"], at=at, uses=spent.uses - 1)
    pair = [SimpleUploadedFile(f"{n}.pdf", b"%PDF-1.7", "application/pdf") for n in range(2)]

    answer = browser.post("/v/", {"files": pair})

    assert answer.status_code == 429
    assert "Retry-After" in answer
