"""Imports run one way: what a newcomer may rely on when reading any file."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Each app may reach itself and what stands here.
MAY_REACH = {
    "outbox": set(),
    "bitrix24": {"outbox"},
    "journal": {"bitrix24", "outbox"},
    "employees": {"journal", "bitrix24", "outbox", "signing"},
    "signing": set(),
    "documents": {"employees", "journal", "bitrix24", "outbox", "signing"},
    "robots": {"documents", "employees", "journal", "bitrix24", "outbox", "signing"},
}
OURS = set(MAY_REACH) | {"signx", "devportal", "demo", "chaos", "bench", "tests"}
# The edge everybody may use; the rest of signx/ knows everyone and is known by nobody.
EDGE = {f"signx.{room}" for room in ("errors", "vault", "http", "env", "logs", "limits", "tables")}
# Packages without circles of imports, whose rooms are small enough to look over.
ORDERLY = ["bench", "chaos", "demo", "devportal"]
MOST_MODULES = 16
# Inside an app a room may use only rooms to its right.
ROOMS = ["views", "api", "admin", "tasks", "services", "flow", "models"]


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def files(folder: str) -> Iterator[Path]:
    yield from sorted((ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize("app", sorted(MAY_REACH))
def test_an_app_reaches_only_what_stands_below_it(app):
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in files(app)
        for name in imports(path)
        if (top := name.split(".")[0]) in OURS - {app, "signx"} and top not in MAY_REACH[app]
    ]

    assert wrong == []


@pytest.mark.parametrize("app", sorted(MAY_REACH))
def test_an_app_uses_only_the_edge_of_signx(app):
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in files(app)
        for name in imports(path)
        if name.startswith("signx.") and ".".join(name.split(".")[:2]) not in EDGE
    ]

    assert wrong == []


@pytest.mark.parametrize("app", sorted(set(MAY_REACH) - {"signing"}))
def test_rooms_of_an_app_import_only_to_the_right(app):
    wrong = []
    for place, room in enumerate(ROOMS):
        lower = {f"{app}.{name}" for name in ROOMS[:place]}
        for path in [*(ROOT / app).glob(f"{room}.py"), *(ROOT / app / room).glob("*.py")]:
            wrong += [f"{path} imports {name}" for name in imports(path) if name in lower]

    assert wrong == []


def test_signing_knows_no_database_and_no_request():
    forbidden = ("django.db", "django.http", "django.conf", "requests")
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in files("signing")
        for name in imports(path)
        if name.startswith(forbidden)
    ]

    assert wrong == []


def test_devportal_knows_nothing_of_signx():
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in files("devportal")
        for name in imports(path)
        if name.split(".")[0] in OURS - {"devportal"} | {"django"}
    ]

    assert wrong == []


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def import_graph(packages: list[str]) -> dict[str, set[str]]:
    """Modules and which of the others each imports.

    An import inside a function or for annotations counts like any other: put there to break a
    circle, it only hides it.
    """
    paths = {module_name(path): path for package in packages for path in files(package)}
    return {name: imported_of(path, set(paths)) for name, path in paths.items()}


def imported_of(path: Path, known: set[str]) -> set[str]:
    """`from devportal.rest import gate` reaches the module, not the package around it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= names if names <= known else {*names, node.module}
    return found & known


def test_no_module_is_imported_by_what_it_imports():
    try:
        TopologicalSorter(import_graph(ORDERLY)).prepare()
    except CycleError as error:
        pytest.fail(" is imported by ".join(error.args[1]))


@pytest.mark.parametrize("package", ORDERLY)
def test_a_room_holds_few_modules(package):
    rooms = Counter(path.parent for path in files(package) if path.stem != "__init__")

    assert {room: count for room, count in rooms.items() if count > MOST_MODULES} == {}
