"""A portal where the robots are switched on and the director's signature may be used by them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import requests
from django.core.wsgi import get_wsgi_application
from django.utils import timezone

from bitrix24.models import Portal
from devportal import actions, cast, phpform
from devportal.portals.crm_types import crm_type
from devportal.portals.process import Step
from devportal.processes import robot_calls
from devportal.world import World
from devportal.wsgi_adapter import WSGIAdapter
from employees.models import Employee, SignatureProfile
from robots.registration.switches import switch_robot
from tests.snapshots import Way

APP = "http://signx.test"
# Long enough for every look of a conversion, short enough to stay below its limit.
SECONDS_TO_CONVERT = 6


@pytest.fixture(autouse=True)
def _storage(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def signer(director: Employee) -> Employee:
    """The director, with a signature that support has confirmed and robots may use."""
    month_ago = timezone.now() - timedelta(days=30)
    SignatureProfile.objects.create(
        employee=director,
        state=SignatureProfile.State.CONFIRMED,
        email=director.email,
        robots_allowed=True,
        turned_on_at=month_ago,
        confirmed_at=month_ago,
        confirmed_by="support",
    )
    return director


@pytest.fixture
def robots_on(beginning: Way, portal: Portal, director: Employee) -> Portal:
    def switch_on() -> None:
        for code in ("signx_send", "signx_status"):
            assert switch_robot(portal, code, True, by=director).state == "on"

    beginning.step("robots on", switch_on)
    return portal


@dataclass
class Processes:
    """Starts business processes of one robot and lets SIGNX work until nothing is due."""

    devportal: World
    worker: Any

    def send(self, *, use_subscription: str = "", **inputs: Any) -> Step:
        """Begin with «Отправить документ на подпись»; the usual inputs name what exists."""
        usual = {
            "document": cast.CONTRACT,
            "signer_company": f"user_{cast.DIRECTOR}",
            "signer_counterparty": "{{Контакт > int}}",
            "crm_entity": "{{ID}}",
        }
        return self.begin("signx_send", usual | inputs, use_subscription)

    def status(self, *, use_subscription: str = "", **inputs: Any) -> Step:
        return self.begin("signx_status", inputs, use_subscription)

    def begin(self, code: str, inputs: dict[str, Any], use_subscription: str = "") -> Step:
        step = Step("robot", code, inputs)
        actions.start_process(self.devportal, steps=[step], use_subscription=use_subscription)
        return step


@pytest.fixture
def processes(devportal: World, worker: Any, robots_on: Portal, signer: Employee) -> Processes:
    return Processes(devportal, worker)


@pytest.fixture
def converted(devportal: World) -> World:
    """The portal has made the PDF of every document that it ever will."""
    for document in devportal.portal.documents.values():
        document.conversion_started_at = devportal.clock.now() - 3600
    return devportal


@dataclass
class Caller:
    """Posts robot calls as the portal's queue server does, with any key replaced."""

    devportal: World
    http: requests.Session

    def call(self, code: str = "signx_send", **changes: Any) -> dict[str, Any]:
        """The nested data of a call; `properties`, `event_token`, `auth` … replace its own."""
        portal = self.devportal.portal
        kind = crm_type(2)
        assert kind is not None
        token = robot_calls.new_event_token(portal, "66f0a1b2c3d4e5.10203040", "A4711_1_2_3")
        call = robot_calls.build_call(
            self.devportal,
            portal,
            {"CODE": code, "AUTH_USER_ID": cast.DIRECTOR},
            process_id="66f0a1b2c3d4e5.10203040",
            event_token=token,
            crm_type=kind,
            item_id=cast.DEAL_MAIN,
            properties={},
            use_subscription="Y",
            timeout_s=0,
        )
        call["auth"] |= changes.pop("auth", {})
        return call | changes

    def post(self, call: dict[str, Any], code: str = "signx_send") -> requests.Response:
        return self.http.post(
            f"{APP}/b24/robots/{code}",
            data=phpform.encode(call),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )


@pytest.fixture
def caller(devportal: World) -> Caller:
    session = requests.Session()
    session.mount(APP, WSGIAdapter(get_wsgi_application()))
    return Caller(devportal, session)


Clock = Callable[..., None]
