"""The test database: a file, so that threads may share it; emptied in spite of append-only tables.

Import the fixtures into a conftest.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management.commands import flush
from django.db import DEFAULT_DB_ALIAS, connections, transaction

from journal import append_only

# Made by migrations, the same for every test.
_KEPT = {"django_content_type", "auth_permission"}


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """SQLite in memory is one connection in disguise: it answers «locked» instead of waiting."""
    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        folder: Path = tmp_path_factory.mktemp("database")
        database.setdefault("TEST", {})["NAME"] = str(folder / "signx.sqlite3")


@pytest.fixture(scope="session", autouse=True)
def tables_are_emptied_by_deleting() -> Iterator[None]:
    """Django's own way makes the files of all tables anew on PostgreSQL, 0.17 s for a few rows,
    and then everything that migrations make; and append-only tables refuse it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flush.Command, "handle", lambda _self, **options: _empty(options["database"]))
        yield


@cache
def tables(alias: str = DEFAULT_DB_ALIAS) -> list[str]:
    """Those that tests write to."""
    names: Any = connections[alias].introspection.django_table_names(only_existing=True)
    return sorted(set(names) - _KEPT)


def _empty(alias: str) -> None:
    connection = connections[alias]
    append_only.remove(connection)
    # Foreign keys are looked at when the transaction ends: the order of the tables is no matter.
    with transaction.atomic(using=alias), connection.cursor() as cursor:
        for table in tables(alias):
            cursor.execute(f"DELETE FROM {connection.ops.quote_name(table)}")  # noqa: S608
    append_only.install(connection)
