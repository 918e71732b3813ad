"""A whole SIGNX for one scenario: portal, web and worker as real processes with real SMTP."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import environ
import psycopg
import pytest

from bitrix24.models import Portal
from demo.stack import Stack
from demo.story import Story
from documents.models import PortalSettings
from tests import factories
from tests.scenarios.browser import Browsers, browsers
from tests.scenarios.site import Site, site


@pytest.fixture
def database_url() -> Iterator[str]:
    """A database of its own on the server under test; empty = SQLite in the stack's folder."""
    server = os.environ.get("DATABASE_URL", "")
    if not server.startswith("postgres"):
        yield ""
        return
    name = f"stack_{secrets.token_hex(4)}"
    with _admin(server) as admin:
        admin.execute(f"CREATE DATABASE {name}")  # type: ignore[call-overload]
    head, _, _database = server.rpartition("/")
    yield f"{head}/{name}"
    with _admin(server) as admin:
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")  # type: ignore[call-overload]


def _admin(server: str) -> psycopg.Connection:
    config = environ.Env.db_url_config(server)
    return psycopg.connect(
        host=config["HOST"],
        port=config["PORT"] or None,
        user=config["USER"],
        password=config["PASSWORD"] or None,
        dbname=config["NAME"],
        autocommit=True,
    )


@pytest.fixture
def stack_class() -> type[Stack]:
    return Stack


@pytest.fixture
def stack(tmp_path: Path, database_url: str, stack_class: type[Stack]) -> Iterator[Stack]:
    """Portal and application under names that DNS does not know, as far apart as in life."""
    running = stack_class(
        tmp_path / "stack",
        app_host="signx.test",
        portal_host="vostok.portal.test",
        conversion_s=0,
        database_url=database_url,
        app_port=0,
        portal_port=0,
        smtp_port=0,
    )
    running.prepare()
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture
def story(stack: Stack) -> Story:
    return Story(stack)


@pytest.fixture
def people_browsers(tmp_path: Path) -> Iterator[Browsers]:
    with browsers(tmp_path / "browsers") as opened:
        yield opened


@pytest.fixture
def units() -> int:
    """What is on the balance of the office."""
    return 60


@pytest.fixture
def office(transactional_db: None, units: int) -> Portal:
    portal = factories.make_portal(units=units)
    PortalSettings.objects.update_or_create(
        portal=portal, defaults={"organisation": "ООО «Восьмой причал»"}
    )
    return portal


@pytest.fixture
def app(office: Portal, settings: Any) -> Iterator[Site]:
    with site() as running:
        settings.PUBLIC_URL = running.url
        yield running
