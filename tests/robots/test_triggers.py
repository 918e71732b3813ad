"""CRM triggers: switched on in Settings, fired once by a document that ends, healed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from devportal import cast
from devportal.errors import RestError
from devportal.rest import registry
from documents.core import flow
from documents.models import Document, PortalSettings
from employees.models import Right
from journal.events import EventKind
from journal.models import AuditEvent
from outbox.models import Delivery
from robots.models import RobotSwitch
from robots.registration.triggers import CODE, document_moved
from robots.services import restore_robots, shown_switches, switch
from signx.errors import ErrorCode, SignXError

CODES = {"signx_completed", "signx_declined", "signx_annulled"}


def on_portal(devportal):
    return devportal.portal.app.triggers


def fired(devportal):
    return devportal.portal.app.executed_triggers


@pytest.fixture
def sent(processes, converted, robots_on, director):
    """A document that is bound to the deal and waits for its counterparty."""

    def send():
        processes.send()
        processes.worker.run()
        return Document.objects.get()

    return send


def test_the_switch_adds_all_triggers_in_the_language_of_the_portal(portal, director, devportal):
    portal.language = "ru"

    state = switch(portal, CODE, True, by=director)

    assert (state.is_on, state.state, state.is_robot) == (True, "on", False)
    assert set(on_portal(devportal)) == CODES
    assert on_portal(devportal)["signx_declined"] == "SIGNX: документ отклонён"
    event = AuditEvent.objects.get(kind=EventKind.SETTINGS_CHANGED)
    assert event.data["fields"] == [CODE]


@pytest.mark.parametrize("on", [True, False])
def test_switching_twice_is_switching_once(portal, director, devportal, on):
    for _twice in range(2):
        assert switch(portal, CODE, on, by=director).error == ""

    assert set(on_portal(devportal)) == (CODES if on else set())


def test_declined_moves_the_deal_once(sent, robots_on, director, devportal, processes, clock):
    switch(robots_on, CODE, True, by=director)
    document = sent()

    flow.move(document.pk, "declined", actor="signer:2", detail="Не согласны")
    flow.move(document.pk, "declined", actor="signer:2", detail="Не согласны")
    for _quarter in range(3):
        processes.worker.run()
        clock(minutes=15)

    assert fired(devportal) == [{"code": "signx_declined", "owner": [2, cast.DEAL_MAIN]}]


def test_completed_fires_the_other_one(sent, robots_on, director):
    switch(robots_on, CODE, True, by=director)
    document = sent()
    document.status = Document.Status.COMPLETED

    document_moved(document, document.created_at)

    params = Delivery.objects.get(kind="crm_trigger").payload["params"]
    assert params == {"CODE": "signx_completed", "OWNER_TYPE_ID": 2, "OWNER_ID": cast.DEAL_MAIN}


def test_an_annulment_fires_too(sent, robots_on, director, devportal, processes):
    switch(robots_on, CODE, True, by=director)
    document = sent()
    Document.objects.filter(pk=document.pk).update(status=Document.Status.COMPLETED)

    flow.move(document.pk, "annulled", actor="signer:2", detail="Новый договор")
    processes.worker.run()

    assert fired(devportal) == [{"code": "signx_annulled", "owner": [2, cast.DEAL_MAIN]}]


def test_nothing_fires_while_switched_off(sent, processes, devportal):
    flow.move(sent().pk, "declined", actor="signer:2")
    processes.worker.run()

    assert fired(devportal) == []
    assert not Delivery.objects.filter(kind="crm_trigger").exists()


def test_other_ends_fire_nothing(sent, robots_on, director, processes, devportal):
    switch(robots_on, CODE, True, by=director)

    flow.move(sent().pk, "cancelled", actor="employee:1")
    processes.worker.run()

    assert fired(devportal) == []


def test_a_document_without_a_deal_fires_nothing(processes, converted, robots_on, director):
    switch(robots_on, CODE, True, by=director)
    processes.send(crm_entity="")
    processes.worker.run()

    flow.move(Document.objects.get().pk, "declined", actor="signer:2")

    assert not Delivery.objects.filter(kind="crm_trigger").exists()


def test_a_deleted_deal_does_not_disturb_the_document(
    sent, robots_on, director, devportal, processes
):
    switch(robots_on, CODE, True, by=director)
    document = sent()
    del devportal.portal.crm[2, cast.DEAL_MAIN]

    flow.move(document.pk, "declined", actor="signer:2")
    processes.worker.run()

    document.refresh_from_db()
    assert document.status == "declined"
    assert Delivery.objects.get(kind="crm_trigger").error_code == ErrorCode.NOT_FOUND


def test_healing_puts_them_back(portal, director, devportal):
    switch(portal, CODE, True, by=director)
    on_portal(devportal).clear()

    restore_robots(portal, cast.DIRECTOR)

    assert set(on_portal(devportal)) == CODES


def test_a_portal_that_refuses_shows_why_and_a_silent_one_is_asked_again(
    portal, director, devportal
):
    devportal.portal.unavailable_scopes.add("crm")
    refused = switch(portal, CODE, True, by=director)
    devportal.portal.unavailable_scopes.clear()
    devportal.faults.set({"http_502": 1.0})

    with pytest.raises(SignXError) as silent:
        restore_robots(portal, cast.DIRECTOR)

    assert (refused.is_on, refused.state) == (True, "failed")
    assert refused.error
    assert silent.value.code == ErrorCode.PORTAL_UNREACHABLE
    assert RobotSwitch.objects.get(code=CODE).is_on, "the wish stands"


def test_who_may_not_change_settings_may_not_switch(portal, clerk, devportal):
    assert not clerk.has_right(Right.SETTINGS)

    with pytest.raises(SignXError) as refused:
        switch(portal, CODE, True, by=clerk)

    assert refused.value.code == ErrorCode.RIGHT_MISSING
    assert on_portal(devportal) == {}


def test_the_page_shows_three_switches_in_order(portal):
    assert [row.code for row in shown_switches(portal)] == ["signx_send", "signx_status", CODE]


def test_a_process_that_waits_long_sees_progress_in_its_log(processes, converted, clock, devportal):
    step = processes.send(wait_for="final")
    processes.worker.run()
    assert len(step.log) == 1, "the robot says that it has the document"

    clock(minutes=2)
    processes.worker.run()

    assert len(step.log) == 2
    assert Document.objects.get().number in step.log[-1]
    assert step.state == "waiting"


@pytest.mark.parametrize(
    ("entity_type_id", "written"),
    [(1, "LEAD_7"), (31, "SI_11"), (7, "QUOTE_2"), (177, "DYNAMIC_177_25")],
)
def test_leads_invoices_and_smart_processes(
    processes, converted, robots_on, devportal, entity_type_id, written
):
    item_id = int(written.rpartition("_")[2])
    devportal.portal.crm[entity_type_id, item_id] = {
        "id": item_id,
        "entityTypeId": entity_type_id,
        "title": "Поставка",
    }
    refused = processes.send(crm_entity=written)
    processes.worker.run()
    decided = PortalSettings.objects.of(robots_on)
    decided.allowed_entity_types = [entity_type_id]
    decided.save()
    allowed = processes.send(crm_entity=written)
    processes.worker.run()

    assert refused.values["response_code"] == "crm_entity_not_allowed"
    assert allowed.values["response_code"] == "ok"
    binding = Document.objects.get().crm_binding
    assert (binding.entity_type_id, binding.entity_id) == (entity_type_id, item_id)


def test_a_trigger_that_is_gone_already_does_not_hide_one_that_stays(
    robots_on, director, devportal, monkeypatch
):
    switch(robots_on, CODE, True, by=director)
    registered = registry.METHODS["crm.automation.trigger.delete"]
    del on_portal(devportal)["signx_completed"]

    def refused(call):
        if call.upper["CODE"] == "signx_declined":
            raise RestError("ACCESS_DENIED", "Access denied!", 403)
        return registered.handler(call)

    monkeypatch.setitem(
        registry.METHODS, "crm.automation.trigger.delete", replace(registered, handler=refused)
    )

    state = switch(robots_on, CODE, False, by=director)

    assert state.state == "failed"
    assert set(on_portal(devportal)) == {"signx_declined"}
