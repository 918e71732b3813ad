"""Many calls in a portal's name: the portal is asked about them together, whoever sent them."""

from __future__ import annotations

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from bitrix24.rest import methods
from devportal import cast
from documents.models import Document
from journal.events import EventKind
from journal.models import AuditEvent
from outbox.base import Command
from robots import tasks
from robots.calls import ledger, proofs
from robots.models import RobotCall
from signx.limits import spend

PROPERTIES = {
    "document": str(cast.CONTRACT),
    "signer_company": f"user_{cast.DIRECTOR}",
    "signer_counterparty": "C_5",
}


@pytest.fixture
def forge(caller):
    """Posts calls that the portal did not make: application_token is all that they have right."""

    def forged(count: int, **changes: object) -> None:
        for _call in range(count):
            call = caller.call(properties=PROPERTIES | changes)
            call["event_token"] = call["event_token"][:-4] + "beef"
            assert caller.post(call).status_code == 200

    return forged


@pytest.fixture
def asked(devportal, robots_on, worker):
    """What the portal was asked since the test began."""
    worker.run()  # what the installation has left to do
    devportal.requests.rows.clear()

    def count() -> int:
        return sum(row.host == devportal.portal.domain for row in devportal.requests.rows)

    return count


def ends() -> list[tuple[str, int]]:
    codes = list(RobotCall.objects.values_list("response_code", flat=True))
    return sorted((code, codes.count(code)) for code in set(codes))


def test_sixty_forged_calls_cost_the_portal_two_requests(robots_on, signer, forge, asked, worker):
    forge(60)

    worker.run()

    assert ends() == [("request_forged", 60)]
    assert asked() <= 2


def test_forged_calls_ask_for_nobody_whom_they_name(robots_on, signer, forge, asked, worker):
    for stranger in range(700, 720):
        forge(1, signer_company=f"user_{stranger}")

    worker.run()

    assert ends() == [("request_forged", 20)]
    assert asked() == 1


def test_a_genuine_call_among_forged_ones_gets_its_document(
    robots_on, signer, converted, caller, forge, asked, worker
):
    forge(20)
    caller.post(caller.call(properties=PROPERTIES))
    forge(20)

    worker.run()

    assert ends() == [("ok", 1), ("request_forged", 40)]
    assert Document.objects.count() == 1


def test_a_proof_is_asked_for_once(robots_on, signer, converted, caller, devportal, worker):
    for _call in range(4):
        caller.post(caller.call(properties=PROPERTIES))

    worker.run()

    assert ends() == [("ok", 4)]
    assert len(devportal.calls("bizproc.activity.log")) == 4


def test_a_refusal_that_says_nothing_of_the_token_is_no_forgery(
    robots_on, signer, converted, caller, devportal, worker, monkeypatch
):
    """Whoever made the call may be waiting: he is answered, and nothing counts as forged."""
    wordless = Command("bizproc.activity.log", {"event_token": "", "log_message": ""})
    monkeypatch.setattr(methods, "activity_log_command", lambda *_words: wordless)
    call = caller.call(properties=PROPERTIES)

    caller.post(call)
    worker.run()

    (row,) = RobotCall.objects.all()
    assert row.state == "refused"
    assert row.response_code != "request_forged"
    assert not Document.objects.exists()
    answers = devportal.calls("bizproc.event.send")
    assert [answer["event_token"] for answer in answers] == [call["event_token"]]
    assert answers[0]["return_values"]["response_code"] == row.response_code


def test_calls_that_keep_coming_are_taken_up_once_a_minute(
    robots_on, signer, forge, asked, worker, clock
):
    key = str(robots_on.pk)
    clock(seconds=60 - timezone.now().timestamp() % 60)
    spend(proofs.CALLS_ONE_BY_ONE, key, at=timezone.now(), uses=proofs.CALLS_ONE_BY_ONE.uses)

    for _second in range(10):
        forge(1)
        worker.run()
        clock(seconds=1)
    assert asked() == 0
    clock(minutes=1)
    worker.run()

    assert ends() == [("request_forged", 10)]
    assert asked() == 1


def test_more_than_can_be_asked_about_are_not_taken_in(
    robots_on, stranger, caller, forge, monkeypatch
):
    monkeypatch.setattr(proofs, "WAITING_MOST", 3)
    key = str(robots_on.pk)
    spend(proofs.CALLS_ONE_BY_ONE, key, at=timezone.now(), uses=proofs.CALLS_ONE_BY_ONE.uses)
    forge(3)

    refused = caller.post(caller.call(properties=PROPERTIES))

    assert (refused.status_code, refused.json()["error"]) == (429, "limit_reached")
    assert RobotCall.objects.count() == 3
    elsewhere = {
        "member_id": stranger.member_id,
        "application_token": stranger.application_token,
    }
    assert caller.post(caller.call(properties=PROPERTIES, auth=elsewhere)).status_code == 200


def test_forged_calls_without_number_leave_a_thousand_entries_and_no_process_waits(
    robots_on, signer, converted, caller, forge, worker
):
    key = str(robots_on.pk)
    spend(ledger.FORGED_CALLS, key, at=timezone.now(), uses=ledger.FORGED_CALLS.uses - 2)

    forge(5)
    caller.post(caller.call(properties=PROPERTIES))
    worker.run()

    assert ends() == [("ok", 1), ("request_forged", 2)]
    refused = AuditEvent.objects.filter(kind=EventKind.ROBOT_REFUSED)
    assert refused.count() == 2
    assert RobotCall.objects.count() == 3


def test_a_bulk_run_of_calls_wakes_one_worker(robots_on, caller):
    for _call in range(10):
        caller.post(caller.call("signx_status", properties={"document": "x"}), "signx_status")

    assert OrmQ.objects.count() == 1


def test_a_worker_that_has_swept_long_enough_goes_to_the_end_of_the_queue(
    robots_on, caller, monkeypatch
):
    for _call in range(3):
        caller.post(caller.call("signx_status", properties={"document": "x"}), "signx_status")
    OrmQ.objects.all().delete()
    monkeypatch.setattr(tasks, "SWEEP_S", -1)

    assert tasks.run_due() == 0

    assert [row.task["func"] for row in OrmQ.objects.all()] == ["robots.tasks.run_due"]
    assert RobotCall.objects.due(timezone.now()).count() == 3
