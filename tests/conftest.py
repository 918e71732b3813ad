"""The cast of every test: a portal with a director and a clerk, and a second portal that must
see nothing. The other side is devportal itself, in this process, reached over real HTTP requests
that travel through a WSGI adapter instead of a socket.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import pytest
import time_machine
from django.conf import settings as django_settings
from django.core.wsgi import get_wsgi_application
from django.utils import timezone, translation
from hypothesis import HealthCheck, settings
from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter

from bitrix24.installation import wizard
from bitrix24.models import Portal
from bitrix24.rest import client
from bitrix24.wire import transport
from demo import people
from devportal import cast
from devportal.app import create_app
from devportal.web.state import EXTENSION
from devportal.world import Config, World
from devportal.wsgi_adapter import WSGIAdapter
from employees.models import Employee, EmployeeRight, Right
from employees.people.directory import find_employee
from signing import intake
from signx.due_work import DUE_WORK
from tests.journal.database import django_db_modify_db_settings, tables_are_emptied_by_deleting
from tests.snapshots import Way
from tests.tools import program

__all__ = ["django_db_modify_db_settings", "tables_are_emptied_by_deleting"]

# How long an example takes is a property of the machine.
settings.register_profile("signx", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("signx")

run_intake = intake._run_child
APP = "http://signx.test"
PORTAL = "http://vostok.portal.test"
STRANGER = "http://sever.portal.test"
AUTH = "http://oauth.portal.test"


class ByHost(BaseAdapter):
    """Sends a request to the WSGI application that owns its host name."""

    def __init__(self, applications: dict[str, BaseAdapter]) -> None:
        super().__init__()
        self.applications = applications

    def send(self, request: PreparedRequest, *args: object, **kw: object) -> Response:
        for prefix, adapter in self.applications.items():
            if (request.url or "").startswith(prefix):
                return adapter.send(request, *args, **kw)  # type: ignore[arg-type]
        raise AssertionError(f"nobody lives at {request.url}")

    def close(self) -> None:
        pass


# Whole scenarios and large files first: at the end a processor would stand idle beside them.
LONGEST = ["scenarios", "guessing", "signing", "commands", "devportal", "documents", "signer"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def turn(item: pytest.Item) -> int:
        names = {*item.path.parts, item.path.stem.removeprefix("test_")}
        return next((turn for turn, name in enumerate(LONGEST) if name in names), len(LONGEST))

    items.sort(key=turn)


def pytest_collection_finish() -> None:
    """What is loaded now stays: looking for garbage in it costs a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)


@cache
def _cleaned_once(*given: Any) -> Any:
    return run_intake(*given)


@pytest.fixture(autouse=True)
def papers_are_cleaned_once(request: pytest.FixtureRequest, monkeypatch: Any) -> None:
    """Cleaning is bytes in, bytes out, in a process of its own: the same contract of a hundred
    tests needs it once. The tests of the cleaning itself (tests/signing) do without."""
    if "signing" not in request.path.parts:
        monkeypatch.setattr(intake, "_run_child", _cleaned_once)


@cache
def application() -> Any:
    """SIGNX for all tests: it keeps nothing between requests."""
    return get_wsgi_application()


def devportal_of(world: World) -> Any:
    """The same devportal with another world: its routes and templates are compiled once."""
    app = _devportal()
    app.extensions[EXTENSION] = world
    return app


@cache
def _devportal() -> Any:
    return create_app(World(Config()))


@pytest.fixture
def bucket_size() -> int:
    """How many requests a portal takes at once; 0: any number."""
    return 0


@pytest.fixture
def devportal(bucket_size: int) -> Iterator[World]:
    """Two portals, their authorization server, a mailbox; calls both ways stay in this process."""
    world = World(
        Config(
            domain=PORTAL.removeprefix("http://"),
            second_domain=STRANGER.removeprefix("http://"),
            auth_url=AUTH,
            app_url=APP,
            client_id=django_settings.BITRIX24_CLIENT_ID,
            client_secret=django_settings.BITRIX24_CLIENT_SECRET,
            inline=True,
            bucket_size=bucket_size,
        )
    )
    adapter = WSGIAdapter(devportal_of(world))
    transport.reset()
    for url in (PORTAL, STRANGER, AUTH):
        transport.mount(url, adapter)
    world.outgoing.mount(APP, WSGIAdapter(application()))
    world.adapter = adapter  # type: ignore[attr-defined]
    world.untouched = world.snapshot()  # type: ignore[attr-defined]
    yield world
    transport.reset()


@pytest.fixture
def wire(devportal: World) -> BaseAdapter:
    """What a person's browser reaches: the application and the portals."""
    portals = devportal.adapter  # type: ignore[attr-defined]
    app = WSGIAdapter(application())
    return ByHost({APP: app, PORTAL: portals, STRANGER: portals, AUTH: portals})


@pytest.fixture
def vostok(wire: BaseAdapter) -> people.Portal:
    """The first portal as its people use it."""
    return people.Portal(PORTAL, wire)


@pytest.fixture
def sever(wire: BaseAdapter) -> people.Portal:
    """The second portal, which must see nothing of the first."""
    return people.Portal(STRANGER, wire)


def install(desk: people.Portal) -> Portal:
    """The director runs the wizard to its end, as its page's script does."""
    frame = people.Frame(desk, cast.DIRECTOR)
    for number in range(len(wizard.STEPS)):
        frame.http.post(
            f"{APP}/b24/install/step/{number}",
            headers={"Authorization": f"Bearer {frame.token}"},
        ).raise_for_status()
    desk.post("install-finish")
    return portal_of(desk)


def portal_of(desk: people.Portal) -> Portal:
    return Portal.objects.get(domain=desk.url.removeprefix("http://"))


@pytest.fixture
def beginning(transactional_db: None, devportal: World) -> Way:
    """To what this test begins with; a later test finds there without walking."""
    return Way(devportal, devportal.untouched)  # type: ignore[attr-defined]


@pytest.fixture
def portal(beginning: Way, vostok: people.Portal) -> Portal:
    beginning.step("portal", lambda: install(vostok))
    return portal_of(vostok)


@pytest.fixture
def stranger(beginning: Way, sever: people.Portal) -> Portal:
    beginning.step("stranger", lambda: install(sever))
    return portal_of(sever)


@pytest.fixture
def director(portal: Portal) -> Employee:
    return find_employee(portal, cast.DIRECTOR)


@pytest.fixture
def clerk(portal: Portal) -> Employee:
    employee = find_employee(portal, cast.CLERK)
    EmployeeRight.objects.create(employee=employee, right=Right.SEND)
    return employee


@dataclass
class Worker:
    """What the background worker does, one pass at a time, in this thread and at a given time."""

    devportal: World

    def run(self, *, at: datetime | None = None, passes: int = 20) -> int:
        """Runs due work until nothing is due; returns the number of passes. Never waits."""
        for done in range(passes):
            due = [work.run for work in DUE_WORK if work.has_due(at or timezone.now())]
            if not due:
                return done
            for task in due:
                task()
            self.devportal.settle()
        raise AssertionError(f"still due after {passes} passes: {due}")


@pytest.fixture
def worker(devportal: World) -> Worker:
    return Worker(devportal)


@pytest.fixture
def clock() -> Iterator[Callable[..., None]]:
    """Moves the time of SIGNX and of the portal: clock(minutes=5)."""
    with time_machine.travel(timezone.now(), tick=True) as traveller:
        yield lambda **delta: traveller.shift(timedelta(**delta))


@pytest.fixture
def still_clock() -> Iterator[Callable[..., None]]:
    """The same for tests that count seconds: it moves when it is told to, however slow the machine
    is."""
    with time_machine.travel(timezone.now(), tick=False) as traveller:
        yield lambda **delta: traveller.shift(timedelta(**delta))


@pytest.fixture(autouse=True)
def blips_pass_quickly(monkeypatch: Any) -> None:
    """As many pauses, a hundred times shorter: the portal is in this process."""
    monkeypatch.setattr(client, "BLIP_PAUSES_S", tuple(s / 100 for s in client.BLIP_PAUSES_S))


@pytest.fixture(autouse=True)
def source_language(settings: Any) -> Iterator[None]:
    """Nobody chose a language: tests read the source strings. Who wants Russian asks for it."""
    settings.LANGUAGE_CODE = "en"
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def passwords_are_no_secret(settings: Any) -> None:
    """Hashing one takes a quarter of a second, which is its purpose, and none of ours."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="session")
def pdfsig() -> str:
    """poppler's validator, written by other people than ours."""
    return program("pdfsig")
