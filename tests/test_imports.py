"""Imports run one way: what a newcomer may rely on when reading any file."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
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
HOUSE = [*sorted(MAY_REACH), "signx", "devportal", "demo", "chaos", "bench", "mutants"]
OURS = set(MAY_REACH) | {"signx", "devportal", "demo", "chaos", "tests"}
# The edge everybody may use; the rest of signx/ knows everyone and is known by nobody.
EDGE = {
    f"signx.{room}"
    for room in ("errors", "vault", "http", "env", "logs", "limits", "tables", "claims", "due_work")
}
# The rooms of an app, from the highest: a file may use its own room and those after it.
ROOMS = {
    "outbox": (
        "apps wiring admin tasks mail sms sms_gateways services kinds backoff base causes models"
    ),
    "bitrix24": (
        "apps wiring urls admin tasks templatetags frame senders installation calls rest tokens "
        "wire news models"
    ),
    "journal": (
        "apps wiring pages admin management services export sentences actors chain append_only "
        "events models"
    ),
    "employees": "apps wiring pki_urls management pages admin signatures people balances models",
    "signing": (
        "registry baseline papers placement cleaning pages viewing intake paper embedded provider "
        "verify verification child nursery keys fonts geometry base hashes streebog"
    ),
    "documents": (
        "apps wiring frame_urls public_urls api_urls admin templatetags tasks drafts desk after "
        "signer proof news crm core access models"
    ),
    "robots": (
        "apps wiring management admin urls frame_urls views frame_views templatetags tasks wiping "
        "services registration registry catalog calls outputs base models parameters words"
    ),
}
# A room that stands higher than the rest of its app: it may reach these apps too.
HIGHER = {"journal.pages": {"employees", "signing"}}
MOST_MODULES = 16


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def files(folder: str) -> Iterator[Path]:
    yield from sorted((ROOT / folder).rglob("*.py"))


def room_of(path: Path) -> str:
    """ "news" of documents/news/replies.py, "tasks" of documents/tasks.py."""
    return path.relative_to(ROOT).parts[1].removesuffix(".py")


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@pytest.mark.parametrize("app", sorted(MAY_REACH))
def test_an_app_reaches_only_what_stands_below_it(app):
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in files(app)
        for name in imports(path)
        if (top := name.split(".")[0]) in OURS - {app, "signx"}
        and top not in MAY_REACH[app] | HIGHER.get(f"{app}.{room_of(path)}", set())
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


@pytest.mark.parametrize("app", sorted(ROOMS))
def test_rooms_of_an_app_import_only_downwards(app):
    order = ROOMS[app].split()
    wrong = []
    for path in files(app):
        room = room_of(path)
        if room in {"__init__", "migrations"}:
            continue
        assert room in order, f"say in ROOMS where {room} of {app} stands"
        higher = {f"{app}.{name}" for name in order[: order.index(room)]}
        wrong += [
            f"{path.relative_to(ROOT)} imports {name}"
            for name in imports(path)
            if ".".join(name.split(".")[:2]) in higher
        ]

    assert wrong == []


def test_no_imports_go_in_a_circle():
    """Late imports inside functions count: they would only hide a circle."""
    modules = {module_of(path): path for app in HOUSE for path in files(app)}
    graph = {
        name: {found for found in imports(path) if found in modules and found != name}
        for name, path in modules.items()
    }
    sorter = TopologicalSorter(graph)

    assert len(modules) > 300
    sorter.prepare()  # raises CycleError and names the circle


@pytest.mark.parametrize("app", HOUSE)
def test_no_folder_holds_more_than_a_reader_can_overlook(app):
    folders = {path.parent for path in files(app)}
    crowded = {
        str(folder.relative_to(ROOT)): count
        for folder in folders
        if folder.name != "migrations"
        and (count := sum(path.name != "__init__.py" for path in folder.glob("*.py")))
        > MOST_MODULES
    }

    assert folders
    assert crowded == {}


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
