"""The process always gets an answer: whatever dies, fails or stays silent on the way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from bitrix24.models import PortalToken
from demo.people import Frame
from devportal import actions, cast
from documents.models import Document
from employees.balances import ledger as balances
from journal.events import EventKind
from journal.models import AuditEvent
from robots import services, tasks
from robots.calls import ledger
from robots.catalog.send_for_signing import SendForSigning
from robots.models import RobotCall
from robots.registry import ROBOTS
from signx.claims import LEASE
from signx.errors import ErrorCode, SignXError
from tests.employees.threads import at_once


class Killed(BaseException):
    """The worker process is gone: nothing after this line runs."""


@dataclass
class Accident:
    """A robot in the registry that does its work and then meets what is told."""

    happens: BaseException | None = None
    before_work: bool = False

    def robot(self) -> SendForSigning:
        accident = self

        class Unlucky(SendForSigning):
            def prepare(self, call: RobotCall, given: Any, at: datetime) -> Any:
                if accident.before_work and accident.happens:
                    raise accident.happens
                return super().prepare(call, given, at)

            def run(self, call: RobotCall, plan: Any, at: datetime) -> Document:
                document = super().run(call, plan, at)
                if accident.happens:
                    raise accident.happens
                return document

        return Unlucky()


@pytest.fixture
def accident(monkeypatch: pytest.MonkeyPatch) -> Accident:
    """The registry holds the unlucky robot under the code that the portal calls."""
    unlucky = Accident()
    monkeypatch.setitem(ROBOTS, "signx_send", unlucky.robot())
    return unlucky


def test_a_bug_is_answered_after_a_few_tries_and_nothing_is_held(
    processes, converted, accident, clock, robots_on
):
    left = balances.available(robots_on)
    accident.happens = ZeroDivisionError("a bug")

    step = processes.send()
    for _minute in range(30):
        processes.worker.run()
        clock(minutes=1)
    processes.worker.run()

    assert step.values["response_code"] == "internal_error"
    assert Document.objects.count() == 0
    assert balances.available(robots_on) == left
    events = AuditEvent.objects.filter(kind=EventKind.ROBOT_REFUSED)
    assert [event.data["error_code"] for event in events] == ["internal_error"]


def test_a_bug_that_passes_leaves_one_document(processes, converted, accident, clock, robots_on):
    left = balances.available(robots_on)
    accident.happens = ZeroDivisionError("once")
    step = processes.send()
    processes.worker.run()
    assert Document.objects.count() == 0

    accident.happens = None
    clock(minutes=1)
    processes.worker.run()

    assert step.values["response_code"] == "ok"
    assert Document.objects.count() == 1
    assert balances.available(robots_on) == left - 1


@pytest.mark.parametrize("before_work", [True, False])
def test_a_killed_worker_loses_and_doubles_nothing(
    processes, converted, accident, clock, before_work
):
    accident.happens, accident.before_work = Killed(), before_work
    step = processes.send()
    with pytest.raises(Killed):
        tasks.run_due()
    assert not tasks.has_due(timezone.now())

    accident.happens = None
    clock(seconds=LEASE.total_seconds() + 1)
    processes.worker.run()

    assert step.values["response_code"] == "ok"
    assert Document.objects.count() == 1


def test_who_was_cut_off_at_his_last_try_is_told_why_the_others_failed(
    processes, converted, devportal, clock
):
    step = processes.send()
    tries = len(ledger.RETRY_DELAYS_S) + 1
    RobotCall.objects.update(attempts=tries - 2)
    devportal.faults.set({"http_502": 1.0})
    processes.worker.run()
    devportal.faults.clear()
    call = RobotCall.objects.get()
    assert (call.state, call.response_code) == (RobotCall.State.WAITING, "portal_unreachable")
    RobotCall.objects.update(attempts=tries + 1, next_attempt_at=timezone.now())

    processes.worker.run()

    assert step.values["response_code"] == "portal_unreachable"


def test_a_call_that_kills_every_worker_is_answered_in_the_end(
    processes, converted, accident, clock
):
    accident.happens, accident.before_work = Killed(), True
    step = processes.send()
    for _time in range(12):
        try:
            processes.worker.run()
        except Killed:
            clock(seconds=LEASE.total_seconds() + 1)

    assert step.values["response_code"] == "internal_error"


def test_a_silent_portal_is_waited_for(processes, converted, devportal, clock):
    devportal.faults.set({"http_502": 1.0})
    step = processes.send()
    tasks.run_due()
    call = RobotCall.objects.get()
    assert (call.state, call.attempts) == ("waiting", 1)

    devportal.faults.clear()
    clock(minutes=1)
    processes.worker.run()

    assert step.values["response_code"] == "ok"


def test_a_portal_that_stays_silent_is_told_why_when_it_speaks_again(
    processes, converted, devportal, clock
):
    devportal.faults.set({"http_502": 1.0})
    step = processes.send()
    for _time in range(20):
        tasks.run_due()
        clock(minutes=15)
    assert RobotCall.objects.get().response_code == "portal_unreachable"

    devportal.faults.clear()
    processes.worker.run()

    assert step.values["response_code"] == "portal_unreachable"
    assert Document.objects.count() == 0


def test_patience_that_the_portal_asks_for_is_no_failed_try(processes, converted, devportal, clock):
    devportal.faults.set({"rate_limit": 1.0})
    step = processes.send()
    for _time in range(20):
        tasks.run_due()
        clock(minutes=5)
    assert RobotCall.objects.get().state == "waiting"

    devportal.faults.clear()
    clock(minutes=30)
    processes.worker.run()

    assert step.values["response_code"] == "ok"


def test_a_call_waits_a_day_for_an_administrator(processes, converted, devportal, clock, vostok):
    """The letter says: everything that waits is delivered once an administrator opens SIGNX."""
    PortalToken.objects.update(dead_at=timezone.now())
    step = processes.send()
    for _time in range(20):
        tasks.run_due()
        clock(hours=1)
    assert (RobotCall.objects.get().state, RobotCall.objects.get().attempts) == ("waiting", 0)

    Frame(vostok, cast.DIRECTOR)
    clock(minutes=10)
    processes.worker.run()

    assert step.values["response_code"] == "ok"


def test_a_call_waits_a_day_for_payment_and_is_answered_at_once_then(
    processes, converted, devportal, clock
):
    devportal.faults.set({"unpaid": 1.0})
    step = processes.send()
    for _time in range(20):
        tasks.run_due()
        clock(hours=1)
    tasks.run_due()
    waiting = RobotCall.objects.get()
    assert (waiting.state, waiting.attempts) == ("waiting", 0)
    assert waiting.next_attempt_at > timezone.now() + LEASE

    devportal.faults.clear()
    actions.fire_event(devportal, "ONAPPPAYMENT", {"STATUS": "P", "PAYMENT_EXPIRED": "N"})
    processes.worker.run()

    assert step.values["response_code"] == "ok"


def test_two_workers_never_have_the_same_call(robots_on, caller):
    caller.post(caller.call(properties={}))
    call, at = RobotCall.objects.get(), timezone.now()

    assert ledger.claim(call.pk, at) is not None
    assert ledger.claim(call.pk, at) is None
    assert not tasks.has_due(at)


def test_all_workers_at_once_make_one_document(processes, converted, robots_on):
    step = processes.send()
    call_id = RobotCall.objects.get().pk

    at_once(lambda _number: services.run(call_id), 3)
    processes.worker.run()

    assert step.values["response_code"] == "ok"
    assert Document.objects.count() == 1


def test_a_slow_worker_that_lost_its_lease_changes_nothing(processes, converted, accident):
    step = processes.send()
    call_id = RobotCall.objects.get().pk
    slow = ledger.claim(call_id, timezone.now())
    assert slow is not None
    RobotCall.objects.update(next_attempt_at=timezone.now())  # the lease has run out

    processes.worker.run()
    ledger.settle(slow, lambda row: pytest.fail("acted twice"), timezone.now())
    ledger.refuse(slow, SignXError(ErrorCode.INTERNAL_ERROR), timezone.now())
    processes.worker.run()

    assert step.values["response_code"] == "ok"
    assert Document.objects.count() == 1


def test_a_settled_call_is_never_run_again(processes, converted):
    processes.send()
    processes.worker.run()
    RobotCall.objects.update(next_attempt_at=timezone.now() - timedelta(days=1))

    services.run(RobotCall.objects.get().pk)

    assert Document.objects.count() == 1


def test_the_sweep_takes_the_longest_waiting_first(robots_on, caller):
    for _time in range(3):
        caller.post(caller.call(properties={}))
    newest = RobotCall.objects.first()
    RobotCall.objects.filter(pk=newest.pk).update(next_attempt_at=timezone.now() - timedelta(1))

    assert services.due(timezone.now())[0] == newest.pk


def test_a_portal_without_a_working_token_is_answered_once_it_is_opened_again(
    processes, converted, robots_on, clock
):
    robots_on.tokens.update(dead_at=timezone.now(), dead_reason="invalid_grant")
    step = processes.send()
    for _time in range(20):
        tasks.run_due()
        clock(hours=2)
    assert RobotCall.objects.get().response_code == "portal_unreachable"

    robots_on.tokens.update(dead_at=None)
    processes.worker.run()

    assert step.values["response_code"] == "portal_unreachable"
