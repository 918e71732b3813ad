"""Each thing that can be wrong answers with its own code, in words, and costs nothing.

Every test goes the whole way: the process calls the robot over HTTP, SIGNX asks the portal, and
the answer is what arrives in the process's step.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.utils import timezone

from bitrix24.models import Portal
from devportal import cast
from devportal.portals.process import Step
from documents.models import Document
from employees.balances import ledger
from employees.models import BalanceEntry, EmployeeRight, Right, SignatureProfile
from journal.events import EventKind
from journal.models import AuditEvent
from robots.models import RobotCall
from signx.errors import ErrorCode

State = SignatureProfile.State


@dataclass(frozen=True)
class Wrong:
    """What is wrong: the inputs of the robot, or what is done to the world before."""

    code: str
    words: str = ""  # of the English sentence
    inputs: dict[str, Any] | None = None
    before: Callable[[Any], None] = lambda cast_: None


@dataclass
class Cast:
    portal: Portal
    signer: Any
    clerk: Any
    devportal: Any


def empty_balance(who: Cast) -> None:
    left = ledger.available(who.portal)
    ledger.correct(
        who.portal, units=-left, reason="Проверка", actor="admin:support", at=timezone.now()
    )


def profile(**changes: Any) -> Callable[[Cast], None]:
    return lambda who: void(SignatureProfile.objects.filter(employee=who.signer).update(**changes))


def void(_result: object) -> None:
    pass


def no_signature(who: Cast) -> None:
    SignatureProfile.objects.filter(employee=who.signer).delete()


def clerk_may_not_send(who: Cast) -> None:
    EmployeeRight.objects.filter(employee=who.clerk).delete()


def clerk_signs_without_the_right(who: Cast) -> None:
    SignatureProfile.objects.filter(employee=who.signer).update(employee=who.clerk)
    EmployeeRight.objects.filter(employee=who.clerk, right=Right.SIGN).delete()


def company_without_people(who: Cast) -> None:
    for (kind, _number), row in who.devportal.portal.crm.items():
        if kind == 3:
            row["companyId"] = 0


def contact_with(**fields: Any) -> Callable[[Cast], None]:
    def change(who: Cast) -> None:
        who.devportal.portal.crm[3, cast.CONTACT_MAIN].update(fields)

    return change


EMAIL_WITH_A_SPACE = [{"id": 1, "typeId": "EMAIL", "valueType": "WORK", "value": "i.zaytsev @mail"}]
CLERK = f"user_{cast.CLERK}"
HERE = "1=-1:20:240; 2=-1:25:242"  # one stamp upon the other

WRONG = {
    "no document": Wrong("parameter_missing", "Source transaction ID", {"document": ""}),
    "no signer": Wrong("parameter_missing", "Signer, side 1", {"signer_company": ""}),
    "no other side": Wrong("parameter_missing", "Signer, side 2", {"signer_counterparty": ""}),
    "document is a name": Wrong("parameter_invalid", "disk_9011", {"document": "Договор"}),
    "signer is a group": Wrong("parameter_invalid", "group", {"signer_company": "group_hr5"}),
    "other side is a deal": Wrong("parameter_invalid", "C_5", {"signer_counterparty": "D_315"}),
    "term too long": Wrong("parameter_invalid", "365", {"expires_in_days": "1000"}),
    "no balance": Wrong("balance_empty", before=empty_balance),
    "unknown signer": Wrong("signer_unknown", "user_4040", {"signer_company": "user_4040"}),
    "dismissed signer": Wrong("signer_unknown", "", {"signer_company": f"user_{cast.FIRED}"}),
    "signature never made": Wrong("signature_missing", before=no_signature),
    "signature stopped": Wrong("signature_missing", before=profile(state=State.STOPPED)),
    "code not entered": Wrong("signature_missing", before=profile(state=State.CODE_SENT)),
    "e-mail not confirmed": Wrong("signature_not_confirmed", before=profile(state=State.TURNED_ON)),
    "robots not allowed": Wrong("right_missing", "robots", before=profile(robots_allowed=False)),
    "no right to sign": Wrong(
        "right_missing", "", {"signer_company": CLERK}, clerk_signs_without_the_right
    ),
    "responsible may not send": Wrong(
        "right_missing", "send", {"responsible": CLERK}, clerk_may_not_send
    ),
    "unknown responsible": Wrong("right_missing", "active", {"responsible": "user_4040"}),
    "missing document": Wrong("document_not_found", "4040", {"document": "4040"}),
    "missing Disk file": Wrong("document_not_found", "disk_4040", {"document": "disk_4040"}),
    "conversion failed": Wrong("document_not_ready", "64", {"document": cast.CONVERSION_FAILED}),
    "encrypted PDF": Wrong("document_invalid", "password", {"document": cast.ENCRYPTED}),
    "damaged PDF": Wrong("document_invalid", "damaged", {"document": cast.DAMAGED}),
    "no PDF": Wrong("document_invalid", "not a PDF", {"document": cast.NOT_A_PDF}),
    "contact without e-mail": Wrong("contact_incomplete", "e-mail", {"signer_counterparty": "C_6"}),
    "contact with a bad e-mail": Wrong(
        "contact_incomplete", "not an address", before=contact_with(fm=EMAIL_WITH_A_SPACE)
    ),
    "contact without a name": Wrong(
        "contact_incomplete",
        "name",
        before=contact_with(name="", lastName="", secondName=""),
    ),
    "unknown contact": Wrong("contact_not_found", "C_4040", {"signer_counterparty": "C_4040"}),
    "unknown company": Wrong("contact_not_found", "CO_4040", {"signer_counterparty": "CO_4040"}),
    "company without people": Wrong(
        "contact_incomplete",
        "contact person",
        {"signer_counterparty": "CO_3"},
        company_without_people,
    ),
    "unknown employee on the other side": Wrong(
        "contact_not_found", "user_4040", {"signer_counterparty": "user_4040"}
    ),
    "no deal": Wrong("crm_entity_not_allowed", "T80_6", {"crm_entity": "T80_6"}),
    "a lead": Wrong("crm_entity_not_allowed", "L_7", {"crm_entity": "L_7"}),
    "missing deal": Wrong("crm_entity_not_found", "DEAL_4040", {"crm_entity": "4040"}),
    "unreadable coordinates": Wrong("parameter_invalid", "", {"coordinates": "внизу слева"}),
    "no such page": Wrong("parameter_invalid", "", {"coordinates": "1=40:20:20; 2=-1:20:240"}),
    "off the page": Wrong("parameter_invalid", "", {"coordinates": "1=1:400:20; 2=-1:20:240"}),
    "stamps overlap": Wrong("parameter_invalid", "", {"coordinates": HERE}),
    "no such text": Wrong("parameter_invalid", "", {"coordinates": "1=@Пассажир; 2=-1:20:240"}),
    "agreement missing": Wrong("document_not_found", "4040", {"agreement": "4040"}),
    "agreement is no PDF": Wrong("document_invalid", "", {"agreement": str(cast.NOT_A_PDF)}),
}


@pytest.fixture
def who(processes: Any, robots_on: Portal, signer: Any, clerk: Any, converted: Any) -> Cast:
    converted.settle()  # the events of the installation, and what they leave to do
    processes.worker.run()
    return Cast(robots_on, signer, clerk, converted)


def run(processes: Any, wrong: Wrong) -> Step:
    step: Step = processes.send(**(wrong.inputs or {}))
    processes.worker.run()
    return step


@pytest.mark.parametrize("wrong", WRONG.values(), ids=list(WRONG))
def test_it_is_answered_with_its_own_code_and_costs_nothing(who, processes, wrong):
    Portal.objects.filter(pk=who.portal.pk).update(language="en")
    wrong.before(who)
    left, entries = ledger.available(who.portal), BalanceEntry.objects.count()

    step = run(processes, wrong)

    assert step.state == "done"
    assert step.values["response_code"] == wrong.code
    assert step.values["status_code"] == "failed"
    assert step.values["document_id"] == ""
    assert step.values["error"] == step.values["response_text"]
    assert wrong.words in step.values["error"]
    assert "{" not in step.values["error"]
    assert "—" not in step.values["error"]  # a gap that nobody filled
    assert Document.objects.count() == 0
    assert (ledger.available(who.portal), BalanceEntry.objects.count()) == (left, entries)


@pytest.mark.parametrize("wrong", WRONG.values(), ids=list(WRONG))
def test_a_russian_portal_is_answered_in_russian(who, processes, wrong):
    wrong.before(who)

    step = run(processes, wrong)

    assert step.values["response_code"] == wrong.code
    assert re.search("[а-яё]{3}", step.values["error"])
    assert step.values["error"] != str(ErrorCode(wrong.code).label)


def test_every_refusal_is_in_the_journal_and_answered_once(who, processes, devportal):
    step = run(processes, WRONG["no deal"])
    processes.worker.run()

    call = RobotCall.objects.get()
    events = AuditEvent.objects.for_portal(who.portal).filter(kind=EventKind.ROBOT_REFUSED)
    assert [event.data["error_code"] for event in events] == ["crm_entity_not_allowed"]
    assert events[0].actor == "robot:signx_send"
    assert (call.state, call.response_code) == ("refused", "crm_entity_not_allowed")
    assert call.finished_at is not None
    sent = devportal.calls("bizproc.event.send")
    assert [params["event_token"] for params in sent] == [step.event_token]


def test_a_process_that_does_not_wait_gets_no_answer_but_the_journal_does(
    who, processes, devportal
):
    processes.send(use_subscription="N", crm_entity="T80_6")
    processes.worker.run()

    assert devportal.calls("bizproc.event.send") == []
    assert AuditEvent.objects.filter(kind=EventKind.ROBOT_REFUSED).count() == 1


ORDER = [
    {"document": ""},  # 1 parameter_missing
    {},  # 2 balance_empty
    {"signer_company": "user_4040"},  # 3 signer_unknown
    {"document": "4040"},  # 4 document_not_found
    {"signer_counterparty": "C_4040"},  # 5 contact_not_found
    {"crm_entity": "T80_6"},  # 6 crm_entity_not_allowed
]
CODES = [
    "parameter_missing",
    "balance_empty",
    "signer_unknown",
    "document_not_found",
    "contact_not_found",
    "crm_entity_not_allowed",
]


@pytest.mark.parametrize("first", range(len(ORDER)))
def test_the_first_check_that_fails_is_the_answer(who, processes, first):
    everything_after = {key: value for row in reversed(ORDER[first:]) for key, value in row.items()}
    if first <= 1:
        empty_balance(who)

    step = run(processes, Wrong("", inputs=everything_after))

    assert step.values["response_code"] == CODES[first]


@pytest.mark.parametrize("name", ["no document", "no balance"])
def test_nothing_is_asked_of_the_portal_before_the_first_checks_pass(
    who, processes, devportal, name
):
    WRONG[name].before(who)
    processes.worker.run()  # the warning that the balance is empty
    devportal.requests.rows.clear()

    run(processes, WRONG[name])

    asked = {call.name for row in devportal.requests.rows for call in row.methods}
    assert asked == {"bizproc.event.send"}


def test_a_document_that_the_law_wants_on_paper_is_refused(who, processes, devportal):
    title = "Приказ об увольнении № 12"
    devportal.portal.documents[cast.CONTRACT].title = title

    step = run(processes, Wrong("", inputs={}))

    assert step.values["response_code"] == "signature_level_refused"
    assert Document.objects.count() == 0
