"""Creating, sending, withdrawing, reminding and waiting for news."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bitrix24.models import Portal
from documents import tasks
from documents.access.links import hash_token
from documents.after import sender_acts
from documents.core import creation, files, sending
from documents.models import Document, PortalSettings, Signer, StoredFile, WorkflowSubscription
from documents.news import replies
from documents.news.invitations import Why
from employees.balances import ledger
from employees.models import Employee, SignatureProfile
from journal.services import chain_of
from outbox.models import Delivery
from signx.errors import ErrorCode, SignXError
from tests import factories
from tests.factories import NOON

Kind = StoredFile.Kind
Status = Document.Status
LATER = NOON + timedelta(minutes=11)


def refused(code: ErrorCode) -> pytest.RaisesExc[SignXError]:
    return pytest.RaisesExc(SignXError, check=lambda error: error.code == code)


def director_of(document: Document) -> Employee:
    employee = document.signers.get(key="1").employee
    assert employee is not None
    return employee


def test_a_draft_has_its_files_signers_binding_and_first_event(draft: Document) -> None:
    assert files.read(draft, Kind.SOURCE) == factories.paper().pdf
    assert files.shown_sha256(draft) == StoredFile.objects.get(document=draft, kind="shown").sha256
    assert list(draft.signers.values_list("key", "side")) == [
        ("1", "company"),
        ("2", "counterparty"),
    ]
    assert draft.crm_binding.entity_id == 315
    created = chain_of(draft.subject).get(kind="document_created")
    assert created.data["shown_sha256"] == files.shown_sha256(draft)
    assert draft.title not in str(created.data)


def test_both_stamps_have_a_place_on_the_file_that_is_shown(draft: Document) -> None:
    assert set(draft.places) == {"1", "2"}
    pages = {box["page_index"] for boxes in draft.places.values() for box in boxes}
    assert pages == {draft.page_count - 1}


def test_coordinates_come_from_the_portal_when_the_robot_names_none(office: Portal) -> None:
    PortalSettings.objects.create(portal=office, coordinates="1=1:20:200; 2=1:110:200")

    document = factories.make_draft(office)

    assert [boxes[0]["page_index"] for boxes in document.places.values()] == [0, 0]


@pytest.mark.parametrize(("portal_speaks", "papers"), [("ru", "ru"), ("kz", "ru"), ("de", "en")])
def test_papers_are_in_a_language_that_we_have(
    office: Portal, portal_speaks: str, papers: str
) -> None:
    assert factories.make_draft(office, language=portal_speaks).language == papers


def test_coordinates_outside_of_the_document_make_no_document(office: Portal) -> None:
    with refused(ErrorCode.PARAMETER_INVALID):
        factories.make_draft(office, coordinates="1=9:20:200")

    assert not Document.objects.exists()


def test_a_labour_contract_is_refused_before_anything_is_made(office: Portal) -> None:
    with refused(ErrorCode.SIGNATURE_LEVEL_REFUSED):
        factories.make_draft(office, title="Трудовой договор № 7")

    assert not Document.objects.exists()


@pytest.mark.parametrize("level", ["unqualified", "qualified"])
def test_a_level_that_counterparties_cannot_reach_is_refused_not_lowered(
    office: Portal, level: str
) -> None:
    with refused(ErrorCode.SIGNATURE_LEVEL_REFUSED):
        factories.make_draft(office, level=level)

    assert not Document.objects.exists()


def test_a_counterparty_whom_no_letter_reaches_is_refused(office: Portal) -> None:
    with refused(ErrorCode.CONTACT_INCOMPLETE) as refusal:
        factories.make_draft(office, counterparty=creation.Counterparty("Ильин Пётр", ""))

    assert str(refusal.value.context["fields"]) == "E-mail"
    assert not Document.objects.exists()


def test_sending_holds_one_unit_and_wakes_the_hand_over(
    draft: Document, django_capture_on_commit_callbacks: object
) -> None:
    document = sending.send_document(draft, actor=factories.ROBOT, at=NOON)

    assert (document.status, ledger.available(document.portal)) == (Status.SENDING, 4)
    assert tasks.has_due(NOON)


def test_sending_twice_holds_once(draft: Document) -> None:
    for _click in range(2):
        sending.send_document(draft, actor=factories.ROBOT, at=NOON)

    assert ledger.available(draft.portal) == 4


def test_an_empty_balance_leaves_nothing_behind(db: None) -> None:
    new = factories.new_document(factories.make_portal(units=0))
    prepared = creation.prepare(new, at=NOON)

    with refused(ErrorCode.BALANCE_EMPTY):
        sending.send_prepared(new, prepared, actor=factories.ROBOT, at=NOON)

    assert not Document.objects.exists()
    assert not chain_of(("document", "")).exists()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"state": SignatureProfile.State.STOPPED}, ErrorCode.SIGNATURE_MISSING),
        ({"state": SignatureProfile.State.TURNED_ON}, ErrorCode.SIGNATURE_NOT_CONFIRMED),
        ({"robots_allowed": False}, ErrorCode.RIGHT_MISSING),
    ],
)
def test_a_signature_stopped_meanwhile_signs_nothing(
    draft: Document, change: dict[str, object], code: ErrorCode
) -> None:
    SignatureProfile.objects.update(**change)

    with refused(code):
        sending.send_document(draft, actor=factories.ROBOT, at=NOON)

    assert Document.objects.get(pk=draft.pk).status == Status.DRAFT
    assert ledger.available(draft.portal) == 5


def test_the_way_of_confirmation_tells_the_robot_from_a_person(office: Portal) -> None:
    by_robot = factories.make_sending(office)
    by_hand = factories.make_draft(office)
    sending.send_document(by_hand, actor=director_of(by_hand).audit_name, at=NOON)

    ways = {
        document.pk: document.signers.get(key="1").signature.confirmed_by
        for document in (by_robot, by_hand)
    }
    assert "25.10.2026" in ways[by_robot.pk]
    assert ways[by_robot.pk] != ways[by_hand.pk]


def test_cancelling_needs_the_right_and_the_same_portal(sent: Document) -> None:
    stranger = factories.make_employee(factories.make_portal(), 1)
    colleague = Employee.objects.create(portal=sent.portal, bitrix_user_id=40, name="Юдин Олег")

    with refused(ErrorCode.NOT_FOUND):
        sender_acts.cancel_document(sent, by=stranger, reason="—", at=NOON)
    with refused(ErrorCode.RIGHT_MISSING):
        sender_acts.cancel_document(sent, by=colleague, reason="—", at=NOON)

    assert Document.objects.get(pk=sent.pk).status == Status.SENT


def test_a_reminder_goes_out_at_most_every_ten_minutes(sent: Document) -> None:
    signer, by = factories.counterparty_of(sent), director_of(sent)

    with refused(ErrorCode.INPUT_INVALID):
        sender_acts.remind_signer(signer, by=by, at=NOON + timedelta(minutes=9))
    sender_acts.remind_signer(signer, by=by, at=LATER)
    with refused(ErrorCode.INPUT_INVALID):
        sender_acts.remind_signer(signer, by=by, at=LATER + timedelta(minutes=9))

    letters = Delivery.objects.filter(kind="invitation").values_list("payload__why", flat=True)
    assert sorted(letters) == [Why.INVITATION.value, Why.REMINDER.value]


def test_a_new_link_ends_the_old_one(sent: Document) -> None:
    old = factories.counterparty_of(sent).link_hash

    sender_acts.resend_invitation(factories.counterparty_of(sent), by=director_of(sent), at=NOON)

    letter = Delivery.objects.get(kind="invitation", payload__why=Why.NEW_LINK.value)
    new = factories.counterparty_of(sent).link_hash
    assert new == hash_token(letter.open_secret()["token"]) != old


def test_only_the_one_whose_turn_it_is_is_reminded(sent: Document) -> None:
    company = Signer.objects.get(document=sent, key="1")

    with refused(ErrorCode.NOT_YOUR_TURN):
        sender_acts.remind_signer(company, by=director_of(sent), at=LATER)


@pytest.mark.parametrize(
    ("wait_for", "is_answered"),
    [("now", True), ("sent", True), ("change", False), ("final", False)],
)
def test_a_process_is_answered_at_once_when_its_news_is_there(
    sent: Document, wait_for: str, is_answered: bool
) -> None:
    for _repeat in range(2):
        subscription = replies.subscribe(
            sent, robot_code="signx_status", event_token="token-1", wait_for=wait_for, at=NOON
        )

    answers = Delivery.objects.filter(key=f"reply:{subscription.pk}")
    assert answers.exists() is is_answered
    assert sent.subscriptions.count() == 1


def test_an_event_token_is_not_readable_in_the_database(sent: Document) -> None:
    from django.db import connection

    replies.subscribe(
        sent, robot_code="signx_send", event_token="secret-step", wait_for="now", at=NOON
    )

    with connection.cursor() as cursor:
        cursor.execute("SELECT event_token FROM documents_workflowsubscription")
        kept = cursor.fetchall()
        cursor.execute("SELECT payload FROM outbox_delivery")
        queued = cursor.fetchall()
    assert WorkflowSubscription.objects.get().event_token == "secret-step"
    assert len(kept) == 1
    assert queued
    assert "secret-step" not in str(kept + queued)
