"""The HTTP call itself: answered at once, stored once, believed only with the right token."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import OrmQ

from bitrix24 import tasks
from bitrix24.models import Portal
from devportal import cast
from devportal.application import installation
from employees.balances import ledger
from journal.events import EventKind
from journal.models import AuditEvent
from outbox.models import Delivery
from robots.calls.ledger import refuse
from robots.models import RobotCall
from signx.errors import ErrorCode, SignXError
from tests.employees.threads import at_once

PROPERTIES = {"document": "61", "signer_company": "user_1", "signer_counterparty": "C_5"}


def test_a_call_is_stored_before_it_is_answered(portal, caller, devportal):
    devportal.requests.rows.clear()

    answer = caller.post(caller.call(properties=PROPERTIES))

    call = RobotCall.objects.get()
    assert answer.status_code == 200
    assert answer.json() == {"call": call.pk}
    assert (call.portal, call.code, call.state) == (portal, "signx_send", "waiting")
    assert call.properties == PROPERTIES
    assert call.crm_document_id == "DEAL_315"
    assert call.bitrix_user_id == 1
    assert call.wants_reply
    assert OrmQ.objects.count() == 1
    assert devportal.requests.rows == []


def test_the_same_call_twice_is_one_call_with_the_same_answer(portal, caller):
    call = caller.call(properties=PROPERTIES)

    first, second = caller.post(call), caller.post(call)

    assert first.json() == second.json()
    assert RobotCall.objects.count() == 1


def test_the_same_call_from_all_sides_at_once_is_one_call(portal, caller):
    call = caller.call(properties=PROPERTIES)

    answers = at_once(lambda _number: caller.post(call).json(), 4)

    assert answers == [answers[0]] * 4
    assert RobotCall.objects.count() == OrmQ.objects.count() == 1


def test_two_workers_refuse_a_call_once(portal, caller):
    """As after a lease that ran out while the first of them was still working."""
    caller.post(caller.call(properties=PROPERTIES))
    call, error = RobotCall.objects.get(), SignXError(ErrorCode.BALANCE_EMPTY)

    at_once(lambda _number: refuse(call, error, timezone.now()), 4)

    assert AuditEvent.objects.filter(kind=EventKind.ROBOT_REFUSED).count() == 1


def test_a_call_costs_one_commit(portal, caller):
    call = caller.call(properties=PROPERTIES)
    caller.post(caller.call(properties=PROPERTIES))  # what a process learns at its first call

    with CaptureQueriesContext(connection) as asked:
        caller.post(call)

    statements = [row["sql"].split()[0] for row in asked.captured_queries]
    assert statements[0] == "SELECT"
    assert [word for word in statements if word != "SELECT"] == [
        *("BEGIN", "UPDATE", "INSERT", "COMMIT"),
    ]


def test_the_event_token_lies_encrypted(portal, caller):
    token = caller.call()["event_token"]
    caller.post(caller.call(event_token=token))

    with connection.cursor() as cursor:
        cursor.execute("SELECT event_token FROM robots_robotcall")
        assert token not in cursor.fetchone()[0]
    assert RobotCall.objects.get().event_token == token


@pytest.mark.parametrize("missing", ["properties", "document_id", "workflow_id", "auth.user_id"])
def test_keys_that_the_portal_may_leave_out(portal, caller, missing):
    call = caller.call(properties=PROPERTIES)
    if missing == "auth.user_id":
        del call["auth"]["user_id"]
    else:
        del call[missing]

    assert caller.post(call).status_code == 200
    assert RobotCall.objects.count() == 1


def test_without_use_subscription_nobody_waits_for_a_reply(portal, caller):
    caller.post(caller.call(use_subscription=None))

    assert not RobotCall.objects.get().wants_reply


def test_a_wrong_application_token_is_refused_and_journalled_once(portal, caller):
    forged = {"application_token": "0" * 32, "access_token": None}

    answers = [caller.post(caller.call(properties=PROPERTIES, auth=forged)) for _time in range(3)]

    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert answers[0].json()["error"] == "request_forged"
    assert not RobotCall.objects.exists()
    assert journalled_forgeries(portal) == 1


def journalled_forgeries(portal) -> int:
    events = AuditEvent.objects.for_portal(portal).filter(kind=EventKind.ROBOT_REFUSED)
    assert {event.data["error_code"] for event in events} <= {"request_forged"}
    assert {event.subject_id for event in events} <= {"signx_send"}
    return len(events)


@pytest.mark.parametrize("tokens", ["made up", "an employee's"])
def test_with_tokens_it_is_held_and_refused_when_they_are_not_good(
    portal, caller, devportal, worker, tokens
):
    made_up = devportal.auth.issue(devportal.portal, cast.CLERK).access_token
    forged = {
        "application_token": "0" * 32,
        "access_token": "f" * 70 if tokens == "made up" else made_up,
    }

    answer = caller.post(caller.call(properties=PROPERTIES, auth=forged))
    worker.run()

    assert answer.status_code == 200
    assert not RobotCall.objects.exists()
    assert journalled_forgeries(portal) == 1
    assert Portal.objects.get().application_token == portal.application_token


def test_calls_with_a_token_that_an_update_has_changed_are_not_lost(
    portal, caller, devportal, worker
):
    """Nothing has told us of it yet: its own tokens do, and one request is enough for them all."""
    worker.run()
    devportal.ways.choose({"update_token": "new"})
    devportal.portal.app.handlers.clear()
    installation.update(devportal, devportal.portal, cast.DIRECTOR)
    calls = [caller.call(properties=PROPERTIES) for _call in range(3)]
    devportal.requests.rows.clear()

    answers = [caller.post(call) for call in calls]
    tasks.run_due()

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert RobotCall.objects.count() == 3
    assert Portal.objects.get().application_token == devportal.portal.application_token
    assert [row.path for row in devportal.requests.rows] == ["/rest/app.info", "/rest/profile.json"]


@pytest.mark.parametrize("token", ["", None])
def test_no_application_token_is_a_wrong_one(portal, caller, token):
    nobody = {"application_token": token, "access_token": None}

    assert caller.post(caller.call(auth=nobody)).status_code == 403


def test_a_portal_that_we_do_not_know_is_refused_and_leaves_no_trace(portal, caller):
    before = AuditEvent.objects.count()

    answer = caller.post(caller.call(properties=PROPERTIES, auth={"member_id": "f" * 32}))

    assert answer.status_code == 404
    assert answer.json()["error"] == "not_found"
    assert AuditEvent.objects.count() == before
    assert not RobotCall.objects.exists()


def test_another_portals_token_is_a_wrong_one(portal, stranger, caller):
    stolen = {"application_token": stranger.application_token, "access_token": None}

    assert caller.post(caller.call(auth=stolen)).status_code == 403


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"event_token": None}, 422),
        ({"event_token": "x" * 3000}, 422),
        ({"event_token": ["a", "b"]}, 422),
        ({"auth": {"member_id": ["a"]}}, 404),
    ],
)
def test_a_body_that_no_portal_sends_is_refused(portal, caller, change, status):
    assert caller.post(caller.call(**change)).status_code == status
    assert not RobotCall.objects.exists()


def test_an_unknown_robot_is_not_found(portal, caller):
    assert caller.post(caller.call("signx_pay"), "signx_pay").status_code == 404


def test_get_changes_nothing(portal, caller):
    assert caller.http.get("http://signx.test/b24/robots/signx_send").status_code == 405


def test_strange_property_values_are_kept_as_texts(portal, caller):
    strange = {
        "document": ["61", "61"],
        "signer_company": {"4": "user_1"},
        "signer_counterparty": "Зайцев\r\nИлья \x00 [7]",
        "unknown": "left out",
    }
    caller.post(caller.call(properties=strange))

    assert RobotCall.objects.get().properties == {
        "document": "61",
        "signer_company": "user_1",
        "signer_counterparty": "Зайцев Илья [7]",
    }


def test_a_call_that_the_portal_did_not_make_signs_nothing(
    robots_on, signer, caller, converted, worker, settings
):
    # Every portal user can read application_token in his browser; an event token he cannot sign.
    before = ledger.available(robots_on)
    forged = caller.call(properties=PROPERTIES)["event_token"][:-4] + "beef"

    assert caller.post(caller.call(properties=PROPERTIES, event_token=forged)).status_code == 200
    worker.run()

    call = RobotCall.objects.get()
    assert (call.state, call.response_code) == ("refused", "request_forged")
    assert call.document is None
    assert ledger.available(robots_on) == before
    assert not Delivery.objects.filter(kind="workflow_reply").exists()
