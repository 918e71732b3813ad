"""The test database: a file, so that threads may share it; emptied in spite of append-only tables.

Import both fixtures into a conftest.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from journal import append_only

_TRANSACTIONAL = {"transactional_db", "live_server", "django_db_reset_sequences"}


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """SQLite in memory is one connection in disguise: it answers «locked» instead of waiting."""
    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        folder: Path = tmp_path_factory.mktemp("database")
        database.setdefault("TEST", {})["NAME"] = str(folder / "signx.sqlite3")


@pytest.fixture(autouse=True)
def append_only_steps_aside(
    request: pytest.FixtureRequest, _django_db_marker: None
) -> Iterator[None]:
    """Transactional tests end by emptying every table, which append-only tables refuse.

    Their triggers step aside for that moment; the flush ends in post_migrate, which makes them
    anew.
    """
    marker = request.node.get_closest_marker("django_db")
    by_marker = marker is not None and marker.kwargs.get("transaction", False)
    by_fixture = bool(_TRANSACTIONAL & set(request.fixturenames))
    if not (by_marker or by_fixture):
        yield
        return
    # After the database is set up, so that our end comes before its flush.
    request.getfixturevalue("_django_db_helper")
    yield
    append_only.remove(connection)
