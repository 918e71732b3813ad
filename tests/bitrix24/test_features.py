"""What the portal lacks is found by asking and told to its administrator in words."""

from __future__ import annotations

import dataclasses

import pytest

from bitrix24 import tasks
from bitrix24.installation import features
from bitrix24.models import Portal
from devportal import cast
from tests.bitrix24.conftest import OWN_STEPS, bearer

pytestmark = pytest.mark.django_db


def run_wizard(client, page) -> dict[str, object]:
    for number in range(len(OWN_STEPS)):
        answer = client.post(f"/b24/install/step/{number}", headers=bearer(page))
    return answer.json()


def take_scope(world, *scopes: str) -> None:
    left = tuple(scope for scope in world.config.scopes if scope not in scopes)
    world.config = world.auth._config = dataclasses.replace(world.config, scopes=left)


def test_a_whole_portal_lacks_nothing(portal):
    assert portal.missing == []
    assert features.sentences(portal) == []


def test_a_plan_without_automation_does_not_stop_the_wizard(world, open_app, client):
    world.portal.unavailable_scopes.add("bizproc")

    end = run_wizard(client, open_app())

    assert end["is_last"] is True
    assert Portal.objects.get().missing == ["plan:bizproc"]
    assert len(end["notes"]) == 1
    assert "Robots do not work" in str(end["notes"][0]) or "Роботы" in str(end["notes"][0])


def test_a_scope_that_was_not_granted_is_named(world, open_app, client):
    take_scope(world, "im")

    end = run_wizard(client, open_app())

    assert Portal.objects.get().missing == ["scope:im"]
    assert "im" in str(end["notes"][0])


def test_a_step_that_cannot_do_without_says_what_is_missing(world, open_app, client):
    take_scope(world, "disk")
    page = open_app()
    for number in range(3):
        client.post(f"/b24/install/step/{number}", headers=bearer(page))

    answer = client.post(f"/b24/install/step/{3}", headers=bearer(page))

    assert answer.status_code == 403
    assert features.sentences(Portal.objects.get())[0] in answer.json()["message"]


@pytest.mark.parametrize("brief", ["user_basic", "user_brief"])
def test_one_of_two_scopes_that_grant_the_same_is_enough(world, open_app, client, brief):
    take_scope(world, "user_basic", "user_brief")
    world.config = world.auth._config = dataclasses.replace(
        world.config, scopes=(*world.config.scopes, brief)
    )

    run_wizard(client, open_app())

    assert Portal.objects.get().missing == []


def test_what_was_missing_and_came_is_no_longer_told(portal, world, open_app):
    Portal.objects.update(missing=["plan:bizproc"], look_over_at=None, checked_at=None)

    open_app(cast.DIRECTOR)
    tasks.run_due()

    assert Portal.objects.get().missing == []


def test_a_settled_look_costs_one_request(portal, world):
    since = len(world.requests.rows)

    features.look(portal)

    assert len(world.requests.rows) == since + 1
