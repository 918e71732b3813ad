"""Each doubt about the real portal can be decided either way, and the portal then behaves so."""

from __future__ import annotations

import pytest
import requests

from devportal import actions, cast
from devportal.app import create_app
from devportal.application import installation
from devportal.application.frames import open_entry
from devportal.behaviour.doubts import DOUBTS, Ways, parse_ways
from devportal.portals.process import Step
from devportal.world import Config, World
from devportal.wsgi_adapter import WSGIAdapter
from tests.devportal.conftest import AUTH_HOST, DOMAIN, Rest, robot


def test_the_first_way_is_the_usual_one_and_others_are_refused():
    ways = Ways(parse_ways("event_send=queued, brackets=raw"))

    assert ways.of("event_send") == "queued"
    assert ways.of("call_auth") == "full"
    assert set(ways.all) == set(DOUBTS)
    with pytest.raises(ValueError, match="doubt"):
        ways.choose({"nothing": "x"})
    with pytest.raises(ValueError, match="queued"):
        ways.choose({"event_send": "never"})


@pytest.mark.parametrize(("way", "status"), [("401", 401), ("403", 403)])
def test_a_missing_scope_has_either_status(http, config, way, status):
    world = World(Config(domain=DOMAIN, scopes=("crm",), inline=True, ways={"scope_status": way}))
    http.mount("http://", WSGIAdapter(create_app(world)))
    token = world.auth.issue(world.portal, cast.DIRECTOR).access_token

    answer = Rest(http, DOMAIN, token).error("disk.file.get", id=1)

    assert answer[:2] == (status, "insufficient_scope")


@pytest.mark.parametrize("status", [400, 403])
def test_access_denied_has_either_status(world, clerk, status):
    world.ways.choose({"denied_status": str(status)})

    assert clerk.error("bizproc.robot.list")[:2] == (status, "ACCESS_DENIED")


@pytest.mark.parametrize("status", [403, 410, 500])
def test_a_closed_portal_says_so_with_any_status(world, admin, status):
    world.ways.choose({"deleted_status": str(status)})
    world.portal.is_deleted = True

    assert admin.error("profile")[:2] == (status, "PORTAL_DELETED")


def test_a_call_carries_all_or_only_the_needed_keys(world, admin, robot_app):
    admin.call("bizproc.robot.add", **robot("signx_send"))
    seen = {}
    for way in DOUBTS["call_auth"].ways:
        world.ways.choose({"call_auth": way})
        actions.start_process(world, steps=[Step("robot", "signx_send")])
        seen[way] = set(robot_app.forms[-1]["auth"])

    assert seen["bare"] == {"member_id", "application_token"}
    assert {"access_token", "refresh_token"} <= seen["full"] < seen["extra"]
    assert {"WORKFLOW_ID", "ACTIVITY_NAME", "CODE"} <= seen["extra"]


@pytest.mark.parametrize(("way", "expected"), [("encoded", "auth%5B"), ("raw", "auth[")])
def test_brackets_of_calls(world, admin, robot_app, way, expected):
    world.ways.choose({"brackets": way})
    admin.call("bizproc.robot.add", **robot("signx_send"))

    actions.start_process(world, steps=[Step("robot", "signx_send")])

    assert expected in robot_app.raw[-1]


@pytest.mark.parametrize(("way", "count"), [("new", 3), ("old", 0)])
def test_older_portals_open_the_application_with_fewer_keys(world, way, count):
    world.ways.choose({"entry_keys": way})

    fields = open_entry(world, world.portal, world.portal.users[cast.DIRECTOR]).fields

    newer = {"SERVER_ENDPOINT", "APPLICATION_TOKEN", "APPLICATION_SCOPE"}
    assert len(newer & set(fields)) == count
    assert fields["member_id"]


def begun(world, admin):
    admin.call("bizproc.robot.add", **robot("signx_send"))
    return actions.start_process(world, steps=[Step("robot", "signx_send")]).steps[0]


def answered(admin, step):
    return admin.answer(
        "bizproc.event.send",
        event_token=step.event_token,
        return_values={"status_code": "sent"},
    )


def test_a_queued_answer_takes_effect_later(world, admin, robot_app):
    world.ways.choose({"event_send": "queued"})
    step = begun(world, admin)

    assert answered(admin, step).json()["result"] is True
    assert step.closed_at is None
    actions.tick(world)
    assert step.values["status_code"] == "sent"


def test_a_lost_answer_is_healed_by_its_repeat(world, admin, robot_app):
    world.ways.choose({"event_send": "lost"})
    step = begun(world, admin)

    assert answered(admin, step).json()["result"] is True
    assert step.closed_at is None
    answered(admin, step)
    assert step.values["status_code"] == "sent"


def test_an_older_portal_refuses_while_the_process_is_locked(world, admin, robot_app):
    world.ways.choose({"event_send": "locked"})
    step = begun(world, admin)

    assert answered(admin, step).status_code == 400
    assert answered(admin, step).status_code == 200
    assert step.values["status_code"] == "sent"


@pytest.mark.parametrize("way", ["kept", "lost"])
def test_what_an_update_leaves(world, admin, robot_app, way):
    actions.finish_install(world)
    admin.call("event.bind", event="ONAPPUPDATE", handler="http://app.signx.test/e")
    admin.call("bizproc.robot.add", **robot("signx_send"))
    token = world.portal.application_token
    world.ways.choose({"update_handlers": way, "update_token": "new"})

    installation.update(world, world.portal, cast.DIRECTOR)
    world.settle()

    assert bool(world.portal.app.handlers) is (way == "kept")
    assert world.portal.app.robots == {}
    assert world.portal.application_token != token
    assert robot_app.forms[-1]["auth"]["application_token"] == world.portal.application_token


@pytest.mark.parametrize("way", ["sent", "absent"])
def test_the_event_of_payment_may_lack_its_token(world, admin, robot_app, way):
    actions.finish_install(world)
    admin.call("event.bind", event="ONAPPPAYMENT", handler="http://app.signx.test/e")
    world.ways.choose({"payment_token": way})

    actions.fire_event(world, "ONAPPPAYMENT", {"DAYS": 14})

    assert ("application_token" in robot_app.forms[-1]["auth"]) is (way == "sent")


@pytest.mark.parametrize(("way", "available"), [("crm", True), ("documentgenerator", False)])
def test_the_scope_of_the_generator(world, admin, way, available):
    world.ways.choose({"docgen_scope": way})
    name = "crm.documentgenerator.document.get"

    assert admin.call("method.get", name=name)["isAvailable"] is available
    assert (name in admin.call("methods")) is available
    if not available:
        assert admin.error(name, id=cast.CONTRACT)[1] == "insufficient_scope"


@pytest.mark.parametrize(("way", "status"), [("refused", 400), ("accepted", 200)])
def test_a_refresh_token_used_again(world, http, config, way, status):
    world.ways.choose({"refresh_reuse": way})
    token = world.auth.issue(world.portal, cast.DIRECTOR)

    first, second = (_refresh(http, config, token.refresh_token) for _ in range(2))

    assert first.status_code == 200
    assert second.status_code == status


def test_a_lost_refresh_has_rotated_the_token(world, http, config):
    world.faults.set({"refresh_lost": 1})
    token = world.auth.issue(world.portal, cast.DIRECTOR)

    with pytest.raises(requests.ConnectionError):
        _refresh(http, config, token.refresh_token)
    world.faults.clear()

    assert _refresh(http, config, token.refresh_token).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(("way", "kind"), [("json", "application/json"), ("html", "text/html")])
def test_a_dead_link_answers_in_either_form(world, admin, http, way, kind):
    world.ways.choose({"link_error": way})
    world.portal.documents[cast.CONTRACT].conversion_started_at = world.clock.now() - 60
    found = admin.call("crm.documentgenerator.document.get", id=cast.CONTRACT)
    world.auth.expire(admin.token)

    answer = http.get(found["document"]["pdfUrlMachine"])

    assert answer.status_code in (401, 404)
    assert answer.headers["Content-Type"].startswith(kind)


@pytest.mark.parametrize(("way", "status"), [("all", 200), ("documented", 400)])
def test_comments_on_invoices(world, admin, way, status):
    world.portal.crm[31, 11] = {"id": 11, "entityTypeId": 31, "title": "Счёт № 11"}
    world.ways.choose({"timeline_types": way})
    fields = {"ENTITY_TYPE": "smart_invoice", "ENTITY_ID": 11, "COMMENT": "Подписан"}

    assert admin.answer("crm.timeline.comment.add", fields=fields).status_code == status


def test_the_page_and_the_control_api_choose_ways(world, http):
    http.post(f"http://{DOMAIN}/_dev/ways", json={"brackets": "raw"})
    http.post(f"http://{DOMAIN}/ways/set", data={"event_send": "queued"})

    assert http.get(f"http://{DOMAIN}/_dev/ways").json()["brackets"] == "raw"
    assert world.ways.of("event_send") == "queued"
    assert "refresh_reuse" in http.get(f"http://{DOMAIN}/faults/").text


def test_a_method_that_used_up_its_time_rests(http):
    world = World(Config(domain=DOMAIN, inline=True, operating_limit_s=480, operating_cost_s=100))
    http.mount("http://", WSGIAdapter(create_app(world)))
    rest = Rest(http, DOMAIN, world.auth.issue(world.portal, cast.DIRECTOR).access_token)

    answers = [rest.answer("crm.item.get", entityTypeId=2, id=315) for _ in range(6)]

    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert answers[-1].json()["error"] == "OPERATION_TIME_LIMIT"
    assert rest.answer("profile").status_code == 200, "other methods go on"
    resets_at = answers[4].json()["time"]["operating_reset_at"]
    world.clock.advance(resets_at - world.clock.now())
    assert rest.answer("crm.item.get", entityTypeId=2, id=315).status_code == 200


def test_a_batch_keeps_the_refusal_of_a_resting_method(http):
    world = World(Config(domain=DOMAIN, inline=True, operating_limit_s=1, operating_cost_s=2))
    http.mount("http://", WSGIAdapter(create_app(world)))
    rest = Rest(http, DOMAIN, world.auth.issue(world.portal, cast.DIRECTOR).access_token)

    result = rest.call("batch", cmd={"a": "profile", "b": "profile", "c": "server.time"})

    assert set(result["result"]) == {"a", "c"}
    assert result["result_error"]["b"]["error"] == "OPERATION_TIME_LIMIT"


def test_a_renamed_portal_answers_only_under_its_new_name(world, admin, http):
    world.portal.rename()

    moved = http.post(
        f"http://{DOMAIN}/rest/profile", json={"auth": admin.token}, allow_redirects=False
    )
    info = http.get(f"http://{AUTH_HOST}/rest/app.info", params={"auth": admin.token}).json()

    assert moved.status_code == 302
    assert moved.headers["Location"] == f"http://new-{DOMAIN}/rest/profile"
    assert info["result"]["install"]["domain"] == f"new-{DOMAIN}"
    assert Rest(http, f"new-{DOMAIN}", admin.token).call("profile")["ID"] == "1"


def _refresh(http, config, refresh_token):
    params = {
        "grant_type": "refresh_token",
        "client_id": config.client_id,
        "client_secret": config.client_secret,
        "refresh_token": refresh_token,
    }
    return http.get(f"http://{AUTH_HOST}/oauth/token/", params=params)
