"""Which tests run on PostgreSQL too: those of concurrency, and enough to send it every statement.

The run on SQLite writes down which statements each test makes the product send, from where, and
which of them the database refuses. The run on PostgreSQL takes every test whose threads share the
database and every one that is marked `databases`, and of the others the cheapest that together send
all the rest. So no list of tests is kept by hand, and no query is forgotten.

The mark is for what statements do not show: several processes, and answers that depend on the
database although the statement is the same (the order of letters, upper and lower case).

    --statements=FOLDER         write down what every test sends
    --covering=FOLDER           run what has to run on another database
"""

from __future__ import annotations

import heapq
import json
import os
import re
import sys
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError
from django.db.backends.signals import connection_created

ROOT = Path(__file__).resolve().parent.parent
APPS = ("signx", "bitrix24", "outbox", "journal", "employees", "documents", "robots")
OURS = tuple(f"{ROOT / app}{os.sep}" for app in APPS)
# However many rows are asked for or written at once, and whatever a savepoint is called.
_MANY = re.compile(r"\((?:%s|NULL)(?:, (?:%s|NULL))*\)(?:, \((?:%s|NULL)(?:, (?:%s|NULL))*\))*")
_TURNS = ("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN", "COMMIT")
# Beside its own seconds, what beginning a test costs.
_OVERHEAD_S = 0.05


class Recorder:
    """Statements and seconds of each test of this process."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / f"{os.environ.get('PYTEST_XDIST_WORKER', 'main')}.json"
        self._statements: defaultdict[str, set[str]] = defaultdict(set)
        self._seconds: Counter[str] = Counter()
        self._threads: defaultdict[str, set[int]] = defaultdict(set)
        self._test = ""
        connection_created.connect(self._listen)

    def _listen(self, connection: Any, **_signal: object) -> None:
        if self._note not in connection.execute_wrappers:
            connection.execute_wrappers.append(self._note)

    def _note(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        place = "" if sql.startswith(_TURNS) else _place()
        statement = f"{place} {_MANY.sub('(...)', sql)}"
        if place:
            self._statements[self._test].add(statement)
            self._threads[self._test].add(threading.get_ident())
        try:
            return execute(sql, params, many, context)
        except DatabaseError as refusal:
            kind = type(refusal).__name__
            self._statements[self._test].add(f"{statement} refused: {kind}")
            raise

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        self._test = item.nodeid

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._seconds[report.nodeid] += report.duration

    def pytest_sessionfinish(self) -> None:
        rows = {
            test: {
                "seconds": self._seconds[test],
                "statements": sorted(statements),
                "threads": len(self._threads[test]),
            }
            for test, statements in self._statements.items()
        }
        self._file.write_text(json.dumps(rows), "utf-8")


def _place() -> str:
    """The line of the product that sends a statement; "" for a test's own."""
    frame = sys._getframe(2)
    while frame := frame.f_back:  # type: ignore[assignment]
        name = frame.f_code.co_filename
        if name.startswith(OURS) and f"{os.sep}migrations{os.sep}" not in name:
            return f"{Path(name).relative_to(ROOT)}:{frame.f_lineno}"
    return ""


def covering(tests: dict[str, tuple[float, set[str]]], chosen: Iterable[str]) -> set[str]:
    """`chosen`, and of the other tests (seconds, statements) the cheapest that send all the rest.

    Always the one that sends most that is new for its time, which is near the best there is.
    """
    wanted = set(chosen)
    sent = set().union(*(tests[test][1] for test in wanted & tests.keys()))
    # What a test adds only shrinks: one that is still the best when looked at again is the best.
    queue = [(-float("inf"), test) for test in sorted(tests)]
    heapq.heapify(queue)
    while queue:
        _promised, test = heapq.heappop(queue)
        seconds, statements = tests[test]
        if not (new := statements - sent):
            continue
        worth = -len(new) / (seconds + _OVERHEAD_S)
        if queue and worth > queue[0][0]:
            heapq.heappush(queue, (worth, test))
            continue
        wanted.add(test)
        sent |= new
    return wanted


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("databases")
    group.addoption("--statements", type=Path, help="folder: what every test sends")
    group.addoption("--covering", type=Path, help="run what has to run on another database")


def pytest_configure(config: pytest.Config) -> None:
    folder = config.getoption("--statements")
    # The process that only hands tests to others runs none itself.
    if folder and (hasattr(config, "workerinput") or not config.getoption("numprocesses", None)):
        config.pluginmanager.register(Recorder(folder))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    folder = config.getoption("--covering")
    if not folder:
        return
    known = {}
    for file in folder.glob("*.json"):
        known |= json.loads(file.read_text("utf-8"))
    chosen = {item.nodeid for item in items if item.get_closest_marker("databases")}
    here = {item.nodeid: item for item in items}
    chosen |= {
        test
        for test, row in known.items()
        # The threads of a server wait for its browser, not for each other.
        if row["threads"] > 1 and test in here and not here[test].get_closest_marker("browser")
    }
    tests = {
        test: (row["seconds"], set(row["statements"]))
        for test, row in known.items()
        if test in here
    }
    wanted = covering(tests, chosen)
    config.hook.pytest_deselected(items=[item for item in items if item.nodeid not in wanted])
    items[:] = [item for item in items if item.nodeid in wanted]
