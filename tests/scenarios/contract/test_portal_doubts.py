"""Doubts about calls, tokens, updates and payment, one row for each way (test_doubts.py)."""

from __future__ import annotations

import pytest

from bitrix24.models import Portal, PortalToken
from bitrix24.rest import client
from bitrix24.wire import transport
from demo.people import Frame
from devportal import actions, cast
from devportal.application import installation
from documents.models import CrmBinding, Document
from robots.models import RobotCall
from signx.env import Host
from tests.conftest import AUTH, install
from tests.scenarios.contract.doubts import doubt, work_on

ROBOTS = {"signx_send", "signx_status"}
EVENTS = {"ONAPPINSTALL", "ONAPPUPDATE", "ONAPPUNINSTALL", "ONAPPPAYMENT"}
SECOND_AUTH = "http://oauth2.portal.test"


@doubt("entry_keys")
def test_00_older_portals_tell_less(way, processes, converted, devportal, vostok):
    fields = vostok.get("entry", **{"as": cast.DIRECTOR})["fields"]
    step = processes.send()
    processes.worker.run()

    assert ("APPLICATION_TOKEN" in fields) is (way == "new")
    assert Portal.objects.get().application_token == devportal.portal.application_token
    assert step.values["response_code"] == "ok"


@doubt("call_auth")
def test_01_keys_of_auth(way, processes, converted):
    step = processes.send()
    processes.worker.run()

    assert step.values["response_code"] == "ok"


@doubt("call_times")
def test_02_a_call_may_come_twice(way, processes, converted, devportal):
    step = processes.send()
    processes.worker.run()

    calls = [sent for sent in devportal.sent if sent.kind == "robot"]
    assert len(calls) == (2 if way == "twice" else 1)
    assert step.values["response_code"] == "ok"
    assert Document.objects.count() == RobotCall.objects.count() == 1


@doubt("brackets")
def test_03_brackets(way, processes, converted):
    step = processes.send()
    processes.worker.run()

    assert step.values["response_code"] == "ok"
    assert CrmBinding.objects.get().entity_id == cast.DEAL_MAIN


@doubt("booleans")
@pytest.mark.parametrize("wipes", [True, False])
def test_03_yes_and_no(way, wipes, portal, devportal, worker):
    actions.uninstall(devportal, clean=wipes)
    worker.run()

    gone = Portal.objects.get()
    assert gone.status == Portal.Status.UNINSTALLED
    assert (gone.wipe_at is not None) is wipes


@doubt("scope_status")
def test_04_a_scope_is_missing(way, processes, converted, devportal):
    devportal.ways.choose({"docgen_scope": "documentgenerator"})

    step = processes.send()
    processes.worker.run()

    assert step.values["response_code"] == "document_not_found"
    assert not PortalToken.objects.exclude(dead_at=None).exists(), "no token is given up for it"


@doubt("denied_status")
def test_04_access_is_denied(way, processes, converted, caller):
    forged = caller.call(
        event_token="w|A1_1_1_1|0000.0000",
        properties={
            "document": str(cast.CONTRACT),
            "signer_company": f"user_{cast.DIRECTOR}",
            "signer_counterparty": f"C_{cast.CONTACT_MAIN}",
        },
    )

    caller.post(forged)
    processes.worker.run()

    assert RobotCall.objects.get().response_code == "request_forged"
    assert not Document.objects.exists()
    assert not PortalToken.objects.exclude(dead_at=None).exists()


@doubt("deleted_status")
def test_04_a_closed_portal_is_waited_for(way, processes, devportal, clock):
    step = processes.status(document="x")
    devportal.portal.is_deleted = True
    processes.worker.run()
    assert step.state == "waiting"
    assert devportal.requests.rows[-1].status == int(way)

    devportal.portal.is_deleted = False
    work_on(processes, clock)

    assert step.values["response_code"] == "document_not_found"
    assert Portal.objects.get().status == Portal.Status.ACTIVE


@doubt("auth_server")
def test_05_the_authorization_server_has_two_names(
    way, transactional_db, vostok, devportal, settings
):
    settings.BITRIX24_AUTH_SERVERS = [AUTH, SECOND_AUTH]
    settings.SELF_HOSTED_PORTALS |= {"oauth2.portal.test": Host("oauth2.portal.test", "127.0.0.1")}
    transport.mount(SECOND_AUTH, devportal.adapter)
    portal = install(vostok)
    devportal.auth.expire(PortalToken.objects.get().access_token)
    devportal.requests.rows.clear()

    client.call(portal, "profile")

    asked = {row.host for row in devportal.requests.rows} - {portal.domain}
    assert asked == {"oauth.portal.test" if way == "first" else "oauth2.portal.test"}


@doubt("refresh_reuse")
def test_06_a_refresh_token_is_used_again(way, processes, vostok, devportal, clock):
    processes.worker.run()
    devportal.auth.expire(PortalToken.objects.get().access_token)
    devportal.faults.set({"refresh_lost": 1})
    step = processes.status(document="x")
    processes.worker.run()
    assert step.state == "waiting"

    devportal.faults.clear()
    work_on(processes, clock)
    if way == "refused":
        assert step.state == "waiting"
        Frame(vostok, cast.DIRECTOR)  # an administrator opens SIGNX
        work_on(processes, clock)

    assert step.values["response_code"] == "document_not_found"


@doubt("update_handlers")
def test_07_what_an_update_takes(way, robots_on, devportal, worker):
    installation.update(devportal, devportal.portal, cast.DIRECTOR)
    devportal.settle()
    worker.run()

    app = devportal.portal.app
    assert set(app.robots) == ROBOTS
    assert {row.event for row in app.handlers} == EVENTS
    assert [row.code for row in app.placements] == ["CRM_DEAL_DETAIL_TAB"]


@doubt("update_event")
def test_08_an_update_is_told_or_not(way, robots_on, vostok, devportal, worker):
    installation.update(devportal, devportal.portal, cast.DIRECTOR)
    devportal.settle()
    assert devportal.portal.app.robots == {}
    if way == "none":
        install(vostok)  # the portal opens the wizard for the administrator who looks in
    worker.run()

    assert set(devportal.portal.app.robots) == ROBOTS


@doubt("update_event")
def test_08_an_update_that_nobody_told_is_found_within_a_day(
    way, robots_on, devportal, worker, clock
):
    installation.update(devportal, devportal.portal, cast.DIRECTOR)
    devportal.settle()

    clock(hours=25)
    worker.run()

    assert set(devportal.portal.app.robots) == ROBOTS


@doubt("update_token")
def test_08_the_token_of_the_application_after_an_update(way, processes, devportal):
    installation.update(devportal, devportal.portal, cast.DIRECTOR)
    devportal.settle()
    processes.worker.run()

    step = processes.status(document="x")
    processes.worker.run()

    assert step.values["response_code"] == "document_not_found"


@doubt("payment_token")
def test_09_a_payment_has_us_look(way, portal, devportal, worker, clock):
    devportal.portal.unavailable_scopes.add("im")
    clock(hours=2)

    actions.fire_event(devportal, "ONAPPPAYMENT", {"STATUS": "D", "PAYMENT_EXPIRED": "Y"})
    worker.run()

    assert Portal.objects.get().missing == ["plan:im"]
