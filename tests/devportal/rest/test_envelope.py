import pytest

from devportal import actions, cast
from devportal.app import create_app
from devportal.clock import Clock
from devportal.config import Config
from devportal.world import World
from tests.devportal.conftest import AUTH_HOST, DOMAIN, OTHER_DOMAIN, Rest


def test_success_carries_result_and_time(admin):
    body = admin.answer("profile").json()

    assert body["result"]["ADMIN"] is True
    assert set(body["time"]) >= {"start", "finish", "duration", "date_start", "operating"}


def test_method_names_ignore_case_and_suffix(admin):
    assert admin.call("USER.Admin.json") is True


@pytest.mark.parametrize("place", ["header", "query", "form", "access_token"])
def test_token_is_found_in_each_place(admin, http, place):
    url, token = f"http://{DOMAIN}/rest/user.admin", admin.token
    answers = {
        "header": lambda: http.get(url, headers={"Authorization": f"Bearer {token}"}),
        "query": lambda: http.get(url, params={"auth": token}),
        "form": lambda: http.post(url, data={"auth": token}),
        "access_token": lambda: http.post(url, json={"access_token": token}),
    }

    assert answers[place]().json()["result"] is True


def test_form_body_and_json_body_mean_the_same(admin, http):
    form = "entityTypeId=2&filter[%3DcontactId]=5&select[0]=id&auth=" + admin.token
    answer = http.post(
        f"http://{DOMAIN}/rest/crm.item.list",
        data=form,
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )

    assert answer.json()["result"] == {"items": [{"id": cast.DEAL_MAIN}]}
    assert answer.json()["total"] == 1


def test_body_wins_over_query(admin, http):
    url = f"http://{DOMAIN}/rest/crm.item.get?entityTypeId=2&id=316"
    answer = http.post(url, json={"auth": admin.token, "id": 315})

    assert answer.json()["result"]["item"]["id"] == cast.DEAL_MAIN


def test_unknown_method_is_404(admin):
    assert admin.error("crm.nothing") == (404, "ERROR_METHOD_NOT_FOUND", "Method not found!")


def test_method_outside_the_plan_is_404(admin, world):
    world.portal.unavailable_scopes.add("bizproc")

    assert admin.error("bizproc.robot.list")[:2] == (404, "ERROR_METHOD_NOT_FOUND")
    assert admin.call("method.get", name="bizproc.robot.list") == {
        "isExisting": False,
        "isAvailable": False,
    }


def test_unknown_token_is_401(http):
    assert Rest(http, DOMAIN, "nobody").error("profile")[:2] == (401, "NO_AUTH_FOUND")


def test_token_of_one_portal_is_unknown_to_the_other(admin, http):
    assert Rest(http, OTHER_DOMAIN, admin.token).error("profile")[:2] == (401, "NO_AUTH_FOUND")


def test_removed_application_is_told_before_expiry(admin, world):
    actions.advance(world, 4000)
    assert admin.error("profile")[1] == "expired_token"

    actions.uninstall(world)
    assert admin.error("profile")[:2] == (401, "APPLICATION_NOT_FOUND")


def test_fired_person_cannot_be_authorized(clerk, world):
    world.portal.users[cast.CLERK].active = False

    assert clerk.error("profile")[:2] == (401, "authorization_error")


def test_scope_that_was_not_granted():
    world = World(Config(scopes=("crm",), domain=DOMAIN, inline=True))
    token = world.auth.issue(world.portal, cast.DIRECTOR).access_token

    client = create_app(world).test_client()
    answer = client.post(
        "/rest/disk.storage.getlist", json={"auth": token}, headers={"Host": DOMAIN}
    )

    assert (answer.status_code, answer.json["error"]) == (401, "insufficient_scope")


def test_classic_error_code_may_be_empty(admin):
    assert admin.error("crm.deal.contact.items.get", id=9999) == (400, "", "Not found")


def test_unknown_host_is_the_web_servers_own_404(http):
    answer = http.get("http://nobody.portal.test/rest/profile")

    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("text/html")


def test_answers_are_ascii_with_escaped_slashes_as_from_php(admin):
    text = admin.answer("crm.documentgenerator.document.get", id=cast.CONTRACT).text

    assert text.isascii()
    assert f"http:\\/\\/{DOMAIN}\\/rest\\/" in text


def test_bucket_overflows_and_leaks():
    config = Config(domain=DOMAIN, inline=True, bucket_size=3, leak_per_s=2)
    world = World(config, Clock(lambda: 1000.0))
    client = create_app(world).test_client()
    token = world.auth.issue(world.portal, cast.DIRECTOR).access_token

    def ask() -> int:
        return client.get(f"/rest/profile?auth={token}", headers={"Host": DOMAIN}).status_code

    assert [ask() for _ in range(4)] == [200, 200, 200, 503]
    actions.advance(world, 1)
    assert [ask() for _ in range(3)] == [200, 200, 503]


def test_auth_server_tells_whose_token_it_is(admin, http):
    answer = http.get(f"http://{AUTH_HOST}/rest/app.info", params={"auth": admin.token})

    result = answer.json()["result"]
    assert result["user_id"] == "1"
    assert result["install"]["domain"] == DOMAIN
    assert result["install"]["member_id"] == cast.MEMBER_ID


def test_portal_has_another_app_info(admin):
    assert admin.call("app.info")["INSTALLED"] is False


def test_requests_are_recorded_with_their_methods(admin, http, world):
    admin.call("batch", cmd={"a": "profile", "b": "user.get?FILTER[ID][0]=12"})

    row = http.get(f"http://{DOMAIN}/_dev/requests").json()["requests"][0]
    assert row["rest_methods"] == ["profile", "user.get"]
    assert (row["status"], row["method"], row["portal"]) == (200, "POST", DOMAIN)
    assert row["bytes"] > 0
    assert world.calls("USER.GET") == [{"FILTER": {"ID": ["12"]}}]
