"""What a business process gets back, and when."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest

from bitrix24.models import Portal
from documents import tasks
from documents.core import files, flow
from documents.core.creation import Counterparty
from documents.models import Document, StoredFile
from documents.news import outputs, replies, timeline, uploads
from journal.services import chain_of
from outbox.base import Outcome
from outbox.models import Delivery
from outbox.tasks import forget_delivered
from signing.hashes import sha256
from signx.errors import ErrorCode, SignXError
from tests import factories
from tests.factories import NOON

OUTPUTS = {
    "source_document_id",
    "document_id",
    "status_code",
    "status_text",
    "response_code",
    "response_text",
    "error",
    "signed_document_id",
    "agreement_document_id",
    "report_document_id",
    "document_url",
}
SOON = NOON + timedelta(seconds=30)


def waiting(document: Document, wait_for: str = "final") -> None:
    replies.subscribe(
        document, robot_code="signx_send", event_token="step-1", wait_for=wait_for, at=NOON
    )


def first_reply() -> Delivery:
    return Delivery.objects.get(kind="workflow_reply", key__regex=r"^reply:\d+$")


def test_the_outputs_are_those_of_the_robots(sent: Document) -> None:
    values = outputs.values(sent)

    assert set(values) == OUTPUTS
    assert all(isinstance(value, str) for value in values.values())
    assert (values["status_code"], values["response_code"], values["error"]) == ("sent", "ok", "")
    assert "Ильин Пётр Андреевич" in values["status_text"]
    assert values["document_id"] == sent.public_id
    assert sent.public_id in values["document_url"]


def test_the_status_names_everybody_who_is_awaited_now(office: Portal) -> None:
    others = [
        Counterparty("Ильин Пётр", "ilin@a.example", crm_contact_id=5),
        Counterparty("Котова Дарья", "kotova@b.example", crm_contact_id=6),
        Counterparty("Юдин Олег", "yudin@c.example", crm_contact_id=7, turn=2),
    ]
    document = factories.make_sending(office, counterparty=None, counterparties=others)
    tasks.hand_over(document.pk, NOON)
    factories.settle_deliveries("invitation")

    text = outputs.status_text(Document.objects.get(pk=document.pk))

    assert "Ильин Пётр, Котова Дарья (signed 1 of 4)" in text
    assert "Юдин" not in text


def test_a_failure_without_a_document_has_the_same_outputs(sent: Document) -> None:
    error = SignXError(ErrorCode.DOCUMENT_NOT_FOUND, document="61")

    values = outputs.failure_values("61", error, sent.portal)

    assert set(values) == OUTPUTS
    assert values["document_id"] == ""
    assert values["error"] == values["response_text"] != ""
    assert (values["status_code"], values["response_code"]) == ("failed", "document_not_found")


def test_the_reply_of_a_signed_document_waits_for_its_files(sealing: Document) -> None:
    waiting(sealing)
    tasks.seal(sealing.pk, NOON)

    assert first_reply() not in Delivery.objects.due(SOON)
    ids = {"signed": "9011", "report": "9012"}
    factories.settle_deliveries(
        "disk_upload",
        outcome=lambda upload: Outcome(done=True, result=ids[upload.key.rpartition(":")[2]]),
    )
    assert first_reply() in Delivery.objects.due(SOON)

    sent = replies.build_reply(first_reply()).params
    assert sent["event_token"] == "step-1"
    assert sent["return_values"]["signed_document_id"] == "9011"
    assert sent["return_values"]["report_document_id"] == "9012"
    assert sent["return_values"]["agreement_document_id"] == ""
    assert sent["return_values"]["response_code"] == "ok"


def test_an_upload_given_up_is_told_and_does_not_hold_the_process(sealing: Document) -> None:
    waiting(sealing)
    tasks.seal(sealing.pk, NOON)

    factories.settle_deliveries(
        "disk_upload",
        outcome=lambda _: Outcome(done=False, code="portal_unreachable", final=True),
    )

    assert first_reply() in Delivery.objects.due(SOON)
    values = replies.build_reply(first_reply()).params["return_values"]
    assert values["status_code"] == "completed"
    assert values["response_code"] == "portal_unreachable"
    assert values["error"] == values["response_text"] != ""
    assert values["signed_document_id"] == values["report_document_id"] == ""


@pytest.mark.parametrize("days", [0, 365])
def test_a_process_that_asks_later_gets_the_files_too(completed: Document, days: int) -> None:
    factories.settle_deliveries("disk_upload", outcome=lambda _: Outcome(done=True, result="9011"))
    forget_delivered(NOON + timedelta(days=days))

    waiting(completed, "now")

    values = replies.build_reply(first_reply()).params["return_values"]
    assert values["signed_document_id"] == "9011"


def test_every_answer_is_repeated_once_after_five_minutes(sent: Document) -> None:
    waiting(sent, "sent")
    reply = first_reply()
    again = Delivery.objects.get(key=f"{reply.key}:again")

    factories.settle_deliveries("workflow_reply", at=NOON, outcome=None)

    assert again.next_attempt_at == NOON + replies.REPEAT_AFTER
    assert list(again.waits_for.all()) == [reply]
    assert replies.build_reply(again) == replies.build_reply(reply)


def test_an_answer_that_is_late_tells_what_was_true(sent: Document) -> None:
    waiting(sent, "sent")
    flow.move(sent.pk, Document.Status.EXPIRED, actor="system", at=SOON)

    assert replies.build_reply(first_reply()).params["return_values"]["status_code"] == "sent"


def test_the_journal_tells_when_a_process_was_answered(sent: Document) -> None:
    waiting(sent, "sent")
    for delivery in Delivery.objects.filter(kind="workflow_reply"):
        delivery.state, delivery.settled_at = Delivery.State.DONE, SOON
        replies.reply_settled(delivery)

    [event] = chain_of(sent.subject).filter(kind="reply_sent")
    assert (event.at, event.data) == (SOON, {"status": "sent"})


def test_the_repeat_follows_the_answer_not_the_event(sent: Document) -> None:
    waiting(sent, "sent")
    reply, late = first_reply(), NOON + timedelta(hours=2)
    reply.state, reply.settled_at = Delivery.State.DONE, late

    replies.reply_settled(reply)

    again = Delivery.objects.get(key=f"{reply.key}:again")
    assert again.next_attempt_at == late + replies.REPEAT_AFTER


def test_a_waiting_process_sees_progress_in_its_log(sent: Document) -> None:
    waiting(sent)
    flow.signer_viewed(factories.counterparty_of(sent).pk, factories.evidence_for(sent), SOON)

    line = replies.build_log_line(Delivery.objects.get(kind="workflow_log"))
    assert line.method == "bizproc.activity.log"
    assert line.params["event_token"] == "step-1"
    assert sent.number in line.params["log_message"]


def test_an_upload_carries_the_file_under_a_name_of_its_own(completed: Document) -> None:
    signed = Delivery.objects.get(key=f"upload:{completed.pk}:signed")
    report = Delivery.objects.get(key=f"upload:{completed.pk}:report")

    commands = [uploads.build_upload(delivery) for delivery in (signed, report)]

    stored = StoredFile.objects.get(document=completed, kind="signed")
    assert sha256(commands[0].params["content"]) == stored.sha256
    names = [command.params["name"] for command in commands]
    assert len(set(names)) == 2
    assert all(completed.number in name for name in names)


def test_the_timeline_gets_the_signed_file(completed: Document) -> None:
    comment = Delivery.objects.get(kind="timeline_comment")

    fields = timeline.build_comment(comment).params["fields"]

    assert (fields["ENTITY_TYPE"], fields["ENTITY_ID"]) == ("deal", 315)
    assert comment.payload["marker"] in fields["COMMENT"]
    [[name, content]] = fields["FILES"]
    assert name.endswith(".pdf")
    assert base64.b64decode(content) == files.read(completed, "signed")


@pytest.mark.parametrize(
    ("type_id", "word"), [(1, "lead"), (31, "smart_invoice"), (177, "dynamic_177")]
)
def test_other_crm_types_are_named_as_the_portal_names_them(
    completed: Document, type_id: int, word: str
) -> None:
    completed.crm_binding.entity_type_id = type_id
    completed.crm_binding.save()
    comment = Delivery.objects.get(kind="timeline_comment")

    assert timeline.build_comment(comment).params["fields"]["ENTITY_TYPE"] == word


def test_a_type_without_a_timeline_gets_no_comment(completed: Document) -> None:
    comment = Delivery.objects.get(kind="timeline_comment")
    assert timeline.build_comment(comment) is not None

    completed.crm_binding.entity_type_id = 36
    completed.crm_binding.save()

    assert timeline.build_comment(comment) is None


def test_no_binding_no_comment(office: object) -> None:
    document = factories.make_sending(office, crm_entity=None)
    error = SignXError(ErrorCode.PROVIDER_FAILED)

    flow.move(document.pk, Document.Status.FAILED, actor="system", at=NOON, error=error)

    assert not Delivery.objects.filter(kind="timeline_comment").exists()
