"""What nobody knows for sure about Bitrix24, decided every way it can be: SIGNX does its job.

A test for each switch of the stand-in portal (devportal/behaviour/doubts.py), each way a row of its
own. The number is that of the contract's list of doubts; the last test sees to it that none is
missing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from bitrix24 import client, features, methods, transport
from bitrix24.client import BitrixError
from bitrix24.models import Portal, PortalToken
from demo.people import Frame
from devportal import actions, cast
from devportal.application import installation
from devportal.behaviour.doubts import DOUBTS
from documents import flow
from documents.models import CrmBinding, Document
from documents.signer_forms import REASON_LIMIT
from outbox.models import Delivery
from robots.models import RobotCall
from signx.env import Host
from signx.errors import RETRYABLE
from tests import factories
from tests.conftest import AUTH, install
from tests.robots import conftest as office

_storage = office._storage
caller, processes = office.caller, office.processes
converted, robots_on, signer = office.converted, office.robots_on, office.signer

ROWS = 20
ROBOTS = {"signx_send", "signx_status"}
EVENTS = {"ONAPPINSTALL", "ONAPPUPDATE", "ONAPPUNINSTALL", "ONAPPPAYMENT"}
TAB = {"placement": "CRM_DEAL_DETAIL_TAB", "deal": cast.DEAL_MAIN}
SECOND_AUTH = "http://oauth2.portal.test"
# Which fields of requisites a country fills: SIGNX reads names and addresses of contacts only.
WITHOUT_SWITCH = {18}
decided: set[str] = set()


def doubt(name: str) -> Callable[[Any], Any]:
    """A row for each way of a doubt; `way` is chosen before anything else happens."""
    decided.add(name)
    row = DOUBTS[name].row
    ways = [pytest.param((name, way), id=f"{row}-{way}") for way in DOUBTS[name].ways]
    return pytest.mark.parametrize("way", ways, indirect=True)


@pytest.fixture
def way(request, devportal) -> str:
    name, chosen = request.param
    devportal.ways.choose({name: chosen})
    return str(chosen)


def work_on(processes, clock, hours: int = 1) -> None:
    """A while passes, and the worker takes up what has become due."""
    for _quarter in range(hours * 4):
        processes.worker.run()
        actions.tick(processes.devportal)
        clock(minutes=15)
    processes.worker.run()


def completed(processes) -> Document:
    """Sent by a process and signed by the other side."""
    processes.send(wait_for="final", agreement="N")
    processes.worker.run()
    factories.sign_as_counterparty(Document.objects.get(), at=timezone.now())
    processes.worker.run()
    document = Document.objects.get()
    assert document.status == "completed"
    return document


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


@doubt("docgen_scope")
def test_10_the_scope_of_the_generator(way, processes, converted, vostok):
    portal = install(vostok)
    step = processes.send()
    processes.worker.run()

    if way == "crm":
        assert (step.values["response_code"], portal.missing) == ("ok", [])
    else:
        assert step.values["response_code"] == "document_not_found"
        assert portal.missing == ["scope:documentgenerator"]
        assert "documentgenerator" in features.sentences(portal)[0], "the administrator is told"


@doubt("answer_size")
def test_11_an_answer_is_short(way, processes, converted, clock):
    step = processes.send(wait_for="final")
    processes.worker.run()

    longest = ("Не то. " * REASON_LIMIT)[:REASON_LIMIT]
    flow.move(Document.objects.get().pk, "declined", actor="signer:2", detail=longest)
    work_on(processes, clock)

    assert step.values["status_code"] == "declined"
    assert step.values["status_text"].startswith("Отклонён: Не то. Не то.")


@doubt("conversion_event")
def test_12_the_end_of_a_conversion(way, processes, devportal, clock):
    document = actions.create_document(devportal, conversion_s=30)
    step = processes.send(document=document.id)
    for _look in range(4):
        processes.worker.run()
        clock(seconds=20)
        actions.tick(devportal)
    processes.worker.run()

    assert step.values["response_code"] == "ok"


@doubt("link_error")
def test_13_a_link_that_has_died(way, processes, converted, devportal):
    portal = Portal.objects.get()
    link = methods.document(portal, cast.CONTRACT).pdf_url
    devportal.auth.expire(PortalToken.objects.get().access_token)

    with pytest.raises(BitrixError) as refused:
        client.download(portal, link)
    step = processes.send()
    processes.worker.run()

    assert refused.value.code in RETRYABLE, "asked again, for a new link"
    assert step.values["response_code"] == "ok"


@doubt("app_storage")
def test_14_the_signed_file_is_seen_in_the_card_too(way, processes, converted, devportal, vostok):
    document = completed(processes)
    Frame(vostok, cast.CLERK)
    file_id = Delivery.objects.get(key=f"upload:{document.pk}:signed").result

    try:
        client.call(document.portal, "disk.file.get", {"id": file_id}, as_user=cast.CLERK)
        is_open = True
    except BitrixError:
        is_open = False

    assert is_open is (way == "shared")
    [comment] = devportal.portal.comments_on("deal", cast.DEAL_MAIN)
    [attached] = comment.file_ids
    assert devportal.portal.disk.objects[attached].content.startswith(b"%PDF-")


@doubt("timeline_types")
def test_15_an_invoice_may_have_no_timeline(way, processes, converted, devportal):
    devportal.portal.crm[31, cast.DEAL_MAIN] = {"id": cast.DEAL_MAIN, "entityTypeId": 31}
    step = processes.send(wait_for="final")
    processes.worker.run()
    CrmBinding.objects.update(entity_type_id=31)

    flow.move(Document.objects.get().pk, "declined", actor="signer:2", detail="Передумали")
    processes.worker.run()

    assert step.values["status_code"] == "declined"
    assert len(devportal.portal.comments) == (1 if way == "all" else 0)
    assert not Delivery.objects.filter(state=Delivery.State.DEAD).exists()


@doubt("frame_name")
def test_16_pages_of_the_frame_never_leave_its_address(way, portal, vostok, devportal):
    shown = vostok.http.get(f"{vostok.url}/marketplace/app/").text
    frame = Frame(vostok, cast.DIRECTOR)

    moved = frame.go("/app/settings/")

    assert ('name="application"' in shown) is (way == "plain")
    # The library finds APP_SID in the query of the first page, so nothing may take its place.
    assert moved.root.xpath("//head/script") == []
    assert not frame.page.root.xpath("//form[@action and not(@hx-post)]")


@doubt("upload_limit")
def test_17_a_large_file_goes_in_two_steps(way, portal, devportal):
    content = b"%PDF-1.7" + b"0" * (methods.BASE64_LIMIT_BYTES + 1)

    for name, sent in (("small.pdf", content[:1000]), ("large.pdf", content)):
        file_id = methods.upload_file(portal, portal.disk_folder_id, name, sent)
        assert devportal.portal.disk.objects[int(file_id)].content == sent


def test_18_nobody_is_asked_for_requisites(processes, converted, devportal):
    completed(processes)

    asked = {call.name for row in devportal.requests.rows for call in row.methods}
    assert "crm.item.get" in asked
    assert not [name for name in asked if "requisite" in name]


@doubt("subscription")
def test_19_a_portal_may_refuse_to_wait(way, processes, converted, devportal):
    step = processes.send()
    processes.worker.run()

    assert Document.objects.get().status == Document.Status.SENT
    assert bool(devportal.calls("bizproc.event.send")) is (way == "asked")
    assert step.state == "done"


@doubt("event_send")
def test_20_an_answer_is_taken_at_once_later_or_the_second_time(
    way, processes, converted, devportal, clock
):
    step = processes.send()
    work_on(processes, clock)

    assert step.values["response_code"] == "ok"
    assert len(devportal.calls("bizproc.event.send")) <= 3


def test_every_doubt_is_decided_every_way():
    assert decided == set(DOUBTS)
    assert {row.row for row in DOUBTS.values()} | WITHOUT_SWITCH == set(range(ROWS + 1))
