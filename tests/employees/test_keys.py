"""The platform's keys are made once, kept encrypted and renewed before they end."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from django.core.management import call_command
from django.db import connection
from django.test import Client

from employees.models import KeyPair
from employees.signatures import keys, pki, seal_keys, self_test
from signing.keys.authority import fingerprint
from signing.keys.proof import Baseline
from signing.keys.tokens import Token
from tests.employees.cast import NOON
from tests.employees.threads import at_once
from tests.softhsm import soft_token

pytestmark = pytest.mark.django_db


@pytest.fixture
def token() -> Token:
    return soft_token()


def test_keys_are_made_at_the_first_use_and_then_stay():
    first = keys.platform_seal_pair(NOON)

    assert keys.platform_seal_pair(NOON) == first
    assert list(KeyPair.objects.order_by("pk").values_list("purpose", flat=True)) == [
        "authority",
        "issuing",
        "seal",
    ]
    assert seal_keys.platform_seal(NOON).fingerprint == fingerprint(first.certificate_pem)
    assert keys.platform_roots() == [first.issuer.issuer.certificate_pem]


def test_roots_exist_before_anything_is_sealed():
    (root,) = keys.platform_roots()

    assert root.startswith("-----BEGIN CERTIFICATE-----")
    assert keys.platform_seal_pair().issuer.issuer.certificate_pem == root


def test_private_keys_lie_encrypted():
    keys.platform_seal_pair(NOON)

    with connection.cursor() as cursor:
        cursor.execute("SELECT private_key_pem FROM employees_keypair")
        stored = [row[0] for row in cursor.fetchall()]

    assert len(stored) == 3
    assert not any("PRIVATE" in text for text in stored)


def test_keys_are_rotated_to_a_new_encryption_key(settings):
    pair = keys.platform_seal_pair(NOON)
    old = settings.ENCRYPTION_KEYS
    new = ["bmV3LWtleS0wMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc="]

    settings.ENCRYPTION_KEYS = new + old
    call_command("rotate_keys", stdout=None)
    settings.ENCRYPTION_KEYS = new

    assert KeyPair.objects.get(pk=pair.pk).private_key_pem == pair.private_key_pem
    assert self_test.seal_problem(NOON) == ""


def test_a_seal_is_renewed_before_it_ends_and_old_roots_stay():
    old = keys.platform_seal_pair(NOON)

    assert keys.platform_seal_pair(old.not_after - timedelta(days=31)) == old
    new = keys.platform_seal_pair(old.not_after - timedelta(days=29))

    assert new != old
    assert new.issuer == old.issuer
    old.refresh_from_db()
    assert not old.is_current

    root = old.issuer.issuer
    newest = keys.platform_seal_pair(root.not_after - timedelta(days=29))
    assert newest.issuer.issuer != root
    assert keys.platform_roots() == [root.certificate_pem, newest.issuer.issuer.certificate_pem]


@pytest.mark.parametrize("years", range(0, 40, 3))
def test_no_certificate_is_cut_short_by_the_end_of_its_issuer(years):
    pair = keys.platform_seal_pair(NOON + timedelta(days=366 * years))

    assert pair.not_after < pair.issuer.not_after < pair.issuer.issuer.not_after


def test_the_kind_of_key_is_a_setting(settings):
    settings.SIGNATURE_KEY_TYPE = "rsa-3072"

    pair = keys.platform_seal_pair(NOON)

    certificate = x509.load_pem_x509_certificate(pair.certificate_pem.encode())
    assert isinstance(certificate.public_key(), rsa.RSAPublicKey)
    assert certificate.public_key().key_size == 3072


def test_the_level_of_proof_is_a_setting(settings):
    root = keys.platform_roots()[0]

    assert seal_keys.platform_seal().proof.baseline is Baseline.B
    settings.PADES_LEVEL = "B-LTA"
    settings.TSA_URLS = ["http://tsa.example/tsr", "http://tsa2.example/tsr"]
    settings.TSA_CERTIFICATES = root
    proof = seal_keys.platform_seal().proof

    assert proof.baseline is Baseline.LTA
    assert proof.timestamps.servers == ("http://tsa.example/tsr", "http://tsa2.example/tsr")
    assert len(proof.own().lists) == 2


def test_an_installation_is_ready_when_its_seal_signs_and_verifies(client: Client):
    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "seal": "ok"})


def test_an_installation_that_cannot_open_its_seal_is_not_ready(client: Client, settings):
    keys.platform_seal_pair()
    settings.ENCRYPTION_KEYS = ["bmV3LWtleS0wMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc="]

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()) == (503, {"status": "failed", "seal": "failed"})
    assert self_test.seal_problem() == "cannot be opened: InvalidToken"


def test_a_seal_with_a_strange_key_is_not_ready(client: Client):
    pair, issuer = keys.platform_seal_pair(), keys.issuing_authority(NOON)
    KeyPair.objects.filter(pk=pair.pk).update(private_key_pem=issuer.private_key_pem)

    assert client.get("/readyz").status_code == 503
    assert self_test.seal_problem() == "its signature does not verify: altered"


def test_the_platforms_keys_can_live_in_a_token(token: Token, settings):
    settings.PKCS11_MODULE = token.module
    settings.PKCS11_TOKEN = token.label
    settings.PKCS11_PIN = token.pin

    pair = keys.platform_seal_pair(NOON)

    stored = KeyPair.objects.values_list("purpose", "private_key_pem")
    assert {purpose for purpose, _key in stored} == {"authority", "issuing", "seal"}
    assert all(key.startswith("pkcs11:") for _purpose, key in stored)
    assert self_test.seal_problem(NOON) == ""
    assert pki.published_list(pair.issuer.serial, at=NOON)


def test_a_lost_token_stops_the_seal_and_not_the_old_revocation_list(token: Token, settings):
    settings.PKCS11_MODULE = token.module
    settings.PKCS11_TOKEN = token.label
    settings.PKCS11_PIN = token.pin
    issuer = keys.platform_seal_pair(NOON).issuer
    served = pki.published_list(issuer.serial, at=NOON)

    settings.PKCS11_MODULE = ""

    assert self_test.seal_problem(NOON) == "cannot be opened: ValueError"
    assert pki.published_list(issuer.serial, at=NOON + timedelta(days=9)) == served


@pytest.mark.django_db(transaction=True)
def test_processes_that_start_together_use_one_seal():
    seals = at_once(lambda number: keys.platform_seal_pair(NOON).serial, callers=4)

    assert len(set(seals)) == 1
    assert KeyPair.objects.count() == 3
