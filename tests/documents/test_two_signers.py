"""Two signers finish in the same second, again and again: one seal, one report, one answer."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from bitrix24.models import Portal
from documents import tasks
from documents.core import flow
from documents.core.creation import Counterparty
from documents.models import Document, StoredFile
from documents.news.replies import AGAIN, subscribe
from employees.models import BalanceEntry
from journal.services import chain_of, verify_chain
from outbox.models import Delivery
from tests import factories
from tests.employees.threads import at_once
from tests.factories import NOON

pytestmark = pytest.mark.django_db(transaction=True)
SOON = NOON + timedelta(minutes=1)
PEOPLE = (
    Counterparty("Ильин Пётр Андреевич", "ilin@zakazchik.example", crm_contact_id=5),
    Counterparty("Громова Елена Юрьевна", "gromova@poruchitel.example", crm_contact_id=6),
)


@pytest.fixture
def busy_office(transactional_db: None, noon: None) -> Portal:
    return factories.make_portal(units=20)


def waiting_for_two(office: Portal) -> Document:
    document = factories.make_sending(office, counterparty=None, counterparties=PEOPLE)
    tasks.hand_over(document.pk, NOON)
    factories.settle_deliveries("invitation")
    subscribe(document, robot_code="signx_send", event_token="t", wait_for="final", at=NOON)
    return document


def test_two_signers_in_one_second_are_one_seal_one_report_one_answer(
    busy_office: Portal,
) -> None:
    # SQLite has one writer: there the race is only a queue.
    for _round in range(10 if connection.vendor == "postgresql" else 2):
        document = waiting_for_two(busy_office)
        signers = list(document.signers.filter(side="counterparty"))
        evidence = factories.evidence_for(document)

        at_once(
            lambda number, s=signers, e=evidence: flow.signer_signed(s[number].pk, e, SOON),
            callers=2,
        )
        at_once(lambda _number, pk=document.pk: tasks.seal(pk, SOON), callers=2)

        assert Document.objects.get(pk=document.pk).status == "completed"
        _assert_once(document)
    assert verify_chain(busy_office).ok


def _assert_once(document: Document) -> None:
    kinds = list(chain_of(document.subject).values_list("kind", flat=True))
    for kind in ("document_sealing", "document_completed"):
        assert kinds.count(kind) == 1
    assert kinds.count("signer_signed") == 3
    files = list(document.files.values_list("kind", flat=True))
    assert files.count(StoredFile.Kind.SIGNED) == files.count(StoredFile.Kind.REPORT) == 1
    replies = Delivery.objects.filter(kind="workflow_reply", subject_id=document.public_id)
    assert replies.exclude(key__endswith=AGAIN).count() == 1
    captures = BalanceEntry.objects.filter(document_id=document.pk, kind="capture")
    assert captures.count() == 1
