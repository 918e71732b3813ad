"""«Отправить документ на подпись», when everything is as it should be, and while it converts."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from devportal import cast
from documents.models import CrmBinding, Document, PortalSettings, Signer
from employees.balances import ledger
from employees.models import Delegation, Employee, EmployeeRight
from employees.people.delegations import delegate
from employees.people.directory import find_employee
from employees.signatures.profiles import stop_signature
from journal.events import EventKind
from journal.models import AuditEvent
from robots.models import RobotCall
from tests import factories

UNITS_OF_A_NEW_PORTAL = 5


def signers(document: Document) -> dict[str, Signer]:
    return {signer.key: signer for signer in document.signers.all()}


def test_the_process_goes_on_when_the_invitation_is_on_its_way(
    processes, converted, robots_on, signer, mailoutbox
):
    step = processes.send()
    processes.worker.run()

    document = Document.objects.get()
    assert step.state == "done"
    assert step.values["response_code"] == "ok"
    assert step.values["error"] == ""
    assert step.values["source_document_id"] == "61"
    assert step.values["document_id"] == document.public_id
    assert step.values["status_code"] == "sent"
    assert step.values["signed_document_id"] == ""
    assert document.title == "Договор поставки № 24/11-П"
    assert CrmBinding.objects.get(document=document).entity_id == cast.DEAL_MAIN
    assert signers(document)["1"].employee == signer
    assert signers(document)["2"].crm_contact_id == cast.CONTACT_MAIN
    assert signers(document)["2"].organisation
    assert signers(document)["2"].email in {to for letter in mailoutbox for to in letter.to}
    assert ledger.available(robots_on) == UNITS_OF_A_NEW_PORTAL - 1
    assert RobotCall.objects.get().document == document


def test_one_batch_reads_everything_and_the_portal_proves_the_call_in_it(
    processes, converted, devportal
):
    processes.worker.run()
    devportal.requests.rows.clear()
    processes.send()
    processes.worker.run()

    batches = [
        [call.name for call in row.methods]
        for row in devportal.requests.rows
        if len(row.methods) > 1
    ]
    assert batches[0] == [
        "bizproc.activity.log",
        "crm.documentgenerator.document.get",
        "crm.item.get",
        "crm.item.get",
        "crm.item.get",
    ]
    assert len(devportal.requests.rows) <= 5


def test_the_journal_tells_who_asked_and_what_was_made(processes, converted, robots_on):
    processes.send()
    processes.worker.run()

    events = AuditEvent.objects.for_portal(robots_on).order_by("number")
    kinds = list(events.values_list("kind", flat=True))
    asked = events.get(kind=EventKind.ROBOT_CALLED)
    assert kinds.index(EventKind.ROBOT_CALLED) < kinds.index(EventKind.DOCUMENT_CREATED)
    assert asked.actor == "robot:signx_send"
    assert asked.data["crm_item"] == "DEAL_315"


def test_a_repeated_call_makes_one_document_and_takes_one_unit(
    processes, converted, robots_on, devportal
):
    devportal.faults.set({"duplicate_call": 1.0})

    processes.send()
    processes.worker.run()

    assert len(devportal.sent) >= 2
    assert RobotCall.objects.count() == Document.objects.count() == 1
    assert ledger.available(robots_on) == UNITS_OF_A_NEW_PORTAL - 1


def test_without_use_subscription_the_work_is_done_and_nobody_is_answered(
    processes, converted, devportal
):
    processes.send(use_subscription="N")
    processes.worker.run()

    assert Document.objects.get().status == Document.Status.SENT
    assert devportal.calls("bizproc.event.send") == []


def test_a_company_signs_by_its_main_contact(processes, converted):
    processes.send(signer_counterparty="CO_3")
    processes.worker.run()

    other = signers(Document.objects.get())["2"]
    assert (other.crm_contact_id, bool(other.organisation)) == (cast.CONTACT_MAIN, True)


@pytest.mark.parametrize("written", ["user_7", "Зайцев Илья Петрович [7]", "[7]", ["user_7"]])
def test_an_hr_document_is_signed_by_an_employee(processes, converted, robots_on, signer, written):
    factories.give_own_key(signer)
    step = processes.send(document=cast.HR_NOTICE, signer_counterparty=written, crm_entity="")
    processes.worker.run()

    other = signers(Document.objects.get())["2"]
    assert step.values["response_code"] == "ok"
    assert other.employee == Employee.objects.get(portal=robots_on, bitrix_user_id=7)
    assert not CrmBinding.objects.exists()


@pytest.mark.parametrize("written", ["disk_{}", "n{}"])
def test_a_file_from_disk_is_signed_too(processes, converted, devportal, written):
    drive = devportal.portal.disk
    file = drive.add_file(
        drive.objects[8700],
        "Договор аренды.pdf",
        devportal.portal.documents[cast.CONTRACT].pdf(),
        by=cast.CLERK,
        now=devportal.clock.now(),
    )

    step = processes.send(document=written.format(file.id))
    processes.worker.run()

    assert step.values["source_document_id"] == f"disk_{file.id}"
    assert Document.objects.get().title == "Договор аренды"


def test_an_item_of_another_type_is_bound_once_the_portal_allows_it(
    processes, converted, robots_on
):
    decided = PortalSettings.objects.of(robots_on)
    decided.allowed_entity_types = [128]
    decided.save()

    processes.send(crm_entity="T80_6")
    processes.worker.run()

    binding = CrmBinding.objects.get()
    assert (binding.entity_type_id, binding.entity_id) == (128, 6)
    assert binding.title == "Кадровое уведомление № 24-К"


def test_places_and_term_come_from_the_robot(processes, converted):
    processes.send(coordinates="1=1:20:30; 2=-1:110:200", expires_in_days="3")
    processes.worker.run()

    document = Document.objects.get()
    assert [place["page_index"] for place in document.places["1"]] == [0]
    assert document.places["2"][0]["page_index"] == document.page_count - 1
    assert document.expires_at - document.created_at < timedelta(days=3, minutes=5)


def test_a_document_given_as_the_agreement_is_signed_along(processes, converted):
    processes.send(agreement=str(cast.CONTRACT_NO_EMAIL))
    processes.worker.run()

    document = Document.objects.get()
    assert document.needs_agreement
    assert document.files.filter(kind="agreement_source").exists()


def test_the_responsible_may_send_by_delegation_and_uses_it_up(
    processes, converted, robots_on, signer, clock
):
    clerk = find_employee(robots_on, cast.CLERK)
    at = timezone.now()
    delegate(signer, clerk, by=signer, until=at + timedelta(days=5), limit=1, at=at)
    assert not EmployeeRight.objects.filter(employee=clerk).exists()

    first = processes.send(responsible=f"user_{cast.CLERK}")
    processes.worker.run()
    second = processes.send(responsible=f"user_{cast.CLERK}")
    processes.worker.run()

    assert first.values["response_code"] == "ok"
    assert Delegation.objects.get().documents_used == 1
    assert second.values["response_code"] == "right_missing"
    assert Document.objects.count() == 1


def test_the_last_unit_goes_to_one_of_two_calls(processes, converted, robots_on):
    left = ledger.available(robots_on)
    ledger.correct(
        robots_on, units=1 - left, reason="Проверка", actor="admin:support", at=timezone.now()
    )

    steps = [processes.send(), processes.send()]
    processes.worker.run()

    codes = sorted(step.values["response_code"] for step in steps)
    assert codes == ["balance_empty", "ok"]
    assert ledger.available(robots_on) == 0


def test_a_file_that_is_still_being_converted_is_waited_for(processes, devportal, clock):
    step = processes.send()
    processes.worker.run()
    assert (RobotCall.objects.get().state, Document.objects.count()) == ("waiting", 0)

    clock(seconds=6)
    processes.worker.run()

    assert step.values["response_code"] == "ok"
    # The portal's word that it made the call is asked for once, not at every look.
    assert len(devportal.calls("bizproc.activity.log")) == 1


def test_a_conversion_that_never_ends_is_answered_after_ten_minutes(
    processes, devportal, still_clock, robots_on
):
    step = processes.send(document=cast.NEVER_CONVERTED)
    looks, told = [], []
    for second in range(0, 720, 5):
        before = RobotCall.objects.get().conversion_looks if RobotCall.objects.exists() else 0
        processes.worker.run()
        if RobotCall.objects.get().conversion_looks > before:
            looks.append(second)
        if step.values:
            told.append(second)
        still_clock(seconds=5)

    assert looks == [0, 5, 15, 35, 75, 155, 315, 475]
    assert told[0] == 600
    assert step.values["response_code"] == "document_not_ready"
    assert step.values["status_code"] == "failed"
    assert ledger.available(robots_on) == UNITS_OF_A_NEW_PORTAL


def test_the_signature_is_judged_again_after_the_wait(processes, devportal, clock, signer):
    step = processes.send()
    processes.worker.run()
    stop_signature(signer, by=signer, at=timezone.now())
    clock(seconds=6)
    processes.worker.run()

    assert step.values["response_code"] == "signature_missing"
