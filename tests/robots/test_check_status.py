"""«Проверить статус документа»: at once, at the next change, when signing is over."""

from __future__ import annotations

import pytest
from django.utils import timezone

from devportal import cast
from documents.after.sender_acts import cancel_document
from documents.core import evidence, flow
from documents.models import Document
from robots.models import RobotCall


@pytest.fixture
def sent(processes, converted) -> Document:
    processes.send()
    processes.worker.run()
    document = Document.objects.get()
    assert document.status == Document.Status.SENT
    return document


def test_the_present_status_comes_at_once(processes, sent):
    step = processes.status(document=sent.public_id)
    processes.worker.run()

    assert step.values["status_code"] == "sent"
    assert step.values["response_code"] == "ok"
    assert step.values["document_id"] == sent.public_id
    assert step.values["source_document_id"] == "61"


@pytest.mark.parametrize("spell", [str.upper, lambda text: f" {text[:4]}-{text[4:8]}-{text[8:]} "])
def test_a_number_read_from_paper_is_found_too(processes, sent, spell):
    step = processes.status(document=spell(sent.public_id))
    processes.worker.run()

    assert step.values["document_id"] == sent.public_id


def test_by_the_source_the_newest_document_is_taken(processes, sent):
    processes.send()
    processes.worker.run()
    newest = Document.objects.order_by("-pk")[0]

    step = processes.status(document="61")
    processes.worker.run()

    assert newest.pk != sent.pk
    assert step.values["document_id"] == newest.public_id


def test_a_disk_file_is_found_by_both_its_spellings(processes, converted, devportal):
    drive = devportal.portal.disk
    pdf = devportal.portal.documents[cast.CONTRACT].pdf()
    file = drive.add_file(drive.objects[8700], "Акт.pdf", pdf, by=1, now=devportal.clock.now())
    processes.send(document=f"n{file.id}")
    processes.worker.run()

    steps = [processes.status(document=f"{prefix}{file.id}") for prefix in ("n", "disk_")]
    processes.worker.run()

    assert [step.values["response_code"] for step in steps] == ["ok", "ok"]


@pytest.mark.parametrize("wait_for", ["change", "final"])
def test_a_process_can_wait_for_news(processes, sent, clerk, wait_for):
    step = processes.status(document=sent.public_id, wait_for=wait_for)
    processes.worker.run()
    assert step.state == "waiting"

    cancel_document(sent, by=clerk, reason="Ошибка в сумме", at=timezone.now())
    processes.worker.run()

    assert step.values["status_code"] == "cancelled"
    assert "Ошибка в сумме" in step.values["status_text"]


def test_a_process_can_wait_for_an_annulment(processes, sent):
    Document.objects.filter(pk=sent.pk).update(status=Document.Status.COMPLETED)
    step = processes.status(document=sent.public_id, wait_for="change")
    processes.worker.run()
    assert step.state == "waiting"

    flow.move(sent.pk, "annulled", actor="signer:2", detail="Заключён новый договор")
    processes.worker.run()

    assert step.values["status_code"] == "annulled"
    assert "Заключён новый договор" in step.values["status_text"]


@pytest.mark.parametrize("wait_for", ["change", "final"])
def test_what_can_change_no_more_is_answered_without_waiting(processes, sent, clerk, wait_for):
    cancel_document(sent, by=clerk, reason="Ошибка", at=timezone.now())

    step = processes.status(document=sent.public_id, wait_for=wait_for)
    processes.worker.run()

    assert step.values["status_code"] == "cancelled"


@pytest.mark.parametrize("document", ["4040", "7kqm29xdfhp3", "disk_4040", "Договор"])
def test_a_document_that_we_do_not_know_is_said_so(processes, robots_on, document):
    step = processes.status(document=document)
    processes.worker.run()

    assert step.values["response_code"] == "document_not_found"
    assert document in step.values["error"]


def test_a_document_of_another_portal_is_unknown_here(processes, sent, stranger):
    Document.objects.filter(pk=sent.pk).update(portal=stranger)

    steps = [processes.status(document=named) for named in (sent.public_id, "61")]
    processes.worker.run()

    assert [step.values["response_code"] for step in steps] == ["document_not_found"] * 2


def test_the_portal_is_asked_nothing_but_takes_the_answer(processes, sent, devportal):
    processes.worker.run()
    devportal.requests.rows.clear()

    processes.status(document=sent.public_id)
    processes.worker.run()

    assert {call.name for row in devportal.requests.rows for call in row.methods} == {
        "bizproc.event.send"
    }


def test_asking_changes_nothing(processes, sent):
    before = Document.objects.values().get()

    processes.status(document=sent.public_id, use_subscription="N")
    processes.worker.run()

    call = RobotCall.objects.filter(code="signx_status").get()
    assert (call.state, call.document) == ("done", sent)
    assert Document.objects.values().get() == before


def test_a_status_robot_needs_a_document(processes, robots_on):
    step = processes.status(document="")
    processes.worker.run()

    assert step.values["response_code"] == "parameter_missing"


def test_a_decline_is_told_with_its_reason(processes, sent):
    step = processes.status(document=sent.public_id, wait_for="final")
    processes.worker.run()
    other = sent.signers.get(key="2")

    flow.signer_declined(
        other.pk, "Не та цена", evidence.Evidence(ip="203.0.113.7"), timezone.now()
    )
    processes.worker.run()

    assert step.values["status_code"] == "declined"
    assert "Не та цена" in step.values["status_text"]
