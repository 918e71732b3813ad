"""Pitfalls of installations, tokens, addresses and frames, one row each (test_pitfalls.py)."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
import requests
from django.utils import timezone

from bitrix24.models import Portal, PortalToken
from bitrix24.rest import client
from bitrix24.wire import transport
from bitrix24.wire.errors import BitrixError
from demo.people import Frame
from devportal import actions, cast, phpform
from devportal.application import installation
from documents.models import Document
from employees.models import Employee, EmployeeRight, Right
from signx.env import Host
from signx.errors import ErrorCode
from tests.conftest import APP, AUTH, PORTAL
from tests.frame.desk import Desk
from tests.frame.new_document import begun

ROBOTS = {"signx_send", "signx_status"}
DEAL = 2  # entityTypeId
TAB = {"placement": "CRM_DEAL_DETAIL_TAB", "deal": cast.DEAL_MAIN}


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
    actions.finish_install(devportal)

    installation.update(devportal, devportal.portal, cast.DIRECTOR)
    assert devportal.portal.app.robots == {}
    devportal.settle()
    worker.run()

    assert set(devportal.portal.app.robots) == ROBOTS
    assert {row.event for row in devportal.portal.app.handlers} >= {"ONAPPUNINSTALL"}


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
    actions.uninstall(devportal, clean=True, late=True)
    with pytest.raises(BitrixError):
        client.call(portal, "profile")
    clock(minutes=3)
    worker.run()
    assert Portal.objects.get().status == Portal.Status.UNINSTALLED

    actions.tick(devportal)

    assert Portal.objects.get().wipe_at is not None, "the wish to delete the data is not lost"


@pytest.mark.parametrize("director", ["works", "left"])
def test_13_the_application_token_is_known_to_every_user(
    portal, devportal, vostok, wire, worker, clock, director
):
    """And what his browser posts is in his hands as well."""
    worker.run()
    refused = devportal.auth.issue(devportal.other_portal, cast.DIRECTOR).refresh_token
    actions.uninstall(devportal, devportal.other_portal)
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


def test_19_every_handler_lives_on_one_host(robots_on, devportal):
    app = devportal.portal.app
    urls = [robot["HANDLER"] for robot in app.robots.values()]
    urls += [row.url for row in (*app.handlers, *app.placements)]

    assert {urlsplit(url).netloc for url in urls} == {urlsplit(APP).netloc}


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

    assert actions.fire_event(devportal, "ONAPPINSTALL") == 0
    assert Portal.objects.get().application_token == devportal.portal.application_token


def test_28_who_sees_a_document_is_not_decided_by_who_sees_its_deal(
    processes, converted, devportal, vostok
):
    """The deal of a tab is a word of the browser: it neither opens a document nor closes one."""
    processes.send()
    processes.worker.run()
    title = Document.objects.get().title
    clerk, hr = (Frame(vostok, user_id, **TAB) for user_id in (cast.CLERK, cast.HR))

    reader = Employee.objects.get(bitrix_user_id=cast.HR)
    EmployeeRight.objects.create(employee=reader, right=Right.JOURNAL)
    devportal.portal.hidden.add((cast.HR, DEAL, cast.DEAL_MAIN))

    assert title not in clerk.page.words, "the portal shows him the deal, which is no right of ours"
    assert title not in hr.page.words, "nor had she one when she came"
    assert title in Frame(vostok, cast.HR, **TAB).page.words, "now she may see every document"


def test_28_what_a_tab_asks_of_the_portal_is_asked_with_its_readers_rights(
    portal, devportal, vostok
):
    """The contact of a hidden deal would otherwise stand in a new document's form."""
    devportal.portal.hidden.add((cast.HR, DEAL, cast.DEAL_MAIN))
    contacts = {}

    for user_id in (cast.CLERK, cast.HR):
        Frame(vostok, user_id, **TAB)
        sender = Employee.objects.get(bitrix_user_id=user_id)
        EmployeeRight.objects.create(employee=sender, right=Right.SEND)
        draft = begun(Desk(sender, deal=cast.DEAL_MAIN))
        contacts[user_id] = draft.answers.get("p0-reference")

    assert contacts == {cast.CLERK: f"C_{cast.CONTACT_MAIN}", cast.HR: None}
