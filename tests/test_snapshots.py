"""A portal that was found again equals one that was installed."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as project

from bitrix24.models import Portal
from demo import people
from devportal import actions, cast
from devportal.world import HAPPENED, LASTING, World
from employees.people.directory import find_employee
from robots.services import switch_robot
from tests import snapshots
from tests.conftest import install
from tests.journal.database import _empty
from tests.snapshots import Way, rows_of_all_tables


@pytest.fixture(autouse=True)
def _nobody_was_here(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path) -> None:
    monkeypatch.setattr(snapshots, "_beginnings", {})
    monkeypatch.setattr(snapshots, "LONGEST_S", 600)  # however busy the machine is
    settings.MEDIA_ROOT = tmp_path


def as_data(part: Any, world: World) -> Any:
    """What a part of a world holds, down to plain values that can be compared."""
    if any(part is getattr(world, name) for name in LASTING) or isinstance(part, type | Enum):
        return repr(part) if isinstance(part, type | Enum) else type(part).__name__
    if isinstance(part, dict):
        return {key: as_data(value, world) for key, value in part.items()}
    if isinstance(part, str | bytes | int | float | None):
        return part
    if isinstance(part, list | tuple | set | frozenset):
        rows = [as_data(value, world) for value in part]
        return rows if isinstance(part, list | tuple) else sorted(map(repr, rows))
    if hasattr(part, "__dict__") or hasattr(type(part), "__slots__"):
        names = [*vars(part)] if hasattr(part, "__dict__") else [*type(part).__slots__]
        return type(part), {name: as_data(getattr(part, name), world) for name in names}
    return repr(part)


def happened(snapshot: bytes) -> dict[str, Any]:
    world = World()
    world.restore(snapshot)
    return {name: as_data(getattr(world, name), world) for name in HAPPENED}


def walk_all(way: Way, steps: dict[str, Any]) -> list[tuple[bool, Any, Any]]:
    """Whether each step was walked, and what was there at its end."""
    ends = [(way.step(*one), rows_of_all_tables(), way.world.snapshot()) for one in steps.items()]
    return [(was_walked, rows, happened(snapshot)) for was_walked, rows, snapshot in ends]


def start_again(world: World) -> Way:
    """The next test: nothing in the database, nothing in devportal."""
    _empty("default")
    world.reset()
    return Way(world, world.snapshot())


@pytest.fixture
def steps(vostok: people.Portal, sever: people.Portal) -> dict[str, Any]:
    def switch_on() -> None:
        portal = Portal.objects.get()
        switch_robot(portal, "signx_send", True, by=find_employee(portal, cast.DIRECTOR))

    return {"portal": lambda: install(vostok), "robot": switch_on, "other": lambda: install(sever)}


def test_rows_and_portal_are_as_after_the_wizard(
    beginning: Way, devportal: World, steps: dict[str, Any]
) -> None:
    walked = walk_all(beginning, steps)
    found = walk_all(start_again(devportal), steps)

    assert [was_walked for was_walked, *_rest in walked] == [True, True, True]
    assert [was_walked for was_walked, *_rest in found] == [False, False, False]
    assert [rest for _walked, *rest in found] == [rest for _walked, *rest in walked]


def test_a_step_leaves_nothing_outside_of_rows_and_portal(
    beginning: Way, devportal: World, steps: dict[str, Any]
) -> None:
    for one in steps.items():
        beginning.step(*one)

    assert not [*Path(project.MEDIA_ROOT).rglob("*")]
    assert not devportal.mailbox.letters()
    assert devportal.settle() == 0


def test_life_goes_on_after_a_step_that_was_found(
    beginning: Way, devportal: World, vostok: people.Portal
) -> None:
    beginning.step("portal", lambda: install(vostok))
    handlers = [*devportal.portal.app.handlers]
    start_again(devportal).step("portal", lambda: install(vostok))

    frame = people.Frame(vostok, cast.CLERK)
    again = install(vostok)

    assert frame.token
    assert again.status == Portal.Status.ACTIVE
    assert Portal.objects.count() == 1
    assert devportal.portal.app.handlers == handlers


@pytest.mark.parametrize("change", ["row", "portal", "setting", "language", "clock", "age"])
def test_whoever_comes_from_elsewhere_walks(
    beginning: Way,
    devportal: World,
    vostok: people.Portal,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    change: str,
) -> None:
    beginning.step("portal", lambda: install(vostok))
    next_way = start_again(devportal)
    if change == "row":
        Portal.objects.create(member_id="5", domain="other.portal.test")
    if change == "portal":
        devportal.portal.crm[2, cast.DEAL_MAIN]["title"] = "Другая"
    if change == "setting":
        settings.FREE_SIGNATURES = 1
    if change == "language":
        settings.LANGUAGE_CODE = "ru"
    if change == "clock":
        actions.advance(devportal, 60)
    if change == "age":
        monkeypatch.setattr(snapshots, "LONGEST_S", -1)

    assert next_way.step("portal", lambda: install(vostok))
    assert Portal.objects.get(domain=vostok.url.removeprefix("http://")).language


def test_what_was_chosen_before_the_first_step_counts(
    beginning: Way, devportal: World, vostok: people.Portal
) -> None:
    beginning.step("portal", lambda: install(vostok))
    start_again(devportal)
    untouched = devportal.snapshot()
    devportal.ways.choose({"deleted_status": "410"})

    assert Way(devportal, untouched).step("portal", lambda: install(vostok))
