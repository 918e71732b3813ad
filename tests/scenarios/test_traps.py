"""The 28 known traps of Bitrix24, one row each: the trap is set in the stand-in portal, then what
SIGNX does is looked at from outside. The last test sees to it that no row is missing.
"""

from __future__ import annotations

import re
import sys
from urllib.parse import urlsplit

import pytest
import requests
from django.utils import timezone

from bitrix24 import client, methods, transport
from bitrix24.client import BitrixError
from bitrix24.models import Portal, PortalToken
from demo.people import Frame
from devportal import app_events, cast, phpform
from devportal.workflows import terminate
from documents import flow
from documents.crm_references import read_item
from documents.models import Document
from documents.services import settings_for
from employees import balances
from robots.models import RobotCall
from robots.services import restore_robots, switch, switch_robot
from signx.env import Host
from signx.errors import ErrorCode
from tests.conftest import APP, AUTH, PORTAL
from tests.robots import conftest as office

_storage = office._storage
caller, processes = office.caller, office.processes
converted, robots_on, signer = office.converted, office.robots_on, office.signer

TRAPS = 28
ROBOTS = {"signx_send", "signx_status"}
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


def post_event(wire, event, auth, **data):
    http = requests.Session()
    http.mount("http://", wire)
    form = {"event": event, "data": data, "ts": 1_767_011_111, "auth": auth}
    return http.post(
        f"{APP}/b24/events",
        data=phpform.encode(form),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )


def test_01_an_update_deletes_our_robots(robots_on, devportal, worker):
    devportal.ways.choose({"update_handlers": "lost"})
    devportal.finish_install()

    app_events.update_app(devportal, devportal.portal, cast.DIRECTOR)
    assert devportal.portal.app.robots == {}
    devportal.settle()
    worker.run()

    assert set(devportal.portal.app.robots) == ROBOTS
    assert {row.event for row in devportal.portal.app.handlers} >= {"ONAPPUNINSTALL"}


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
    document = devportal.create_document(conversion_s=30)
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
    link = methods.document(portal, cast.HR_NOTICE).pdf_url
    devportal.faults.set({"html_body": 1})
    with pytest.raises(BitrixError) as refused:
        client.download(portal, link)
    assert refused.value.code == ErrorCode.PORTAL_UNREACHABLE, "a page is no file: asked again"


def test_08_an_empty_error_is_an_error(portal):
    with pytest.raises(BitrixError) as refused:
        client.call(portal, "crm.deal.contact.items.get", {"id": 999})

    assert refused.value.bitrix_code == ""
    assert refused.value.code == ErrorCode.NOT_FOUND


def test_09_a_portal_is_its_member_id(processes, converted, devportal, settings):
    known = Portal.objects.get()
    moved = f"new-{devportal.portal.domain}"
    settings.SELF_HOSTED_PORTALS |= {moved: Host(moved, "127.0.0.1")}
    transport.mount(f"http://{moved}", devportal.adapter)
    devportal.portal.rename()

    step = processes.send()
    processes.worker.run()

    portal = Portal.objects.get()
    assert step.values["response_code"] == "ok"
    assert (portal.pk, portal.domain) == (known.pk, moved)


@pytest.mark.parametrize("status", ["401", "403"])
def test_10_the_code_decides_not_the_status(processes, devportal, status):
    devportal.ways.choose({"docgen_scope": "documentgenerator", "scope_status": status})

    step = processes.send()
    processes.worker.run()

    assert step.values["response_code"] == "document_not_found"
    assert not PortalToken.objects.exclude(dead_at=None).exists()


def test_11_keys_differ_in_case_and_options_are_json_in_a_text(portal, vostok):
    plain = vostok.get("entry", **{"as": cast.DIRECTOR})["fields"]
    assert {"member_id", "status", "AUTH_ID"} <= set(plain)
    assert "PLACEMENT_OPTIONS" not in plain

    tab = Frame(vostok, cast.DIRECTOR, placement="CRM_DEAL_DETAIL_TAB", deal=cast.DEAL_MAIN)
    menu = Frame(vostok, cast.DIRECTOR)

    assert tab.token
    assert menu.token


def test_12_some_events_lack_tokens_and_handler_ids(portal, devportal, wire, worker):
    worker.run()
    auth = {
        "member_id": portal.member_id,
        "application_token": devportal.portal.application_token,
        "domain": portal.domain,
    }

    uninstalled = post_event(wire, "ONAPPUNINSTALL", auth, LANGUAGE_ID="ru", CLEAN="1")
    updated = post_event(wire, "ONAPPUPDATE", auth, VERSION="2")
    looked_over_at = Portal.objects.get().look_over_at
    del auth["application_token"]
    paid = post_event(wire, "ONAPPPAYMENT", auth, DAYS="14", PAYMENT_EXPIRED="N")
    worker.run()

    assert [answer.status_code for answer in (uninstalled, updated, paid)] == [200, 200, 200]
    assert looked_over_at <= timezone.now(), "an update without tokens is a reason to look too"
    assert Portal.objects.get().status == Portal.Status.ACTIVE, "the application is still there"


def test_12_the_event_of_a_removal_may_come_after_we_have_noticed_it(
    portal, devportal, worker, clock
):
    worker.run()
    devportal.uninstall(clean=True, late=True)
    with pytest.raises(BitrixError):
        client.call(portal, "profile")
    clock(minutes=3)
    worker.run()
    assert Portal.objects.get().status == Portal.Status.UNINSTALLED

    devportal.tick()

    assert Portal.objects.get().wipe_at is not None, "the wish to delete the data is not lost"


@pytest.mark.parametrize("director", ["works", "left"])
def test_13_the_application_token_is_known_to_every_user(
    portal, devportal, vostok, wire, worker, clock, director
):
    """And what his browser posts is in his hands as well."""
    worker.run()
    refused = devportal.auth.issue(devportal.other_portal, cast.DIRECTOR).refresh_token
    devportal.uninstall(devportal.other_portal)
    entry = vostok.get("entry", **{"as": cast.CLERK})
    http = requests.Session()
    http.mount("http://", wire)
    assert http.post(entry["url"], data=entry["fields"] | {"REFRESH_ID": refused}).ok
    devportal.portal.users[cast.DIRECTOR].active = director == "works"
    auth = {
        "member_id": portal.member_id,
        "application_token": devportal.portal.application_token,
    }

    post_event(wire, "ONAPPUNINSTALL", auth, CLEAN="1")
    for _look in range(4):
        worker.run()
        clock(minutes=31)

    assert Portal.objects.get().status == Portal.Status.ACTIVE
    assert Portal.objects.get().wipe_at is None
    assert PortalToken.objects.usable().filter(portal=portal).exists() is (director == "works")


def test_14_the_domain_of_a_token_is_the_authorization_server(portal, devportal):
    devportal.auth.expire(PortalToken.objects.get().access_token)

    client.call(portal, "profile")

    refreshed = Portal.objects.get()
    assert refreshed.domain == PORTAL.removeprefix("http://")
    assert refreshed.client_endpoint == f"{PORTAL}/rest/"


def test_15_refresh_tokens_rotate_and_belong_to_a_user(portal, vostok, devportal):
    Frame(vostok, cast.CLERK)
    first = PortalToken.objects.get(bitrix_user_id=cast.DIRECTOR).refresh_token
    devportal.auth.expire(PortalToken.objects.get(bitrix_user_id=cast.DIRECTOR).access_token)

    client.call(portal, "profile", as_user=cast.DIRECTOR)
    rotated = PortalToken.objects.get(bitrix_user_id=cast.DIRECTOR).refresh_token
    Frame(vostok, cast.DIRECTOR)
    newest = PortalToken.objects.get(bitrix_user_id=cast.DIRECTOR).refresh_token

    assert len({first, rotated, newest}) == 3
    assert PortalToken.objects.filter(portal=portal).count() == 2


@pytest.mark.parametrize("host", ["127.0.0.1", "169.254.169.254", "10.0.0.7:8080"])
def test_16_no_request_goes_where_a_stranger_points(portal, vostok, wire, devportal, host):
    form = vostok.get("entry", **{"as": cast.DIRECTOR})
    http = requests.Session()
    http.mount("http://", wire)  # fails the test for any host that is not on the stage
    fields = form["fields"] | {"SERVER_ENDPOINT": f"http://{host}/rest/"}
    url = re.sub(r"DOMAIN=[^&]+", f"DOMAIN={host}", form["url"])
    devportal.requests.rows.clear()

    answer = http.post(url, data=fields, headers={"Origin": f"http://{host}"})

    assert answer.status_code >= 400
    assert {row.host for row in devportal.requests.rows} <= {urlsplit(AUTH).netloc}
    assert Portal.objects.get().domain == PORTAL.removeprefix("http://")


def test_17_robot_names_are_given_in_every_language(robots_on, devportal):
    for robot in devportal.portal.app.robots.values():
        assert set(robot["NAME"]) == {"ru", "kz", "en"}
        assert robot["NAME"]["kz"] != robot["NAME"]["ru"]
        for declared in robot["PROPERTIES"].values():
            assert set(declared["NAME"]) >= {"ru", "kz", "en"}


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


def test_19_every_handler_lives_on_one_host(robots_on, devportal):
    app = devportal.portal.app
    urls = [robot["HANDLER"] for robot in app.robots.values()]
    urls += [row.url for row in (*app.handlers, *app.placements)]

    assert {urlsplit(url).netloc for url in urls} == {urlsplit(APP).netloc}


def test_20_types_are_words_in_one_place_and_numbers_in_another(
    processes, converted, robots_on, director, devportal
):
    decided = settings_for(robots_on)
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


def test_21_the_folder_is_the_root_of_the_storage(portal, devportal):
    storage = next(
        row for row in devportal.portal.disk.storages.values() if row.entity_type == "restapp"
    )

    assert portal.disk_folder_id == str(storage.root_id)
    assert storage.id != storage.root_id


@pytest.mark.parametrize("path", ["/b24/app", "/b24/install"])
@pytest.mark.parametrize("verb", ["HEAD", "GET"])
def test_22_the_console_asks_our_addresses_with_head(db, wire, path, verb):
    http = requests.Session()
    http.mount("http://", wire)

    assert http.request(verb, APP + path).status_code == 200


def test_23_no_event_comes_before_the_wizard_is_done(transactional_db, vostok, devportal):
    Frame(vostok, cast.DIRECTOR)

    assert devportal.fire_event("ONAPPINSTALL") == 0
    assert Portal.objects.get().application_token == devportal.portal.application_token


def test_24_a_placed_robot_lives_as_long_as_its_code(
    processes, robots_on, director, devportal, clock
):
    switch_robot(robots_on, "signx_status", True, by=director)
    assert devportal.calls("bizproc.robot.update")[-1]["CODE"] == "signx_status"

    step = processes.status(document="x")
    devportal.delete_robots()
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
    units = balances.available(robots_on)
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
        devportal.tick()
        clock(hours=1)

    document.refresh_from_db()
    assert document.status == "declined"
    assert document.signers.count() == 2
    assert step.values == {}
    given = [row["return_values"]["status_code"] for row in sends(devportal)]
    assert given == ["declined"] * 2, "the process is told all the same, and once more"


def test_28_rights_are_those_of_the_person_who_looks(
    processes, converted, devportal, portal, vostok
):
    processes.send()
    processes.worker.run()
    title = Document.objects.get().title
    devportal.portal.hidden.add((cast.HR, 2, cast.DEAL_MAIN))
    place = {"placement": "CRM_DEAL_DETAIL_TAB", "deal": cast.DEAL_MAIN}

    seen = Frame(vostok, cast.DIRECTOR, **place).page.words
    unseen = Frame(vostok, cast.HR, **place).page.words

    assert title in seen
    assert title not in unseen


def test_every_trap_has_its_row():
    names = [name for name in vars(sys.modules[__name__]) if re.match(r"test_\d\d_", name)]

    assert {int(name[5:7]) for name in names} == set(range(1, TRAPS + 1))
