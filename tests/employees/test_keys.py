"""The platform's keys are made once, kept encrypted and renewed before they end."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from employees import keys
from employees.models import KeyPair
from signing.embedded.keys import fingerprint
from tests.employees.cast import NOON
from tests.employees.threads import at_once

pytestmark = pytest.mark.django_db


def test_keys_are_made_at_the_first_use_and_then_stay():
    first = keys.platform_seal_pair(NOON)

    assert keys.platform_seal_pair(NOON) == first
    assert KeyPair.objects.count() == 2
    assert keys.platform_seal(NOON).fingerprint == fingerprint(first.certificate_pem)
    assert keys.platform_roots() == [first.issuer.certificate_pem]


def test_roots_exist_before_anything_is_sealed():
    (root,) = keys.platform_roots()

    assert root.startswith("-----BEGIN CERTIFICATE-----")
    assert keys.platform_seal_pair().issuer.certificate_pem == root


def test_private_keys_lie_encrypted():
    keys.platform_seal_pair(NOON)

    with connection.cursor() as cursor:
        cursor.execute("SELECT private_key_pem FROM employees_keypair")
        stored = [row[0] for row in cursor.fetchall()]

    assert len(stored) == 2
    assert not any("PRIVATE" in text for text in stored)


def test_a_seal_is_renewed_before_it_ends_and_old_roots_stay():
    old = keys.platform_seal_pair(NOON)

    assert keys.platform_seal_pair(old.not_after - timedelta(days=31)) == old
    new = keys.platform_seal_pair(old.not_after - timedelta(days=29))

    assert new != old
    assert new.issuer == old.issuer
    old.refresh_from_db()
    assert not old.is_current

    much_later = old.issuer.not_after - timedelta(days=29)
    newest = keys.platform_seal_pair(much_later)
    assert newest.issuer != old.issuer
    assert keys.platform_roots() == [old.issuer.certificate_pem, newest.issuer.certificate_pem]


def test_a_seal_is_never_valid_longer_than_its_issuer_is_current():
    authority = keys.platform_seal_pair(NOON).issuer
    late = authority.not_after - timedelta(days=40)

    seal = keys.platform_seal_pair(late)

    assert seal.not_after <= seal.issuer.not_after
    assert seal.not_after > late + keys.RENEW_BEFORE


def test_the_kind_of_key_is_a_setting(settings):
    settings.SIGNATURE_KEY_TYPE = "dsa"

    with pytest.raises(ImproperlyConfigured, match="SIGNX_KEY_TYPE"):
        keys.platform_seal_pair(NOON)


@pytest.mark.django_db(transaction=True)
def test_processes_that_start_together_use_one_seal():
    pairs = at_once(lambda number: keys.platform_seal_pair(NOON).serial, callers=4)

    assert len(set(pairs)) == 1
    assert KeyPair.objects.count() == 2
