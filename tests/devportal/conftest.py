"""A world in the process, spoken to over its WSGI application; the clock only moves when told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from devportal import cast
from devportal.clock import Clock
from devportal.world import Config, World
from devportal.wsgi_adapter import WSGIAdapter
from tests.conftest import devportal_of
from tests.devportal.robot_app import RobotApp

START = 1_795_500_000.0
DOMAIN, OTHER_DOMAIN, AUTH_HOST = "vostok.portal.test", "sever.portal.test", "oauth.portal.test"
APP_URL = "http://app.signx.test"

# What a portal's proxy wants to see of those who fetch a file.
BROWSER = {
    "User-Agent": "Mozilla/5.0",
    "Accept-Language": "ru",
    "Referer": f"http://{DOMAIN}/",
}


class Rest:
    """Calls REST methods with one person's token."""

    def __init__(self, http: requests.Session, domain: str, token: str) -> None:
        self.http = http
        self.token = token
        self.base = f"http://{domain}/rest/"

    def answer(self, name: str, /, **params: Any) -> requests.Response:
        return self.http.post(self.base + name, json={"auth": self.token, **params})

    def call(self, name: str, /, **params: Any) -> Any:
        body = self.answer(name, **params).json()
        assert "error" not in body, body
        return body["result"]

    def error(self, name: str, /, **params: Any) -> tuple[int, Any, str]:
        answer = self.answer(name, **params)
        body = answer.json()
        return answer.status_code, body["error"], body["error_description"]


@pytest.fixture
def config() -> Config:
    return Config(
        domain=DOMAIN,
        auth_url=f"http://{AUTH_HOST}",
        app_url=APP_URL,
        inline=True,
        bucket_size=0,
    )


@pytest.fixture
def world(config: Config) -> World:
    return World(config, Clock(lambda: START))


@pytest.fixture
def http(world: World) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.mount("http://", WSGIAdapter(devportal_of(world)))
        session.headers.update(BROWSER)
        yield session


@pytest.fixture
def admin(world: World, http: requests.Session) -> Rest:
    token = world.auth.issue(world.portal, cast.DIRECTOR)
    return Rest(http, DOMAIN, token.access_token)


@pytest.fixture
def clerk(world: World, http: requests.Session) -> Rest:
    token = world.auth.issue(world.portal, cast.CLERK)
    return Rest(http, DOMAIN, token.access_token)


@pytest.fixture
def robot_app(world: World) -> RobotApp:
    app = RobotApp()
    world.outgoing.mount(APP_URL, WSGIAdapter(app))
    return app


def robot(code: str, **changes: Any) -> dict[str, Any]:
    """A registration that the portal accepts."""
    return {
        "CODE": code,
        "HANDLER": f"{APP_URL}/b24/robot",
        "AUTH_USER_ID": cast.DIRECTOR,
        "USE_SUBSCRIPTION": "Y",
        "NAME": {"ru": "Робот", "en": "Robot"},
        "PROPERTIES": {
            "document": {"Name": "Document", "Type": "string", "Required": "Y"},
            "signer_company": {"Name": "Signer", "Type": "user"},
            "signer_counterparty": {"Name": "Other side", "Type": "string"},
            "wait_for": {"Name": "Wait", "Type": "select", "Default": "sent"},
        },
        "RETURN_PROPERTIES": {
            "document_id": {"Name": "Id", "Type": "string"},
            "status_code": {"Name": "Status", "Type": "string"},
        },
        **changes,
    }
