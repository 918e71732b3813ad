"""Imports run one way: what a newcomer may rely on when reading any file."""

from __future__ import annotations

import ast
from collections.abc import Iterator
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
OURS = set(MAY_REACH) | {"signx", "devportal", "demo", "chaos", "tests"}
# The edge everybody may use; the rest of signx/ knows everyone and is known by nobody.
EDGE = {
    f"signx.{room}"
    for room in ("errors", "vault", "http", "env", "logs", "limits", "tables", "claims", "due_work")
}
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
