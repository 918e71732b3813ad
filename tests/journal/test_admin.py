"""Support reads the chained part of the journal and checks chains, and changes nothing."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from journal.models import AuditEvent, JournalHead

pytestmark = pytest.mark.django_db


@pytest.fixture
def support() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("anna", "anna@signx.test", "x"))
    return client


def test_events_are_shown_without_personal_details(support, chain):
    event = AuditEvent.objects.get(number=2)
    pages = [
        reverse("admin:journal_auditevent_changelist"),
        reverse("admin:journal_auditevent_change", args=[event.pk]),
    ]

    for page in pages:
        shown = support.get(page)
        assert shown.status_code == 200
        assert "signer:9" in shown.content.decode()
        assert "Ильин" not in shown.content.decode()


@pytest.mark.parametrize("what", ["add", "change", "delete"])
def test_nothing_is_changed(support, chain, what):
    arguments = [] if what == "add" else [AuditEvent.objects.get(number=2).pk]

    response = support.post(
        reverse(f"admin:journal_auditevent_{what}", args=arguments), {"post": 1}
    )

    assert response.status_code == 403


def check(support: Client, chain) -> str:
    response = support.post(
        reverse("admin:journal_journalhead_changelist"),
        {"action": "verify", "_selected_action": [chain.pk]},
        follow=True,
    )
    return " ".join(str(message) for message in response.context["messages"])


def test_a_chain_is_checked_by_a_button(support, chain):
    assert "3" in check(support, chain)

    JournalHead.objects.update(hash="0" * 64)
    assert "4" in check(support, chain)
