"""Secrets: encrypted at rest, rotated without loss, never in a log line."""

from __future__ import annotations

import logging

import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command
from django.db import connection

from outbox.models import Delivery
from signx import vault
from signx.logs import MaskingFormatter


@pytest.mark.parametrize(
    "line",
    [
        "GET /s/TePFO8Vkpowd9rEf01o9-EKjWVjvB0eQ6HLXm262Mso/ 200",
        "auth[access_token]=TePFO8Vkpowd9rEf01o9 failed",
        '{"refresh_token": "TePFO8Vkpowd9rEf01o9"}',
        "client_secret=TePFO8Vkpowd9rEf01o9&x=1",
    ],
)
def test_a_log_line_hides_what_opens_doors(line):
    record = logging.LogRecord("x", logging.INFO, "x", 1, line, None, None)

    shown = MaskingFormatter().format(record)
    assert line.partition("TePFO8Vkpowd9rEf01o9")[0] in shown
    assert "TePFO8Vkpowd9rEf01o9" not in shown


@pytest.mark.django_db
def test_rotation_rewrites_secrets_under_the_new_key(settings, at_noon):
    old, new = settings.ENCRYPTION_KEYS[0], Fernet.generate_key().decode()
    Delivery.objects.create(
        key="k", kind="x", channel="mail", lane="mail", secret="123456", next_attempt_at=at_noon
    )

    settings.ENCRYPTION_KEYS = [new, old]
    call_command("rotate_keys", verbosity=0)
    settings.ENCRYPTION_KEYS = [new]

    assert Delivery.objects.get().secret == "123456"
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM outbox_delivery")
        stored = cursor.fetchone()[0]
    assert "123456" not in stored
    assert vault.decrypt(stored) == "123456"


@pytest.fixture
def at_noon():
    from datetime import UTC, datetime

    return datetime(2026, 11, 24, 12, tzinfo=UTC)
