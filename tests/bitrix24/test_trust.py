"""Attacks on the trust between a portal and us: refused, logged, nothing sent, nothing kept."""

from __future__ import annotations

import logging

import pytest
import requests
from requests.adapters import BaseAdapter

from bitrix24 import tasks
from bitrix24.calls import incoming
from bitrix24.models import FrameSession, Portal, PortalToken
from bitrix24.rest import client
from bitrix24.wire import transport
from bitrix24.wire.addresses import netloc
from bitrix24.wire.errors import BitrixError
from devportal import actions, cast, phpform
from devportal.application.auth_block import auth_block
from signx.errors import ErrorCode, SignXError
from tests.bitrix24.conftest import AUTH, DOMAIN

pytestmark = pytest.mark.django_db
# Loopback, the cloud's metadata service, a private network, a name that leads to loopback.
WRONG_PLACES = ["127.0.0.1:9", "169.254.169.254", "10.0.0.1", "localhost"]
# A number needs no name server to be found good: no check of addresses refuses this one.
PUBLIC = "https://95.163.250.1"


class Elsewhere(BaseAdapter):
    """A server of somebody else's: notes what is asked of it and breaks off."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def send(self, request: requests.PreparedRequest, *_args: object, **_kw: object):
        self.asked.append(str(request.url))
        raise requests.ConnectionError("somebody else's server")

    def close(self) -> None:
        pass


def hosts_asked(world, since: int = 0) -> set[str]:
    return {row.host for row in world.requests.rows[since:]}


def endpoints_of(world, monkeypatch, host: str) -> None:
    """The authorization server itself names `host` as the portal's address."""
    monkeypatch.setattr(world.auth, "client_endpoint", lambda portal: f"https://{host}/rest/")


def test_a_forged_installation_is_refused_and_logged(world, open_app, caplog):
    caplog.set_level(logging.WARNING)

    response = open_app(path="/b24/install", changes={"AUTH_ID": "f" * 70})

    assert response.status_code in {401, 403, 502}
    assert "/b24/install" in caplog.text
    assert "f" * 70 not in caplog.text
    assert hosts_asked(world) == {AUTH}
    assert not Portal.objects.exists()
    assert not PortalToken.objects.exists()


def test_an_uninstallation_forged_by_an_employee_destroys_nothing(portal, world, client, caplog):
    tasks.run_due()
    auth = {"member_id": portal.member_id, "application_token": portal.application_token}
    form = phpform.encode({"event": "ONAPPUNINSTALL", "data": {"CLEAN": "1"}, "auth": auth})

    client.post("/b24/events", form, content_type="application/x-www-form-urlencoded")
    tasks.run_due()

    assert "an uninstallation is announced" in caplog.text
    assert Portal.objects.get().status == Portal.Status.ACTIVE
    assert PortalToken.objects.filter(dead_at=None).exists()
    assert FrameSession.objects.exists()


@pytest.mark.parametrize("known", ["installed", "unknown"])
def test_a_call_with_somebody_elses_member_id_is_refused(portal, install, world, known):
    foreign = install(1).member_id if known == "installed" else "0" * 32
    auth = auth_block(world, world.portal, cast.DIRECTOR, with_refresh=True)
    since = len(world.requests.rows)

    with pytest.raises(SignXError) as caught:
        incoming.authenticate({"auth": auth | {"member_id": foreign}})

    assert caught.value.code in {ErrorCode.REQUEST_FORGED, ErrorCode.NOT_FOUND}
    assert hosts_asked(world, since) == set()


@pytest.mark.parametrize("url", [*(f"http://{host}" for host in WRONG_PLACES), PUBLIC])
def test_addresses_in_a_calls_own_words_are_never_used(portal, world, url):
    """Tokens are taken from a call, because the authorization server vouches for them; where they
    would be sent to is not."""
    tasks.run_due()
    elsewhere = Elsewhere()
    transport.mount(f"{url}/", elsewhere)
    auth = auth_block(world, world.portal, cast.DIRECTOR, with_refresh=True) | {
        "client_endpoint": f"{url}/rest/",
        "server_endpoint": f"{url}/rest/",
        "domain": netloc(url),
    }

    incoming.authenticate({"auth": auth})
    actions.fire_event(world, "ONAPPUPDATE", user_id=cast.DIRECTOR, changes=auth)
    world.settle()
    tasks.run_due()
    assert client.call(portal, "profile")

    assert elsewhere.asked == []
    assert PortalToken.objects.get().access_token == auth["access_token"], "the call was heard"
    assert Portal.objects.get().client_endpoint == portal.client_endpoint
    assert hosts_asked(world) <= {AUTH, DOMAIN}


def test_what_listens_elsewhere_hears_whoever_asks(world):
    elsewhere = Elsewhere()
    transport.mount(f"{PUBLIC}/", elsewhere)

    with pytest.raises(BitrixError):
        transport.get(f"{PUBLIC}/rest/app.info")

    assert elsewhere.asked == [f"{PUBLIC}/rest/app.info"]


@pytest.mark.parametrize("host", WRONG_PLACES)
def test_a_portal_at_a_private_address_is_not_installed(world, open_app, monkeypatch, caplog, host):
    endpoints_of(world, monkeypatch, host)

    response = open_app(path="/b24/install", domain=host)

    assert response.status_code in {403, 502}
    assert "refused" in caplog.text
    assert hosts_asked(world) == {AUTH}
    assert not Portal.objects.exists()


@pytest.mark.parametrize("host", WRONG_PLACES)
def test_a_portal_cannot_move_to_a_private_address(portal, world, monkeypatch, caplog, host):
    """The answer of a refresh names where the portal lives now."""
    endpoints_of(world, monkeypatch, host)
    world.auth.expire(PortalToken.objects.get().access_token)

    assert client.call(portal, "profile")

    assert Portal.objects.get().client_endpoint == portal.client_endpoint
    assert "refused" in caplog.text
    assert hosts_asked(world) <= {AUTH, DOMAIN}


def test_what_stands_in_the_database_is_checked_again_at_every_request(portal):
    Portal.objects.update(client_endpoint="https://169.254.169.254/rest/")

    with pytest.raises(BitrixError) as caught:
        client.call(Portal.objects.get(), "profile")

    assert caught.value.bitrix_code == "ADDRESS_REFUSED"
