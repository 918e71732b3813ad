"""Several workers and people at the same document at the same moment."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bitrix24.models import Portal
from documents import tasks
from documents.after import sender_acts
from documents.core import flow, sending
from documents.models import Document, Signature
from documents.news import replies
from employees.balances import ledger
from employees.models import BalanceEntry
from journal.services import chain_of, verify_chain
from outbox.models import Delivery
from signx.errors import ErrorCode
from tests import factories
from tests.employees.threads import at_once
from tests.factories import NOON

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.databases]
SOON = NOON + timedelta(minutes=1)


@pytest.fixture
def busy_office(transactional_db: None, noon: None) -> Portal:
    return factories.make_portal()


@pytest.fixture
def waiting(busy_office: Portal) -> Document:
    """Sent; its process waits for the end."""
    document = factories.make_sending(busy_office)
    tasks.hand_over(document.pk, NOON)
    factories.settle_deliveries("invitation")
    replies.subscribe(document, robot_code="signx_send", event_token="t", wait_for="final", at=NOON)
    return document


def test_many_workers_hand_over_once(busy_office: Portal) -> None:
    document = factories.make_sending(busy_office)

    at_once(lambda _: tasks.hand_over(document.pk, NOON), callers=4)

    assert Delivery.objects.filter(kind="invitation").count() == 1
    assert chain_of(document.subject).filter(kind="signer_signed").count() == 1
    assert Document.objects.get(pk=document.pk).step_attempts == 1


def test_many_workers_seal_once(waiting: Document) -> None:
    factories.sign_as_counterparty(waiting, at=SOON)

    at_once(lambda _: tasks.seal(waiting.pk, SOON), callers=4)

    assert Document.objects.get(pk=waiting.pk).status == "completed"
    assert BalanceEntry.objects.filter(document_id=waiting.pk, kind="capture").count() == 1
    assert chain_of(waiting.subject).filter(kind="document_completed").count() == 1


def test_a_double_click_signs_once(waiting: Document) -> None:
    at_once(lambda _: factories.sign_as_counterparty(waiting, at=SOON), callers=4)

    assert Signature.objects.filter(signer__document=waiting).count() == 2
    assert chain_of(waiting.subject).filter(kind="document_sealing").count() == 1


def test_of_signature_refusal_withdrawal_and_expiry_one_wins(waiting: Document) -> None:
    signer = factories.counterparty_of(waiting)
    by = waiting.signers.get(key="1").employee
    evidence = factories.evidence_for(waiting)
    acts = [
        lambda: flow.signer_signed(signer.pk, evidence, SOON),
        lambda: flow.signer_declined(signer.pk, "Нет полномочий", evidence, SOON),
        lambda: sender_acts.cancel_document(waiting, by=by, reason="Ошибка", at=SOON),
        lambda: flow.move(waiting.pk, "expired", actor="system", at=SOON),
    ]

    outcomes = at_once(lambda number: acts[number](), callers=len(acts))

    assert outcomes.count(ErrorCode.STATUS_CONFLICT) == len(acts) - 1
    document = Document.objects.get(pk=waiting.pk)
    ends = {"document_sealing", "document_declined", "document_cancelled", "document_expired"}
    assert chain_of(document.subject).filter(kind__in=ends).count() == 1
    kinds = set(BalanceEntry.objects.filter(document_id=document.pk).values_list("kind", flat=True))
    assert kinds == ({"hold"} if document.status == "sealing" else {"hold", "release"})
    answers = Delivery.objects.filter(kind="workflow_reply").count()
    assert answers == (0 if document.status == "sealing" else 2)
    assert verify_chain(document.portal).ok


def test_the_last_unit_is_held_for_one_document(transactional_db: None, noon: None) -> None:
    portal = factories.make_portal(units=1)
    drafts = [factories.make_draft(portal) for _ in range(3)]

    outcomes = at_once(
        lambda number: sending.send_document(drafts[number], actor=factories.ROBOT, at=NOON),
        callers=3,
    )

    assert outcomes.count(ErrorCode.BALANCE_EMPTY) == 2
    assert ledger.available(portal) == 0
    assert Document.objects.filter(status="sending").count() == 1
