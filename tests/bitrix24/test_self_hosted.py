"""Bitrix24 on a company's own server: plain http, a port, an older version."""

from __future__ import annotations

import pytest

from bitrix24 import tasks
from bitrix24.models import HeldCall, Portal
from bitrix24.rest import client
from bitrix24.wire import transport
from devportal import actions, cast
from devportal.app import create_app
from devportal.application.auth_block import auth_block
from devportal.wsgi_adapter import WSGIAdapter
from signx.env import Host
from tests.bitrix24.conftest import OWN_STEPS, bearer

pytestmark = pytest.mark.django_db
OWN = "crm.corp.test:8080"


@pytest.fixture
def own_server(world, settings):
    """The first portal on the company's server."""
    settings.SELF_HOSTED_PORTALS = settings.SELF_HOSTED_PORTALS | {OWN: Host(OWN, "10.0.0.5")}
    world.portal.domain = OWN
    transport.mount(f"http://{OWN}/", WSGIAdapter(create_app(world)))
    return world


def run_wizard(client, page) -> None:
    for number in range(len(OWN_STEPS)):
        answer = client.post(f"/b24/install/step/{number}", headers=bearer(page))
        assert answer.status_code == 200, answer.content


def test_http_and_a_port_are_served(own_server, open_app, client):
    page = open_app()

    run_wizard(client, page)

    portal = Portal.objects.get()
    assert portal.client_endpoint == f"http://{OWN}/rest/"
    assert portal.status == Portal.Status.ACTIVE
    assert f"frame-ancestors http://{OWN}" in page.headers["Content-Security-Policy"]


def test_an_authorization_server_that_leaves_the_port_out_is_understood(
    own_server, open_app, monkeypatch
):
    real = own_server.auth.app_info

    def without_port(*asked):
        answer = real(*asked)
        answer["install"]["domain"] = "crm.corp.test"
        return answer

    monkeypatch.setattr(own_server.auth, "app_info", without_port)

    assert open_app().status_code == 200


def test_an_unlisted_server_is_not(world, open_app):
    world.portal.domain = OWN

    assert open_app().status_code == 502
    assert not Portal.objects.exists()


@pytest.fixture
def older(world, open_app, client) -> Portal:
    """Installed from a version that gives the frame no application_token."""
    world.ways.choose({"entry_keys": "old"})
    run_wizard(client, open_app())
    portal = Portal.objects.get()
    assert portal.application_token == ""
    return portal


def test_an_older_portal_tells_its_token_by_the_installation_event(older, world):
    actions.finish_install(world)
    world.settle()
    tasks.run_due()

    assert Portal.objects.get().application_token == world.portal.application_token


def payment(world, user_id: int, **changes: str | None) -> int:
    """The status of an event that carries tokens of a person."""
    auth = auth_block(world, world.portal, user_id, with_refresh=True) | changes
    world.portal.app.is_installed = True
    actions.fire_event(world, "ONAPPPAYMENT", changes=auth)
    world.settle()
    return world.sent[-1].status or 0


def test_an_older_portal_whose_event_was_lost_tells_it_by_any_call(older, world):
    assert payment(world, cast.DIRECTOR) == 200
    tasks.run_due()

    assert Portal.objects.get().application_token == world.portal.application_token


@pytest.mark.parametrize(
    ("whose", "status"), [("employee", 200), ("stranger", 200), ("nobody", 403)]
)
def test_nobody_else_can_tell_it(older, world, whose, status):
    changes: dict[str, str | None] = {"application_token": "e" * 32}
    if whose == "stranger":
        token = world.auth.issue(world.other_portal, cast.DIRECTOR).access_token
        changes |= {"access_token": token}
    if whose == "nobody":
        changes |= {"access_token": None}

    assert payment(world, cast.CLERK, **changes) == status
    tasks.run_due()

    assert Portal.objects.get().application_token == ""
    assert not HeldCall.objects.exists()


def test_calls_to_an_older_portal_go_on(older):
    assert int(client.call(older, "profile")["ID"]) == cast.DIRECTOR
