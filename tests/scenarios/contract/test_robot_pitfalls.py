"""Pitfalls in the life of a robot call, one row each (test_pitfalls.py)."""

from __future__ import annotations

import pytest

from bitrix24.rest import client, methods
from bitrix24.wire.errors import BitrixError
from devportal import actions, cast
from devportal.processes.runner import terminate
from documents.core import flow
from documents.crm.references import read_item
from documents.models import Document, PortalSettings
from employees.balances import ledger
from robots.models import RobotCall
from robots.registration.switches import switch_robot
from robots.services import restore_robots, switch
from signx.errors import ErrorCode

REQUIRED = {
    "document": "61",
    "signer_company": f"user_{cast.DIRECTOR}",
    "signer_counterparty": "C_5",
}


def sends(devportal):
    return devportal.calls("bizproc.event.send")


def answer_to(devportal, call):
    """The values that the process of a single call was given."""
    return [
        row["return_values"]
        for row in sends(devportal)
        if row["event_token"] == call["event_token"]
    ]


def test_02_true_proves_nothing(processes, converted, devportal, clock):
    devportal.ways.choose({"event_send": "lost"})
    step = processes.send(document="404")
    processes.worker.run()
    assert step.state == "waiting"

    for _quarter in range(4):
        clock(minutes=15)
        processes.worker.run()

    assert step.values["response_code"] == "document_not_found"
    assert len(sends(devportal)) == 2, "one send and one delayed repeat, never more"


@pytest.mark.parametrize("way", ["N", None])
def test_03_nobody_waits_without_a_subscription(robots_on, caller, worker, devportal, way):
    call = caller.call("signx_status", properties={"document": "x"}, use_subscription=way)

    caller.post(call, "signx_status")
    worker.run()

    assert RobotCall.objects.get().response_code == "document_not_found"
    assert sends(devportal) == []


def test_04_calls_come_without_tokens(robots_on, caller, worker, devportal):
    devportal.ways.choose({"call_auth": "bare"})
    call = caller.call("signx_status", properties={"document": "x"})
    assert set(call["auth"]) == {"member_id", "application_token"}

    caller.post(call, "signx_status")
    worker.run()

    assert answer_to(devportal, call)[0]["response_code"] == "document_not_found"


SHAPES = (
    ("user_1", "document_not_found"),
    ("1", "document_not_found"),
    (["user_1"], "document_not_found"),
    ({"3": "user_1"}, "document_not_found"),
    (["user_1", "user_1"], "document_not_found"),
    (["user_1", "user_12"], "parameter_invalid"),
    ("group_hr5", "parameter_invalid"),
    ("05.03.2026 10:20:30", "parameter_invalid"),
    ("", "parameter_missing"),
    ([], "parameter_missing"),
    (None, "parameter_missing"),
)


def test_05_a_value_has_many_shapes(robots_on, signer, caller, worker, devportal):
    calls = [
        caller.call(properties=REQUIRED | {"document": "404", "signer_company": value})
        for value, _code in SHAPES
    ]

    for call in calls:
        caller.post(call)
    worker.run()

    told = [answer_to(devportal, call)[0]["response_code"] for call in calls]
    assert told == [code for _value, code in SHAPES]


def test_06_properties_may_be_missing_and_keys_unknown(robots_on, caller, worker, devportal):
    call = caller.call(properties=None, whatever={"new": ["keys"]}, auth={"CODE": "x"})

    assert caller.post(call).status_code == 200
    worker.run()

    assert answer_to(devportal, call)[0]["response_code"] == "parameter_missing"


def test_07_the_pdf_comes_late_and_its_link_may_be_a_page(processes, portal, devportal, clock):
    devportal.portal.documents[cast.HR_NOTICE].conversion_started_at = 0
    document = actions.create_document(devportal, conversion_s=30)
    devportal.ways.choose({"link_error": "html"})
    step = processes.send(document=document.id)
    for _look in range(4):
        processes.worker.run()
        clock(seconds=20)
    processes.worker.run()
    failed = processes.send(document=cast.CONVERSION_FAILED)
    processes.worker.run()
    clock(seconds=10)
    processes.worker.run()

    assert step.values["response_code"] == "ok"
    assert failed.values["response_code"] == "document_not_ready"
    answer = methods.run(portal, methods.document_command(cast.HR_NOTICE))
    link = methods.parse_document(answer).pdf_url
    devportal.faults.set({"html_body": 1})
    with pytest.raises(BitrixError) as refused:
        client.download(portal, link)
    assert refused.value.code == ErrorCode.PORTAL_UNREACHABLE, "a page is no file: asked again"


def test_18_others_use_up_the_limit_of_our_address(processes, devportal, clock):
    devportal.faults.set({"rate_limit": 1})
    step = processes.status(document="x")
    processes.worker.run()
    asked = len(devportal.requests.rows)
    processes.worker.run()
    assert len(devportal.requests.rows) == asked, "told to wait, it waits"

    devportal.faults.clear()
    clock(minutes=5)
    processes.worker.run()

    assert step.values["response_code"] == "document_not_found"


def test_20_types_are_words_in_one_place_and_numbers_in_another(
    processes, converted, robots_on, director, devportal
):
    decided = PortalSettings.objects.of(robots_on)
    decided.allowed_entity_types = [128]
    decided.save()
    switch(robots_on, "crm_triggers", True, by=director)
    processes.send(crm_entity=f"T80_{cast.HR_ITEM}")
    processes.worker.run()

    flow.move(Document.objects.get().pk, "declined", actor="signer:2", detail="Не согласны")
    processes.worker.run()

    comment = devportal.calls("crm.timeline.comment.add")[-1]["fields"]
    fired = devportal.portal.app.executed_triggers
    assert comment["ENTITY_TYPE"] == "dynamic_128"
    assert fired == [{"code": "signx_declined", "owner": [128, cast.HR_ITEM]}]


def test_24_a_placed_robot_lives_as_long_as_its_code(
    processes, robots_on, director, devportal, clock
):
    switch_robot(robots_on, "signx_status", True, by=director)
    assert devportal.calls("bizproc.robot.update")[-1]["CODE"] == "signx_status"

    step = processes.status(document="x")
    devportal.portal.app.robots.clear()
    processes.worker.run()
    assert step.state == "waiting", "its record is missing: the answer is lost"
    restore_robots(robots_on, cast.DIRECTOR)
    clock(minutes=6)
    processes.worker.run()

    assert step.values["response_code"] == "document_not_found"


def test_25_ids_have_underscores_and_classes_have_backslashes(robots_on, caller, worker, devportal):
    dynamic = ["crm", "Bitrix\\Crm\\Integration\\BizProc\\Document\\Dynamic", "DYNAMIC_128_6"]
    call = caller.call("signx_status", document_id=dynamic, properties={"document": "x"})

    caller.post(call, "signx_status")
    worker.run()

    item = read_item(RobotCall.objects.get().crm_document_id)
    assert (item.entity_type_id, item.id) == (128, 6)
    assert answer_to(devportal, call)


BULK = 200


def test_26_robots_run_in_bulk(
    robots_on, signer, converted, stranger, caller, worker, devportal, clock
):
    """Hundreds of documents at once, of which the balance has room for some, and a single call
    of another portal after all of them."""
    units = ledger.available(robots_on)
    elsewhere = {"member_id": stranger.member_id, "application_token": stranger.application_token}
    devportal.requests.rows.clear()

    for _deal in range(BULK):
        assert caller.post(caller.call(properties=REQUIRED)).status_code == 200
    lone = caller.call("signx_status", properties={"document": "x"}, auth=elsewhere)
    caller.post(lone, "signx_status")
    for _minute in range(3):
        worker.run()
        clock(minutes=1)

    bulk = RobotCall.objects.filter(portal=robots_on)
    ended = RobotCall.objects.get(portal=stranger).finished_at
    assert bulk.filter(finished_at__lt=ended).count() <= 1, "each portal in its turn"
    told = list(bulk.values_list("response_code", flat=True))
    assert {code: told.count(code) for code in set(told)} == {
        "ok": units,
        "balance_empty": BULK - units,
    }
    asked = [row for row in devportal.requests.rows if row.host == devportal.portal.domain]
    assert len(asked) < units * 8 + BULK / 20, "proofs and answers go together"


def test_27_process_and_deal_are_gone_while_signing_is_pending(
    processes, converted, devportal, clock
):
    devportal.ways.choose({"event_send": "queued"})
    step = processes.send(wait_for="final")
    processes.worker.run()
    document = Document.objects.get()
    terminate(devportal, next(iter(devportal.portal.processes.values())))
    del devportal.portal.crm[2, cast.DEAL_MAIN]

    flow.move(document.pk, "declined", actor="signer:2", detail="Передумали")
    for _hour in range(3):
        processes.worker.run()
        actions.tick(devportal)
        clock(hours=1)

    document.refresh_from_db()
    assert document.status == "declined"
    assert document.signers.count() == 2
    assert step.values == {}
    given = [row["return_values"]["status_code"] for row in sends(devportal)]
    assert given == ["declined"] * 2, "the process is told all the same, and once more"
