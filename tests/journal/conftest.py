"""A portal with a short chain, and a stranger's portal beside it."""

from __future__ import annotations

import pytest
from django.db import transaction

from bitrix24.models import Portal
from journal.events import EventKind
from journal.services import record
from tests.employees.cast import NOON, make_portal


@pytest.fixture
def office(db: None) -> Portal:
    return make_portal("vostok")


@pytest.fixture
def other_office(db: None) -> Portal:
    return make_portal("sever")


@pytest.fixture
def chain(office: Portal) -> Portal:
    """The office after three events with personal details."""
    write_chain(office)
    return office


@transaction.atomic
def write_chain(portal: Portal) -> None:
    subject = ("signer", "9")
    record(portal, EventKind.SIGNER_INVITED, actor="system", subject=subject, at=NOON)
    record(
        portal,
        EventKind.SIGNER_VIEWED,
        actor="signer:9",
        subject=subject,
        data={"signer": "2", "pages": [1, 2], "again": False},
        personal={"name": "Ильин Пётр Андреевич", "ip": "203.0.113.7"},
        at=NOON,
    )
    record(
        portal,
        EventKind.SIGNER_SIGNED,
        actor="signer:9",
        subject=subject,
        data={"signer": "2"},
        personal={"name": "Ильин Пётр Андреевич", "address": "ilin@zakazchik.example"},
        at=NOON,
    )
