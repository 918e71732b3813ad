"""Hand-over and invitation: what they leave behind, run twice, killed in between."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest

from documents import tasks
from documents.after import sender_acts
from documents.core import files, flow
from documents.models import Document, Signature, Signer
from documents.news import replies
from employees.balances import ledger
from employees.models import BalanceEntry
from journal.services import chain_of
from outbox.base import Outcome
from outbox.models import Delivery
from signx.claims import LEASE
from signx.errors import ErrorCode, SignXError
from tests import factories
from tests.documents.flaky import Flaky, Killed, Kind, Status, fresh, on
from tests.factories import NOON


def test_hand_over_signs_for_the_company_and_invites_the_other_side(sending: Document) -> None:
    tasks.hand_over(sending.pk, NOON)

    company, other = sending.signers.order_by("order")
    assert company.status == Signer.Status.SIGNED
    assert company.signature.is_applied
    assert company.signature.confirmed_by.count("u***@kontora.example") == 1
    assert (other.status, len(other.link_hash)) == (Signer.Status.PENDING, 64)
    invitation = Delivery.objects.get(kind="invitation")
    assert len(invitation.open_secret()["token"]) >= 43  # 256 bits
    assert invitation.open_secret()["token"] not in str(invitation.payload)
    assert fresh(sending).status == Status.SENDING  # until the mail server has the letter


def test_the_document_is_sent_when_the_mail_server_took_the_letter(sending: Document) -> None:
    tasks.hand_over(sending.pk, NOON)

    factories.settle_deliveries("invitation", at=NOON + timedelta(seconds=1))

    document = fresh(sending)
    assert (document.status, document.sent_at) == (Status.SENT, NOON + timedelta(seconds=1))
    assert factories.counterparty_of(document).invited_at == NOON + timedelta(seconds=1)


def test_a_refused_address_fails_the_document_and_costs_nothing(sending: Document) -> None:
    before = ledger.available(sending.portal)
    replies.subscribe(sending, robot_code="signx_send", event_token="t", wait_for="sent", at=NOON)
    tasks.hand_over(sending.pk, NOON)

    factories.settle_deliveries(
        "invitation",
        outcome=lambda _: Outcome(done=False, code="mail_rejected", detail="550", final=True),
    )

    document = fresh(sending)
    assert (document.status, document.error_code) == (Status.FAILED, "mail_rejected")
    assert "i***@zakazchik.example" in document.error
    assert ledger.available(document.portal) == before + 1
    values = Delivery.objects.get(kind="workflow_reply", key__endswith=":again").payload["values"]
    assert (values["status_code"], values["response_code"]) == ("failed", "mail_rejected")
    assert values["error"] == document.error


def test_a_letter_with_a_replaced_link_decides_nothing(sent: Document) -> None:
    old = Delivery.objects.get(kind="invitation")
    sender_acts.resend_invitation(
        factories.counterparty_of(sent), by=sent.signers.get(key="1").employee, at=NOON
    )
    old.state = Delivery.State.DEAD

    tasks.invitation_settled(old)

    assert fresh(sent).status == Status.SENT
    assert not Delivery.objects.filter(key__contains=":mail_rejected").exists()


def test_a_refused_reminder_is_told_and_ends_nothing(sent: Document) -> None:
    sender_acts.resend_invitation(
        factories.counterparty_of(sent), by=sent.signers.get(key="1").employee, at=NOON
    )

    factories.settle_deliveries(
        "invitation", outcome=lambda _: Outcome(done=False, code="mail_rejected", final=True)
    )

    assert fresh(sent).status == Status.SENT
    assert Delivery.objects.filter(key__contains=":mail_rejected").exists()


def test_a_letter_settled_after_the_end_invites_nobody(sent: Document) -> None:
    sender_acts.resend_invitation(
        factories.counterparty_of(sent), by=sent.signers.get(key="1").employee, at=NOON
    )
    flow.move(sent.pk, Status.EXPIRED, actor="system", at=NOON)
    invited = chain_of(sent.subject).filter(kind="signer_invited").count()

    factories.settle_deliveries("invitation")

    assert chain_of(sent.subject).filter(kind="signer_invited").count() == invited == 1


def test_hand_over_twice_is_one_effect(sending: Document) -> None:
    tasks.hand_over(sending.pk, NOON)
    first = files.read(sending, Kind.IN_WORK)

    tasks.hand_over(sending.pk, NOON)
    tasks.follow_due(NOON + timedelta(hours=1))

    assert files.read(sending, Kind.IN_WORK) == first
    assert Delivery.objects.filter(kind="invitation").count() == 1
    assert chain_of(sending.subject).filter(kind="signer_signed").count() == 1


@pytest.mark.parametrize("moment", ["prepare", "sign 1"])
def test_a_worker_killed_in_hand_over_is_followed_by_another(
    sending: Document, flaky: Flaky, moment: str
) -> None:
    on(sending, "flaky")
    flaky.breaks = [(moment, Killed())]
    with pytest.raises(Killed):
        tasks.hand_over(sending.pk, NOON)

    tasks.follow_due(NOON + LEASE - timedelta(seconds=1))
    assert not files.find(sending, Kind.IN_WORK)  # the dead worker's lease still holds
    tasks.follow_due(NOON + LEASE)

    assert Delivery.objects.filter(kind="invitation").count() == 1
    assert chain_of(sending.subject).filter(kind="signer_signed").count() == 1
    assert Signature.objects.get(signer__document=sending).signed_at == NOON


def test_a_worker_killed_between_file_and_invitation_loses_nothing(sending: Document) -> None:
    from documents.proof.hand_over import sign_for_company

    sign_for_company(sending, at=NOON)  # and then the power went
    made = files.read(sending, Kind.IN_WORK)

    tasks.follow_due(NOON)

    assert files.read(sending, Kind.IN_WORK) == made
    assert Delivery.objects.filter(kind="invitation").count() == 1


def test_hand_over_is_repeated_while_the_provider_is_down(sending: Document, flaky: Flaky) -> None:
    on(sending, "flaky")
    flaky.breaks = [("prepare", SignXError(ErrorCode.PROVIDER_FAILED))] * 2

    tasks.hand_over(sending.pk, NOON)
    assert not tasks.has_due(NOON + timedelta(seconds=1))
    tasks.follow_due(NOON + timedelta(seconds=2))
    tasks.follow_due(NOON + timedelta(seconds=7))

    assert flaky.calls == ["prepare", "prepare", "prepare", "sign 1"]
    assert Delivery.objects.filter(kind="invitation").count() == 1


def test_a_provider_that_stays_down_fails_the_document(sending: Document, flaky: Flaky) -> None:
    on(sending, "flaky")
    flaky.breaks = [("prepare", SignXError(ErrorCode.PROVIDER_FAILED))] * 99
    at = NOON

    while fresh(sending).status == Status.SENDING:
        tasks.follow_due(at)
        at = fresh(sending).next_step_at or at

    document = fresh(sending)
    assert (document.status, document.error_code) == (Status.FAILED, "provider_failed")
    assert timedelta(minutes=10) < at - NOON < timedelta(minutes=30)
    assert set(
        BalanceEntry.objects.filter(document_id=document.pk).values_list("kind", flat=True)
    ) == {"hold", "release"}


def test_a_file_that_cannot_be_signed_fails_at_once(sending: Document, flaky: Flaky) -> None:
    on(sending, "flaky")
    flaky.breaks = [("prepare", SignXError(ErrorCode.DOCUMENT_INVALID, reason="форма XFA"))]

    tasks.hand_over(sending.pk, NOON)

    assert fresh(sending).error_code == "document_invalid"


def test_a_file_that_kills_every_worker_is_not_handed_over_for_ever(
    sending: Document, flaky: Flaky
) -> None:
    on(sending, "flaky")
    flaky.breaks = [("prepare", Killed())] * 99
    at = NOON

    while fresh(sending).status == Status.SENDING:
        with suppress(Killed):
            tasks.hand_over(sending.pk, at)
        at = fresh(sending).next_step_at or at

    assert fresh(sending).error_code == "internal_error"
    assert at - NOON < timedelta(hours=1)
