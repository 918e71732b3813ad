"""What SIGNX forgets of robot calls, with time or with their portal, and what it never may."""

from __future__ import annotations

import pytest
from django.utils import timezone

from bitrix24 import tasks as bitrix24_tasks
from bitrix24.models import Portal
from devportal import actions, cast
from documents.models import Document
from journal.events import EventKind
from journal.models import AuditEvent
from outbox.models import Delivery
from robots import tasks
from robots.models import RobotCall
from tests.conftest import install

INPUTS = {
    "document": str(cast.CONTRACT),
    "signer_company": f"user_{cast.DIRECTOR}",
    "signer_counterparty": f"C_{cast.CONTACT_MAIN}",
}


@pytest.fixture
def sent_call(robots_on, signer, converted, caller, worker):
    """A document made by a process, as the portal sent the call."""
    call = caller.call(properties=INPUTS)
    caller.post(call)
    worker.run()
    assert Document.objects.count() == 1
    return call


def test_an_old_call_is_emptied_and_still_makes_no_second_document(
    sent_call, caller, worker, clock, settings
):
    clock(days=settings.ROBOT_CALL_DAYS, minutes=1)
    for _twice in range(2):
        tasks.forget_old_calls()

    kept = RobotCall.objects.get()
    assert (kept.properties, kept.event_token, kept.workflow_id) == ({}, "", "")
    assert kept.document == Document.objects.get()
    assert caller.post(sent_call).json() == {"call": kept.pk}
    worker.run()
    assert Document.objects.count() == RobotCall.objects.count() == 1


def test_the_journal_keeps_who_asked(sent_call, clock, settings):
    clock(days=settings.ROBOT_CALL_DAYS + 1)

    tasks.forget_old_calls()

    asked = AuditEvent.objects.get(kind=EventKind.ROBOT_CALLED)
    assert asked.data["workflow"] == sent_call["workflow_id"]
    assert asked.data["crm_item"] == f"DEAL_{cast.DEAL_MAIN}"


def test_old_questions_about_a_status_go_altogether(robots_on, caller, worker, clock, settings):
    caller.post(caller.call("signx_status", properties={"document": "x"}), "signx_status")
    worker.run()

    clock(days=settings.ROBOT_CALL_DAYS, minutes=-1)
    tasks.forget_old_calls()
    assert RobotCall.objects.exists(), "not yet"
    clock(minutes=2)
    tasks.forget_old_calls()
    assert not RobotCall.objects.exists()


def test_a_call_that_still_waits_is_never_forgotten(robots_on, caller, clock, settings):
    caller.post(caller.call("signx_status", properties={"document": "x"}), "signx_status")
    clock(days=settings.ROBOT_CALL_DAYS + 1)

    tasks.forget_old_calls()

    waiting = RobotCall.objects.due(timezone.now()).get()
    assert waiting.properties == {"document": "x"}
    assert waiting.event_token


@pytest.mark.parametrize("waits_for", ["a worker", "the conversion"])
def test_calls_that_wait_are_closed_when_the_application_is_removed(
    robots_on, signer, caller, devportal, worker, clock, waits_for
):
    """Nobody is left to be answered, and what the portal has said holds links with its tokens."""
    caller.post(caller.call(properties=INPUTS))
    if waits_for == "the conversion":
        tasks.run_due()
    RobotCall.objects.update(answer="https://vostok.portal.test/rest/file?auth=secret")

    actions.uninstall(devportal)
    devportal.settle()
    worker.run()

    closed = RobotCall.objects.get()
    assert Portal.objects.get(pk=robots_on.pk).status == Portal.Status.UNINSTALLED
    assert (closed.state, closed.response_code) == (RobotCall.State.REFUSED, "portal_unreachable")
    assert (closed.answer, closed.event_token, closed.properties) == ("", "", {})
    told = AuditEvent.objects.get(kind=EventKind.ROBOT_REFUSED)
    assert told.data == {"robot": "signx_send", "error_code": "portal_unreachable"}
    assert not Delivery.objects.filter(kind="workflow_reply").exists()
    clock(hours=25)
    assert not tasks.has_due(timezone.now())


def test_calls_of_other_portals_wait_on(robots_on, caller, devportal, sever):
    install(sever)
    caller.post(caller.call(properties=INPUTS))

    actions.uninstall(devportal, devportal.other_portal)
    devportal.settle()
    bitrix24_tasks.run_due()

    assert Portal.objects.filter(status=Portal.Status.UNINSTALLED).exists()
    waiting = RobotCall.objects.get()
    assert waiting.state == RobotCall.State.WAITING
    assert waiting.event_token
