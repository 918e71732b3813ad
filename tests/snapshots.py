"""What many tests begin with is reached by its real way once, and found again afterwards.

A wizard of six steps over HTTP installs a portal. The first test walks it; the rows and the state
of devportal at its end are kept, and the next tests are set down there.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.conf import UserSettingsHolder, settings
from django.db import connection, transaction
from django.utils.translation import get_language

from devportal.world import World
from tests.journal.database import tables

# Tokens, pauses and terms of a snapshot are as after a wizard whose director looked out of the
# window for a moment.
LONGEST_S = 20

Rows = dict[str, set[tuple[Any, ...]]]


@dataclass
class Place:
    """Where a step has ended, and how steps from there have ended."""

    rows: Rows = field(default_factory=dict)
    world: bytes = b""
    began_at: float | None = None
    steps: dict[str, Place] = field(default_factory=dict)

    @property
    def is_fresh(self) -> bool:
        return self.began_at is not None and 0 <= time.time() - self.began_at <= LONGEST_S


# Where tests begin: an empty database, by what each of them has chosen before.
_beginnings: dict[object, Place] = {}


class Way:
    """A test that begins with an empty database and a devportal as it was made."""

    def __init__(self, world: World, untouched: bytes) -> None:
        self.world = world
        self._state = untouched
        self._here: Place | None = None

    def step(self, name: str, walk: Callable[[], object]) -> bool:
        """Be where `walk` leads to; whether it had to be walked.

        The first who comes walks, and whoever has changed anything since the step before: what
        he did is in no snapshot.
        """
        here = self._here or _beginnings.setdefault(_chosen(self.world), Place())
        rows = rows_of_all_tables()
        on_the_way = rows == here.rows and self.world.snapshot() == self._state
        there = here.steps.get(name) if on_the_way else None
        if is_known := there is not None and there.is_fresh:
            put(there.rows, instead_of=rows)
            self.world.restore(there.world)
        else:
            began_at = here.began_at or time.time()
            walk()
            there = Place(rows_of_all_tables(), self.world.snapshot(), began_at)
            if on_the_way:
                here.steps[name] = there
        self._here, self._state = there, self.world.snapshot()
        return not is_known


def _chosen(world: World) -> object:
    """What a test may have decided before its first step, as text."""
    chosen: dict[str, object] = {}
    layer = settings._wrapped
    while isinstance(layer, UserSettingsHolder):
        chosen = {key: value for key, value in vars(layer).items() if key.isupper()} | chosen
        layer = layer.default_settings
    chosen.pop("MEDIA_ROOT", None)  # a folder for each test; no step leaves a file there
    ahead_s = round(world.clock.now() - time.time())
    return repr((sorted(chosen.items()), world.config, ahead_s, get_language()))


def rows_of_all_tables() -> Rows:
    rows: Rows = {}
    with connection.cursor() as cursor:
        for table in tables():
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608
            if found := cursor.fetchall():
                rows[table] = set(found)
    return rows


def put(wanted: Rows, *, instead_of: Rows) -> None:
    """Make the tables hold these rows. Append-only ones only grow, as in life."""
    # Foreign keys are looked at when the transaction ends: the order of the tables is no matter.
    with transaction.atomic(), connection.cursor() as cursor:
        for table in wanted.keys() | instead_of.keys():
            name = connection.ops.quote_name(table)
            rows, there = wanted.get(table, set()), instead_of.get(table, set())
            if there - rows:
                cursor.execute(f"DELETE FROM {name}")  # noqa: S608
                there = set()
            if missing := rows - there:
                marks = ", ".join(["%s"] * len(next(iter(missing))))
                cursor.executemany(f"INSERT INTO {name} VALUES ({marks})", missing)  # noqa: S608
