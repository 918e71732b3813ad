import pytest

from devportal import actions, cast
from tests.devportal.conftest import AUTH_HOST, DOMAIN, Rest


@pytest.fixture
def refresh(http, config):
    def ask(refresh_token, /, **changes):
        params = {
            "grant_type": "refresh_token",
            "client_id": config.client_id,
            "client_secret": config.client_secret,
            "refresh_token": refresh_token,
        }
        return http.get(f"http://{AUTH_HOST}/oauth/token/", params=params | changes)

    return ask


@pytest.fixture
def token(world):
    return world.auth.issue(world.portal, cast.CLERK)


def test_access_token_lives_an_hour(clerk, world):
    actions.advance(world, 3599)
    assert clerk.call("profile")["ID"] == "12"

    actions.advance(world, 1)
    assert clerk.error("profile")[:2] == (401, "expired_token")


def test_refresh_gives_a_new_pair_for_the_same_person(refresh, token, http):
    body = refresh(token.refresh_token).json()

    assert body["user_id"] == cast.CLERK
    assert body["domain"] == AUTH_HOST
    assert body["client_endpoint"] == f"http://{DOMAIN}/rest/"
    assert Rest(http, DOMAIN, body["access_token"]).call("profile")["ID"] == "12"


def test_used_refresh_token_is_worthless(refresh, token):
    newer = refresh(token.refresh_token).json()["refresh_token"]

    answer = refresh(token.refresh_token)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert refresh(newer).status_code == 200


def test_refresh_token_dies_after_180_days(refresh, token, world):
    actions.advance(world, 180 * 86_400)

    assert refresh(token.refresh_token).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"client_id": "local.0.1"}, 200, "WRONG_CLIENT"),
        ({"client_secret": "no"}, 400, "invalid_client"),
        ({"grant_type": "password"}, 400, "invalid_request"),
        ({"refresh_token": "no"}, 400, "invalid_grant"),
    ],
)
def test_refusals(refresh, token, changes, status, error):
    answer = refresh(token.refresh_token, **changes)

    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_fired_person_gets_no_new_tokens(refresh, token, world):
    world.portal.users[cast.CLERK].active = False

    assert refresh(token.refresh_token).json()["error"] == "invalid_grant"


def test_removed_application_is_told_on_refresh(refresh, token, world):
    actions.uninstall(world)

    answer = refresh(token.refresh_token)
    assert (answer.status_code, answer.json()["error"]) == (401, "NOT_INSTALLED")


def test_application_token_changes_with_a_new_installation(world, http):
    before = world.portal.application_token
    actions.uninstall(world)

    http.post(f"http://{DOMAIN}/_dev/reinstall")

    assert world.portal.application_token != before
