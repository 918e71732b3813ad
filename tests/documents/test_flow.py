"""The state machine: only its table's steps, and everything that belongs to a step with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from bitrix24.models import Portal
from documents import tasks
from documents.after import sender_acts
from documents.core import flow
from documents.core.evidence import Evidence
from documents.core.sending import send_document
from documents.models import Document, Signer
from documents.news.replies import subscribe
from employees.balances import ledger
from employees.models import BalanceEntry
from journal.services import chain_of, verify_chain
from outbox.base import Outcome
from outbox.models import Delivery
from signx.errors import ErrorCode, SignXError
from tests import factories
from tests.factories import NOON

Status = Document.Status
LATER = NOON + timedelta(minutes=1)


@pytest.mark.django_db
@hypothesis_settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(moves=st.lists(st.sampled_from(list(Status)), max_size=12))
def test_random_moves_never_leave_the_table(moves: list[Status]) -> None:
    portal = factories.make_portal(units=2)
    document = factories.make_draft(portal)
    subscribe(document, robot_code="signx_send", event_token="t", wait_for="final", at=NOON)

    for to in moves:
        before = Document.objects.get(pk=document.pk).status
        try:
            if to == Status.SENDING and before == Status.DRAFT:
                send_document(document, actor=factories.ROBOT, at=NOON)
            else:
                flow.move(document.pk, to, actor="system", at=NOON)
        except SignXError as error:
            assert error.code == ErrorCode.STATUS_CONFLICT
            assert to not in flow.TRANSITIONS.get(before, ())
            assert Document.objects.get(pk=document.pk).status == before
        else:
            assert to == before or to in flow.TRANSITIONS[before]

    _assert_consistent(portal, Document.objects.get(pk=document.pk))


def _assert_consistent(portal: Portal, document: Document) -> None:
    kinds = set(BalanceEntry.objects.filter(document_id=document.pk).values_list("kind", flat=True))
    was_sent = document.next_step_at is not None or "hold" in kinds
    if document.status in flow.RETURNS_THE_HOLD and was_sent:
        assert kinds == {"hold", "release"}
    elif document.status in {Status.COMPLETED, Status.ANNULLED}:
        assert kinds == {"hold", "capture"}
    else:
        assert kinds == ({"hold"} if was_sent else set())
    replies = Delivery.objects.filter(kind="workflow_reply")
    answered = replies.filter(payload__document=document.pk).count()
    assert answered == (2 if document.is_final else 0)  # the answer and its repeat
    assert ledger.available(portal) == (1 if kinds and "release" not in kinds else 2)
    assert verify_chain(portal).ok


ACTS: dict[str, Callable[[Document], object]] = {
    "hand over": lambda document: tasks.hand_over(document.pk, NOON),
    "letter taken": lambda _: factories.settle_deliveries("invitation"),
    "letter refused": lambda _: factories.settle_deliveries(
        "invitation", outcome=lambda _: Outcome(done=False, code="mail_rejected", final=True)
    ),
    "view": lambda document: flow.signer_viewed(
        factories.counterparty_of(document).pk, factories.evidence_for(document), LATER
    ),
    "agree": lambda document: factories.accept_agreement(document, at=LATER),
    "sign": lambda document: factories.sign_as_counterparty(document, at=LATER),
    "decline": lambda document: _decline(document),
    "cancel": lambda document: _cancel(document),
    "expire": lambda document: tasks.follow_due(document.expires_at),
    "seal": lambda document: tasks.seal(document.pk, LATER),
}


@st.composite
def stories(draw: st.DrawFn) -> list[str]:
    """The straight way to a signed document, with at most one disturbance before each step."""
    acts: list[str] = []
    for step in ("hand over", "letter taken", "view", "agree", "sign", "seal"):
        acts += draw(st.lists(st.sampled_from(list(ACTS)), max_size=1))
        acts.append(step)
    return acts


@pytest.mark.django_db
@hypothesis_settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(acts=stories())
def test_whatever_people_and_workers_do_all_adds_up(noon: None, acts: list[str]) -> None:
    portal = factories.make_portal(units=2)
    document = factories.make_sending(portal, agreement="Y")
    subscribe(document, robot_code="signx_send", event_token="t", wait_for="final", at=NOON)

    for act in acts:
        before = Document.objects.get(pk=document.pk)
        try:
            ACTS[act](before)
        except SignXError as error:
            assert error.code not in {ErrorCode.INTERNAL_ERROR, ErrorCode.PROVIDER_FAILED}
        after = Document.objects.get(pk=document.pk)
        assert before.status not in Document.FINAL or after.status == before.status
        _assert_consistent(portal, after)

    assert has_evidence_of_all(document)


def has_evidence_of_all(document: Document) -> bool:
    """Whoever is called signed has a decision on the file that was shown."""
    shown = factories.shown_sha256(document)
    return all(
        signer.signature.signed_sha256 == shown
        for signer in document.signers.filter(status=Signer.Status.SIGNED)
    )


def test_moving_to_the_present_status_changes_nothing(sent: Document) -> None:
    events = chain_of(sent.subject).count()

    flow.move(sent.pk, Status.SENT, actor="system", at=LATER)

    assert chain_of(sent.subject).count() == events


def test_a_refused_step_leaves_no_trace(sent: Document) -> None:
    deliveries, events = Delivery.objects.count(), chain_of(sent.subject).count()

    with pytest.raises(SignXError) as caught:
        flow.move(sent.pk, Status.COMPLETED, actor="system", at=LATER)

    assert caught.value.code == ErrorCode.STATUS_CONFLICT
    assert (Delivery.objects.count(), chain_of(sent.subject).count()) == (deliveries, events)


End = Callable[[Document], object]


def _decline(document: Document) -> None:
    signer = factories.counterparty_of(document)
    flow.signer_declined(signer.pk, "Не согласован срок", factories.evidence_for(document), LATER)


def _expire(document: Document) -> None:
    flow.move(document.pk, Status.EXPIRED, actor="system", at=LATER)


def _cancel(document: Document) -> None:
    by = document.signers.get(key="1").employee
    sender_acts.cancel_document(document, by=by, reason="Ошибка в сумме", at=LATER)


@pytest.mark.parametrize(
    ("end", "status"),
    [(_decline, "declined"), (_expire, "expired"), (_cancel, "cancelled")],
)
def test_an_end_without_signatures_gives_the_unit_back(
    sent: Document, end: End, status: str
) -> None:
    held = ledger.available(sent.portal)

    end(sent)

    assert Document.objects.get(pk=sent.pk).status == status
    assert ledger.available(sent.portal) == held + 1


@pytest.mark.parametrize("end", [_decline, _expire, _cancel])
def test_every_end_answers_every_waiting_process_once(sent: Document, end: End) -> None:
    for number, wait_for in enumerate(["final", "change", "final"]):
        subscribe(
            sent, robot_code="signx_status", event_token=f"t{number}", wait_for=wait_for, at=NOON
        )

    end(sent)

    keys = set(Delivery.objects.filter(kind="workflow_reply").values_list("key", flat=True))
    waiting = list(sent.subscriptions.values_list("pk", flat=True))
    assert keys == {f"reply:{pk}{tail}" for pk in waiting for tail in ("", ":again")}
    assert not sent.subscriptions.filter(answered_at__isnull=True).exists()


def test_a_refusal_carries_its_reason_to_process_and_chat(sent: Document) -> None:
    subscribe(sent, robot_code="signx_send", event_token="t", wait_for="final", at=NOON)

    _decline(sent)

    reply = Delivery.objects.get(kind="workflow_reply", key__endswith=":again")
    assert "Не согласован срок" in reply.payload["values"]["status_text"]
    notice = Delivery.objects.get(kind="notice", key__contains=":declined:")
    assert "Не согласован срок" in notice.payload["params"]["MESSAGE"]
    comment = Delivery.objects.get(kind="timeline_comment")
    assert "Не согласован срок" in comment.payload["text"]


def test_signing_twice_is_signing_once(sent: Document) -> None:
    factories.sign_as_counterparty(sent, at=LATER)
    factories.sign_as_counterparty(sent, at=LATER + timedelta(minutes=1))

    signer = factories.counterparty_of(sent)
    assert signer.signature.signed_at == LATER
    assert chain_of(sent.subject).filter(kind="document_sealing").count() == 1


def test_another_file_than_the_one_shown_cannot_be_signed(sent: Document) -> None:
    signer = factories.counterparty_of(sent)
    evidence = Evidence(signed_sha256="0" * 64)

    with pytest.raises(SignXError) as caught:
        flow.signer_signed(signer.pk, evidence, LATER)

    assert caught.value.code == ErrorCode.STATUS_CONFLICT
    assert Document.objects.get(pk=sent.pk).status == Status.SENT


def test_a_weaker_level_is_refused_not_lowered(office: Portal) -> None:
    document = factories.make_sending(office)
    Document.objects.filter(pk=document.pk).update(level="unqualified", status=Status.SENT)
    Signer.objects.filter(document=document, key="1").update(status=Signer.Status.SIGNED)
    evidence = Evidence(signed_sha256=factories.shown_sha256(document), level="simple")

    with pytest.raises(SignXError) as caught:
        flow.signer_signed(factories.counterparty_of(document).pk, evidence, LATER)

    assert caught.value.code == ErrorCode.SIGNATURE_LEVEL_REFUSED


def test_the_agreement_is_asked_for_where_it_is_signed(office: Portal) -> None:
    document = factories.make_sending(office, agreement="Y")
    Document.objects.filter(pk=document.pk).update(status=Status.SENT)
    Signer.objects.filter(document=document, key="1").update(status=Signer.Status.SIGNED)

    with pytest.raises(SignXError) as caught:
        factories.sign_as_counterparty(document, at=LATER)

    assert caught.value.code == ErrorCode.CONSENT_MISSING


def test_another_agreement_than_the_one_shown_cannot_be_accepted(office: Portal) -> None:
    document = factories.make_sending(office, agreement="Y")
    Document.objects.filter(pk=document.pk).update(status=Status.SENT)
    Signer.objects.filter(document=document, key="1").update(status=Signer.Status.SIGNED)

    with pytest.raises(SignXError) as caught:
        flow.signer_agreed(
            factories.counterparty_of(document).pk,
            factories.evidence_for(document),
            LATER,
            template_version="2026.1",
            template_hash="0" * 64,
            language="ru",
        )

    assert caught.value.code == ErrorCode.STATUS_CONFLICT
    assert factories.counterparty_of(document).agreed_at is None


def test_nobody_signs_after_the_term(sent: Document) -> None:
    with pytest.raises(SignXError) as caught:
        factories.sign_as_counterparty(sent, at=sent.expires_at)

    assert caught.value.code == ErrorCode.LINK_INVALID


def test_nobody_signs_before_their_turn(sent: Document) -> None:
    Signer.objects.filter(document=sent, key="1").update(status=Signer.Status.PENDING)

    with pytest.raises(SignXError) as caught:
        factories.sign_as_counterparty(sent, at=LATER)

    assert caught.value.code == ErrorCode.NOT_YOUR_TURN


def test_a_refusal_ends_it_for_everybody(sent: Document) -> None:
    _decline(sent)

    with pytest.raises(SignXError) as caught:
        factories.sign_as_counterparty(sent, at=LATER)

    assert caught.value.code == ErrorCode.STATUS_CONFLICT
    assert not hasattr(factories.counterparty_of(sent), "signature")


def test_a_view_is_told_once_and_only_once(sent: Document) -> None:
    signer = factories.counterparty_of(sent)

    for _visit in range(2):
        flow.signer_viewed(signer.pk, factories.evidence_for(sent), LATER)

    assert factories.counterparty_of(sent).viewed_at == LATER
    assert chain_of(sent.subject).filter(kind="signer_viewed").count() == 1


def test_a_link_that_is_used_proves_its_letter_arrived(sending: Document) -> None:
    tasks.hand_over(sending.pk, NOON)  # the mail server's answer is not written down yet

    flow.signer_viewed(
        factories.counterparty_of(sending).pk, factories.evidence_for(sending), LATER
    )

    assert Document.objects.get(pk=sending.pk).status == Status.SENT
    factories.settle_deliveries("invitation", at=LATER)
    assert Document.objects.get(pk=sending.pk).status == Status.SENT


@pytest.mark.parametrize(("told", "kept"), [("unknown", None), ("", None), ("::1", "::1")])
def test_an_address_that_is_none_does_not_stop_a_signature(
    sent: Document, told: str, kept: str | None
) -> None:
    evidence = replace(factories.evidence_for(sent), ip=told)

    flow.signer_signed(factories.counterparty_of(sent).pk, evidence, LATER)

    assert factories.counterparty_of(sent).signature.ip == kept


def test_addresses_and_devices_stay_out_of_the_chained_part(sent: Document) -> None:
    factories.sign_as_counterparty(sent, at=LATER)

    signed = chain_of(sent.subject).get(kind="signer_signed", data__signer="2")
    assert "203.0.113.7" not in str(signed.data)
    assert signed.personal.data["ip"] == "203.0.113.7"
