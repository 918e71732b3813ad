import pytest
import requests

from devportal import actions
from devportal.behaviour.faults import FAULTS, FaultTable, Point, parse_faults
from tests.devportal.conftest import AUTH_HOST, DOMAIN, Rest, robot


def always(world, name):
    world.faults.set({name: 1})


def test_every_fault_of_the_contract_is_in_the_table():
    assert set(FAULTS) == {
        "expired_token", "invalid_grant", "rate_limit", "operation_limit", "slow", "drop_before",
        "drop_after", "http_502", "html_body", "renamed_302", "hijacked_302", "server_error",
        "overload", "refresh_lost", "auth_502", "info_502", "conversion_never", "conversion_failed",
        "duplicate_call", "robots_deleted", "uninstall", "unpaid",
    }  # fmt: skip


def test_names_and_probabilities_are_read():
    assert parse_faults("slow:0.25, drop_after") == {"slow": 0.25, "drop_after": 1.0}


@pytest.mark.parametrize("wrong", [{"nothing": 1}, {"slow": 2}, {"slow": -1}])
def test_wrong_faults_are_refused(wrong):
    with pytest.raises(ValueError, match=r"fault|probability"):
        FaultTable(wrong, seed=1)


def test_the_same_seed_strikes_the_same_requests():
    def strikes(seed):
        table = FaultTable({"http_502": 0.5}, seed)
        return [bool(table.draw(Point.REST)) for _ in range(40)]

    assert strikes(7) == strikes(7)
    assert strikes(7) != strikes(8)
    assert 5 < sum(strikes(7)) < 35


@pytest.mark.parametrize(
    ("name", "status", "error"),
    [
        ("expired_token", 401, "expired_token"),
        ("rate_limit", 503, "QUERY_LIMIT_EXCEEDED"),
        ("operation_limit", 429, "OPERATION_TIME_LIMIT"),
        ("uninstall", 401, "APPLICATION_NOT_FOUND"),
        ("unpaid", 401, "PAYMENT_REQUIRED"),
    ],
)
def test_struck_requests_are_answered_the_documented_way(admin, world, name, status, error):
    always(world, name)

    assert admin.error("profile")[:2] == (status, error)
    assert world.calls("profile") == []


def test_the_authorization_server_may_fail_to_say_whose_a_token_is(admin, http, world):
    always(world, "info_502")
    url = f"http://{AUTH_HOST}/rest/app.info"

    failed = http.get(url, params={"auth": admin.token})
    world.faults.clear()

    assert failed.status_code == 502
    assert http.get(url, params={"auth": admin.token}).json()["result"]["user_id"] == "1"


def test_the_authorization_server_refuses_who_has_not_paid(admin, http, world):
    always(world, "unpaid")
    pair = world.auth.find(admin.token)
    asked = {
        "grant_type": "refresh_token",
        "client_id": world.config.client_id,
        "client_secret": world.config.client_secret,
        "refresh_token": pair.refresh_token,
    }

    refused = http.get(f"http://{AUTH_HOST}/oauth/token/", params=asked)
    world.faults.clear()

    assert (refused.status_code, refused.json()["error"]) == (401, "PAYMENT_REQUIRED")
    assert http.get(f"http://{AUTH_HOST}/oauth/token/", params=asked).status_code == 200


def test_nobody_else_strikes_differently_because_payment_is_possible():
    def strikes(look_at_payment):
        table = FaultTable({"http_502": 0.5}, 7)
        found = []
        for _ in range(40):
            found.append(table.draw(Point.REST))
            if look_at_payment:
                assert table.draw_payment() == []
        return found

    assert strikes(look_at_payment=True) == strikes(look_at_payment=False)


def test_dropped_before_nothing_happened(admin, world):
    always(world, "drop_before")

    with pytest.raises(requests.ConnectionError):
        admin.call("im.notify.system.add", USER_ID=12, MESSAGE="x")
    assert world.portal.notifications == []


def test_dropped_after_it_happened(admin, world):
    always(world, "drop_after")

    with pytest.raises(requests.ConnectionError):
        admin.call("im.notify.system.add", USER_ID=12, MESSAGE="x")
    assert len(world.portal.notifications) == 1


@pytest.mark.parametrize(("name", "status"), [("http_502", 502), ("html_body", 200)])
def test_pages_instead_of_answers(admin, world, name, status):
    always(world, name)
    answer = admin.answer("profile")

    assert answer.status_code == status
    assert "<html" in answer.text


def test_renamed_portal_answers_under_its_new_name(admin, http, world):
    always(world, "renamed_302")
    answer = http.post(
        f"http://{DOMAIN}/rest/profile", json={"auth": admin.token}, allow_redirects=False
    )

    assert answer.status_code == 302
    target = answer.headers["Location"]
    assert target == f"http://new-{DOMAIN}/rest/profile"
    assert http.post(target, json={"auth": admin.token}).json()["result"]["ID"] == "1"


def test_slow_requests_take_their_time(admin, world):
    waited = []
    world.sleep = waited.append
    always(world, "slow")

    assert admin.call("profile")["ID"] == "1"
    assert waited == [world.config.slow_s]


def test_revoked_refresh_token_stays_revoked(http, world, config):
    token = world.auth.issue(world.portal, 1)
    params = {
        "grant_type": "refresh_token",
        "client_id": config.client_id,
        "client_secret": config.client_secret,
        "refresh_token": token.refresh_token,
    }
    always(world, "invalid_grant")
    url = f"http://{AUTH_HOST}/oauth/token/"
    assert http.get(url, params=params).json()["error"] == "invalid_grant"

    world.faults.clear()

    assert http.get(url, params=params).json()["error"] == "invalid_grant"


def test_robots_vanish(admin, world):
    admin.call("bizproc.robot.add", **robot("x"))
    always(world, "robots_deleted")

    assert admin.call("bizproc.robot.list") == []


def test_robot_call_comes_twice(admin, world, robot_app):
    admin.call("bizproc.robot.add", **robot("signx_send"))
    always(world, "duplicate_call")

    actions.start_process(world)

    assert len(robot_app.raw) == 2
    assert robot_app.raw[0] == robot_app.raw[1]


@pytest.mark.parametrize(
    ("name", "has_failed"), [("conversion_never", False), ("conversion_failed", True)]
)
def test_spoilt_conversions(clerk: Rest, world, name, has_failed):
    always(world, name)
    document = actions.create_document(world)
    actions.advance(world, 3500)

    got = clerk.call("crm.documentgenerator.document.get", id=document.id)["document"]

    assert "pdfUrlMachine" not in got
    assert got["isTransformationError"] is has_failed


def test_control_api_sets_faults_and_fires_actions_once(http, world):
    base = f"http://{DOMAIN}/_dev/faults"
    http.post(base, json={"slow": 0.5, "uninstall": 1})

    shown = http.get(base).json()
    assert shown["probabilities"]["slow"] == 0.5
    assert shown["probabilities"]["uninstall"] == 0
    assert not world.portal.app.is_present
    assert http.post(base, json={"nothing": 1}).status_code == 400
