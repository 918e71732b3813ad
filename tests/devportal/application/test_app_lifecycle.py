import json
from urllib.parse import parse_qs, urlsplit

import pytest

from devportal import actions, cast
from tests.devportal.conftest import APP_URL, AUTH_HOST, DOMAIN, robot

EVENTS_URL = f"{APP_URL}/b24/event"
TAB = {"PLACEMENT": "CRM_DEAL_DETAIL_TAB", "HANDLER": f"{APP_URL}/b24/deal", "TITLE": "SIGNX"}


@pytest.fixture
def entry(http):
    def ask(**query):
        return http.get(f"http://{DOMAIN}/_dev/entry", params=query)

    return ask


def test_installer_is_opened_with_the_documented_form(entry, world):
    made = entry(**{"as": 1}).json()

    url = urlsplit(made["url"])
    assert f"{url.scheme}://{url.netloc}{url.path}" == f"{APP_URL}/b24/install"
    query = parse_qs(url.query)
    assert (query["DOMAIN"], query["PROTOCOL"], query["LANG"]) == ([DOMAIN], ["0"], ["ru"])
    assert len(query["APP_SID"][0]) == 32
    fields = made["fields"]
    assert fields["SERVER_ENDPOINT"] == f"http://{AUTH_HOST}/rest/"
    assert fields["APPLICATION_TOKEN"] == world.portal.application_token
    assert (fields["member_id"], fields["status"]) == (cast.MEMBER_ID, "L")
    assert (fields["PLACEMENT"], fields["AUTH_EXPIRES"]) == ("DEFAULT", "3600")
    assert "PLACEMENT_OPTIONS" not in fields


def test_after_installation_the_application_page_is_opened(entry, world):
    actions.finish_install(world)

    assert urlsplit(entry().json()["url"]).path == "/b24/app"


def test_employees_wait_for_the_administrator_to_finish(entry, world):
    assert entry(**{"as": cast.CLERK}).status_code == 409
    actions.finish_install(world)
    assert entry(**{"as": cast.CLERK}).status_code == 200


def test_deal_tab_names_the_deal_in_a_json_text(entry, admin, world):
    admin.call("placement.bind", **TAB)
    actions.finish_install(world)

    fields = entry(placement="CRM_DEAL_DETAIL_TAB", deal=315).json()["fields"]

    assert json.loads(fields["PLACEMENT_OPTIONS"]) == {
        "ID": "315",
        "URI": "/crm/deal/details/315/",
    }
    assert "\\/crm\\/deal" in fields["PLACEMENT_OPTIONS"]


def test_tab_that_is_not_bound(entry, world):
    actions.finish_install(world)

    assert entry(placement="CRM_DEAL_DETAIL_TAB", deal=315).status_code == 409


def test_placements(admin, clerk):
    assert admin.call("placement.bind", **TAB) is True
    assert admin.error("placement.bind", **TAB)[1] == "ERROR_CORE"
    assert clerk.error("placement.bind", **TAB)[0] == 403
    wrong = TAB | {"PLACEMENT": "CRM_NOTHING"}
    assert admin.error("placement.bind", **wrong)[1] == "ERROR_PLACEMENT_NOT_FOUND"
    local = TAB | {"HANDLER": "http://localhost/x"}
    assert admin.error("placement.bind", **local)[1] == "ERROR_WRONG_HANDLER_URL"
    assert [row["placement"] for row in admin.call("placement.get")] == ["CRM_DEAL_DETAIL_TAB"]
    assert admin.call("placement.unbind", PLACEMENT="CRM_DEAL_DETAIL_TAB") == {"count": 2}


def test_smart_process_tab_is_named_by_its_number(admin):
    assert admin.call("placement.bind", **(TAB | {"PLACEMENT": "CRM_DYNAMIC_128_DETAIL_TAB"}))


def test_event_binding(admin, clerk, world):
    bind = {"event": "OnAppUninstall", "handler": EVENTS_URL}
    assert admin.call("event.bind", **bind) is True
    assert admin.error("event.bind", **bind)[1] == "ERROR_CORE"
    assert admin.error("event.bind", event="ONX", handler=EVENTS_URL)[1] == "ERROR_EVENT_NOT_FOUND"
    other = {"event": "ONCRMDEALUPDATE", "handler": EVENTS_URL}
    assert clerk.error("event.bind", **other, auth_type=1)[:2] == (403, "ACCESS_DENIED")
    clerk.call("event.bind", **other)
    assert [row["auth_type"] for row in admin.call("event.get")] == ["0", "12"]
    assert admin.call("event.unbind", **other) == {"count": 1}


def test_no_events_before_the_installation_is_finished(admin, world, robot_app):
    admin.call("event.bind", event="ONCRMDEALUPDATE", handler=EVENTS_URL)

    assert actions.fire_event(world, "ONCRMDEALUPDATE", {"FIELDS": {"ID": 315}}) == 0
    actions.finish_install(world)
    assert actions.fire_event(world, "ONCRMDEALUPDATE", {"FIELDS": {"ID": 315}}, user_id=12) == 1
    world.settle()

    (form,) = robot_app.forms
    assert form["data"] == {"FIELDS": {"ID": "315"}}
    assert form["auth"]["user_id"] == "12"
    assert "refresh_token" not in form["auth"]


def test_install_event_brings_a_refresh_token(admin, world, robot_app):
    admin.call("event.bind", event="ONAPPINSTALL", handler=EVENTS_URL)

    actions.finish_install(world)
    world.settle()

    (form,) = robot_app.forms
    assert form["event"] == "ONAPPINSTALL"
    assert form["data"]["INSTALLED"] == "Y"
    assert form["auth"]["refresh_token"]


def test_uninstall_event_has_no_tokens_and_nothing_is_left(admin, world, robot_app):
    admin.call("event.bind", event="ONAPPUNINSTALL", handler=EVENTS_URL)
    admin.call("placement.bind", **TAB)
    actions.finish_install(world)

    actions.uninstall(world)
    world.settle()

    (form,) = robot_app.forms
    assert form["data"] == {"LANGUAGE_ID": "ru", "CLEAN": "1"}
    assert set(form["auth"]) == {
        "domain",
        "client_endpoint",
        "server_endpoint",
        "member_id",
        "application_token",
    }
    app = world.portal.app
    assert (app.handlers, app.placements, app.robots) == ([], [], {})


def test_uninstall_event_may_come_after_the_removal(http, admin, world, robot_app):
    admin.call("event.bind", event="ONAPPUNINSTALL", handler=EVENTS_URL)
    actions.finish_install(world)
    token = world.portal.application_token

    http.post(f"http://{DOMAIN}/_dev/uninstall", json={"late": True, "clean": 0})
    world.settle()

    assert robot_app.forms == []
    assert admin.error("profile")[1] == "APPLICATION_NOT_FOUND"
    actions.tick(world)
    (form,) = robot_app.forms
    assert form["data"]["CLEAN"] == "0"
    assert form["auth"]["application_token"] == token


def test_update_event_may_come_without_tokens(http, admin, world, robot_app):
    admin.call("event.bind", event="ONAPPUPDATE", handler=EVENTS_URL)
    actions.finish_install(world)

    http.post(f"http://{DOMAIN}/_dev/update-app", json={"user_id": 0})

    (form,) = robot_app.forms
    assert form["auth"]["application_token"] == world.portal.application_token
    assert not {"access_token", "refresh_token"} & set(form["auth"])


def test_forged_event_through_the_control_api(http, admin, world, robot_app):
    admin.call("event.bind", event="ONAPPUNINSTALL", handler=EVENTS_URL)
    actions.finish_install(world)

    body = {"event": "ONAPPUNINSTALL", "auth": {"application_token": "forged"}}
    http.post(f"http://{DOMAIN}/_dev/event", json=body)
    world.settle()

    assert robot_app.forms[0]["auth"]["application_token"] == "forged"
    assert world.portal.app.is_installed


def test_update_deletes_robots_and_brings_the_wizard_back(http, admin, world, entry, robot_app):
    admin.call("bizproc.robot.add", **robot("signx_send"))
    actions.finish_install(world)

    http.post(f"http://{DOMAIN}/_dev/update-app")

    assert admin.call("bizproc.robot.list") == []
    assert urlsplit(entry().json()["url"]).path == "/b24/install"


def test_second_portal_has_its_own_installation(world):
    actions.finish_install(world)

    assert not world.other_portal.app.is_installed
    assert world.other_portal.application_token != world.portal.application_token
