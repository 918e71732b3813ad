"""Tables that only grow: the database itself refuses UPDATE and DELETE of their rows.

A model says `is_append_only = True`; after every migration the triggers that are missing are
made. After, not in, a migration: SQLite rebuilds a table to change it and drops its triggers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model

MESSAGE = "rows of this table are never changed or deleted"

_FUNCTION = f"""
CREATE OR REPLACE FUNCTION signx_append_only() RETURNS trigger AS $$
BEGIN
    RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation';
END
$$ LANGUAGE plpgsql
"""
_POSTGRESQL = {
    "change": "BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW",
    "truncate": "BEFORE TRUNCATE ON {table} FOR EACH STATEMENT",
}
_SQLITE = {"update": "BEFORE UPDATE ON {table}", "delete": "BEFORE DELETE ON {table}"}


def append_only_models() -> Iterator[type[Model]]:
    return (model for model in apps.get_models() if getattr(model, "is_append_only", False))


def after_migrate(using: str, **_signal: Any) -> None:
    """Receiver of post_migrate."""
    install(connections[using])


def install(connection: BaseDatabaseWrapper) -> None:
    """Make the triggers that are missing; may run any number of times."""
    with connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor))
        there = _existing(connection, cursor)
        if connection.vendor == "postgresql":
            cursor.execute(_FUNCTION)
        for name, table, event in _triggers(connection):
            if table in tables and name not in there:
                cursor.execute(_statement(connection, name, table, event))


def remove(connection: BaseDatabaseWrapper) -> None:
    """Drop the triggers: for emptying a test database, never for the product."""
    with connection.cursor() as cursor:
        there = _existing(connection, cursor)
        for name, table, _event in _triggers(connection):
            if name in there:
                where = f" ON {_quoted(connection, table)}"
                cursor.execute(
                    f"DROP TRIGGER {name}{where if connection.vendor == 'postgresql' else ''}"
                )


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    """Names of triggers that should be there and are not."""
    with connection.cursor() as cursor:
        there = _existing(connection, cursor)
    return [name for name, _table, _event in _triggers(connection) if name not in there]


def _triggers(connection: BaseDatabaseWrapper) -> Iterator[tuple[str, str, str]]:
    """(trigger, table, when) of every trigger there should be."""
    events = _POSTGRESQL if connection.vendor == "postgresql" else _SQLITE
    for model in append_only_models():
        table = model._meta.db_table
        for name, event in events.items():
            yield f"{table}_no_{name}", table, event.format(table=_quoted(connection, table))


def _statement(connection: BaseDatabaseWrapper, name: str, table: str, event: str) -> str:
    if connection.vendor == "postgresql":
        return f"CREATE TRIGGER {name} {event} EXECUTE FUNCTION signx_append_only()"
    return f"CREATE TRIGGER {name} {event} BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"


def _existing(connection: BaseDatabaseWrapper, cursor: Any) -> set[str]:
    cursor.execute(
        "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
        if connection.vendor == "postgresql"
        else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    )
    return {row[0] for row in cursor.fetchall()}


def _quoted(connection: BaseDatabaseWrapper, table: str) -> str:
    return connection.ops.quote_name(table)
