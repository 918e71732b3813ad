"""Two portals of the stand-in, reached through its whole web application, and what they opened."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings as project
from django.core import signals
from django.db import close_old_connections
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from bitrix24 import news, tasks
from bitrix24.frame import pages
from bitrix24.installation import wizard
from bitrix24.models import Portal
from bitrix24.wire import transport
from devportal import actions, cast
from devportal.application import frames
from devportal.world import Config, World
from devportal.wsgi_adapter import WSGIAdapter
from signx.env import Host
from tests.bitrix24 import listener
from tests.conftest import application, devportal_of

DOMAIN, STRANGER, AUTH = "vostok.portal.test", "sever.portal.test", "oauth.portal.test"
# The steps of this app, which are the first.
OWN_STEPS = wizard.STEPS[:4]


class InOneTransaction:
    """The application for calls that come inside the test's own transaction: as with Django's
    test client, the end of such a request must not close the connection."""

    def __init__(self) -> None:
        self.application = application()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        ends = (signals.request_started, signals.request_finished)
        for end in ends:
            end.disconnect(close_old_connections)
        try:
            response = self.application(environ, start_response)
            body = list(response)
            response.close()
        finally:
            for end in ends:
                end.connect(close_old_connections)
        return body


@pytest.fixture
def world(settings, monkeypatch) -> Iterator[World]:
    """devportal in this process, in both directions; nothing else can be reached."""
    monkeypatch.setattr(wizard, "STEPS", OWN_STEPS)
    monkeypatch.setattr(news, "LISTENERS", [listener.heard])
    renamed = f"new-{DOMAIN}"
    known = project.SELF_HOSTED_PORTALS
    settings.SELF_HOSTED_PORTALS = known | {renamed: Host(renamed, "127.0.0.1")}
    monkeypatch.setattr(pages, "PAGES", {pages.MAIN: listener.page})
    config = Config(
        domain=DOMAIN,
        second_domain=STRANGER,
        auth_url=f"http://{AUTH}",
        client_id=project.BITRIX24_CLIENT_ID,
        client_secret=project.BITRIX24_CLIENT_SECRET,
        app_url=project.PUBLIC_URL,
        inline=True,
        bucket_size=0,
    )
    new_world = World(config)
    new_world.outgoing.mount(project.PUBLIC_URL, WSGIAdapter(InOneTransaction()))
    transport.reset()
    adapter = WSGIAdapter(devportal_of(new_world))
    for host in (DOMAIN, f"new-{DOMAIN}", STRANGER, AUTH):
        transport.mount(f"http://{host}/", adapter)
    yield new_world
    transport.reset()


@pytest.fixture
def pauses(monkeypatch, time_machine) -> list[float]:
    """Lengths of the pauses that were made. Time stands still but for them; nobody waits."""
    made: list[float] = []
    time_machine.move_to(timezone.now(), tick=False)

    def sleep(seconds: float) -> None:
        made.append(seconds)
        time_machine.shift(seconds)

    monkeypatch.setattr(time, "sleep", sleep)
    return made


@pytest.fixture
def fresh_session() -> Iterator[None]:
    """No connection of another test is used again."""
    transport.reset()
    yield
    transport.reset()


Open = Callable[..., HttpResponse]


@pytest.fixture
def open_app(world: World, client: Client) -> Open:
    """What a person's browser posts when the application is opened; `changes` forge fields."""

    def opened(
        user_id: int = cast.DIRECTOR,
        *,
        where: int = 0,
        path: str = "",
        domain: str = "",
        changes: dict[str, str | None] | None = None,
        **place,
    ) -> HttpResponse:
        portal = world.portals[where]
        entry = frames.open_entry(world, portal, portal.users[user_id], **place)
        url = urlsplit(entry.url)
        query = url.query.replace(portal.domain, domain) if domain else url.query
        fields = entry.fields | (changes or {})
        return client.post(
            f"{path or url.path}?{query}",
            {key: value for key, value in fields.items() if value is not None},
            headers={"Origin": f"http://{portal.domain}"},
        )

    return opened


def bearer(response: HttpResponse) -> dict[str, str]:
    """The session header of a page that was just opened."""
    return {"Authorization": f"Bearer {response.wsgi_request.frame_token}"}


@pytest.fixture
def install(world: World, client: Client, open_app: Open) -> Callable[..., Portal]:
    """The wizard from its opening to installFinish, as the browser runs it."""

    def installed(where: int = 0) -> Portal:
        page = open_app(where=where)
        for number in range(len(OWN_STEPS)):
            answer = client.post(f"/b24/install/step/{number}", headers=bearer(page))
            assert answer.status_code == 200, answer.content
        actions.finish_install(world, world.portals[where])
        world.settle()
        return Portal.objects.get(member_id=world.portals[where].member_id)

    return installed


@pytest.fixture
def portal(install) -> Portal:
    return install()


@pytest.fixture
def settled(portal: Portal) -> Portal:
    """What the installation itself brought is done and told."""
    tasks.run_due()
    listener.HEARD.clear()
    return Portal.objects.get()
