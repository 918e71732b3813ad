"""A pytest plugin that tries mutants instead of running the tests it has collected.

Everything is loaded once: Django, the schema, the tests. Each mutant gets a child of this process
and a fresh copy of the database, and meets the tests that run its line until one of them fails.
It is in the file on the disk too, for the processes that tests start.
"""

from __future__ import annotations

import importlib
import json
import os
import select
import signal
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from pytest_django.plugin import blocking_manager_key

from mutants.graft import graft

KILLED, SURVIVED, UNSEEN = "killed", "survived", "no test runs it"
# A test that takes so much longer than it did is a test that fails.
SLOWER = 5
AT_LEAST_S = 20
TRIES = 3
PASSED, CRASH = "passed", "a crash"


@dataclass(frozen=True)
class Trial:
    """`after`: the mutated source; `tests` in the order in which they are asked."""

    key: str
    path: str
    after: str
    tests: list[str]
    seconds: float


class Judge:
    def __init__(self, plan: Path, verdicts: Path) -> None:
        self.trials = [Trial(**each) for each in json.loads(plan.read_text())]
        self.verdicts = verdicts
        self.items: dict[str, pytest.Item] = {}
        self.acquitting: dict[str, bool] = {}
        self.failed = ""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self.items = {item.nodeid: item for item in session.items}
        self.last = session.items[-1]
        self.blocker = session.config.stash[blocking_manager_key]
        self._make_database(session)
        session.config.pluginmanager.unregister(name="terminalreporter")
        capture: Any = session.config.pluginmanager.getplugin("capturemanager")
        with capture.global_and_fixture_disabled():
            for number, trial in enumerate(self.trials, 1):
                verdict = self._verdict(trial)
                with self.verdicts.open("a") as file:
                    file.write(json.dumps({"key": trial.key} | verdict) + "\n")
                print(f"{number}/{len(self.trials)} {verdict['verdict']} {trial.key}", flush=True)
        self._drop_template()
        return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed = report.nodeid

    def _verdict(self, trial: Trial) -> dict[str, Any]:
        started = time.monotonic()
        tests = [test for test in trial.tests if self.acquitting.get(test, True)]
        while True:
            killer = self._run(tests, trial.seconds, trial)
            if killer == CRASH:  # of the mutant or of the machine: once more
                killer = self._run(tests, trial.seconds, trial)
            if killer is None or killer not in self.items or self._is_sure(killer, trial):
                break
            tests = tests[tests.index(killer) + 1 :]
        seconds = round(time.monotonic() - started, 1)
        return {"verdict": KILLED if killer else SURVIVED, "by": killer or "", "seconds": seconds}

    def _is_sure(self, test: str, trial: Trial) -> bool:
        """Whether it fails alone too, and not without the mutant. Where several act at once it is
        a matter of luck: three tries."""
        if test not in self.acquitting:
            self.acquitting[test] = self._run([test], trial.seconds, None) is None
        return self.acquitting[test] and any(
            self._run([test], trial.seconds, trial) for _try in range(TRIES)
        )

    def _run(self, tests: list[str], seconds: float, trial: Trial | None) -> str | None:
        """The test that failed; None when all passed."""
        self._renew_database()
        file = Path(trial.path) if trial else None
        before = file.read_text() if file else ""
        if file and trial:
            _write(file, trial.after)
        sys.stdout.flush()
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            os.close(reading)
            self._be_child(tests, writing, trial, before)
        os.close(writing)
        try:
            return _answer(child, reading, AT_LEAST_S + SLOWER * seconds)
        finally:
            os.close(reading)
            if file:
                _write(file, before)

    def _be_child(self, tests: list[str], out: int, trial: Trial | None, before: str) -> None:
        said = CRASH
        try:
            os.setsid()
            nowhere = os.open(os.devnull, os.O_RDWR)
            for number in (0, 1, 2):
                os.dup2(nowhere, number)
            said = self._failing(tests, trial, before)
        finally:
            os.write(out, (said or PASSED).encode())
            os._exit(0)

    def _failing(self, tests: list[str], trial: Trial | None, before: str) -> str:
        if trial is not None:
            module = importlib.import_module(trial.path.removesuffix(".py").replace("/", "."))
            try:
                graft(module, before, trial.after)
            except Exception:
                return "the module does not load"
        for test in tests:
            item = self.items[test]
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=self.last)
            if self.failed:
                return test
        return ""

    def _make_database(self, session: pytest.Session) -> None:
        """As pytest-django does, by running one test; then a copy to begin from each time."""
        with_database = [i for i in session.items if "django_db_setup" in _fixtures(i)]
        self.database = ""
        if not with_database:
            return
        first = with_database[0]
        first.config.hook.pytest_runtest_protocol(item=first, nextitem=self.last)
        self.database = str(connections["default"].settings_dict["NAME"])
        self._drop_template()
        connections.close_all()
        self._maintain(f'CREATE DATABASE "{self.database}_whole" TEMPLATE "{self.database}"')

    def _renew_database(self) -> None:
        if self.database:
            connections.close_all()
            self._maintain(
                f'DROP DATABASE "{self.database}" WITH (FORCE)',
                f'CREATE DATABASE "{self.database}" TEMPLATE "{self.database}_whole"',
            )

    def _drop_template(self) -> None:
        if self.database:
            self._maintain(f'DROP DATABASE IF EXISTS "{self.database}_whole"')

    def _maintain(self, *statements: str) -> None:
        default: Any = connections["default"]
        with self.blocker.unblock(), default._nodb_cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)


def _fixtures(item: pytest.Item) -> list[str]:
    names: list[str] = getattr(item, "fixturenames", [])
    return names + ["django_db_setup" for _ in item.iter_markers("django_db")]


def _write(file: Path, source: str) -> None:
    """With another time than ever before: Python tells stale bytecode by seconds and length."""
    file.write_text(source)
    _write.moment += 10  # type: ignore[attr-defined]
    os.utime(file, (_write.moment, _write.moment))  # type: ignore[attr-defined]


_write.moment = int(time.time()) - 10_000_000  # type: ignore[attr-defined]


def _answer(child: int, reading: int, patience_s: float) -> str | None:
    ready, _, _ = select.select([reading], [], [], patience_s)
    said = os.read(reading, 4096).decode() if ready else "the time is over"
    # A child that a signal has ended says nothing.
    said = said or CRASH
    with suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    with suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None if said == PASSED else said


def pytest_configure(config: pytest.Config) -> None:
    plan, verdicts = os.environ["MUTANTS_PLAN"], os.environ["MUTANTS_VERDICTS"]
    config.pluginmanager.register(Judge(Path(plan), Path(verdicts)))
