"""Which tests run which line, and how long each takes: a pytest plugin around one run.

The next run records again only files of tests that changed, or everything when a module did.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Generator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import coverage
import pytest

from mutants.modules import ROOT, paths

RECORD = ROOT / "var" / "mutants" / "record.json"


@dataclass
class Record:
    """`lines`: module, line, tests that run it. `seconds`: passed tests. Hashes of the sources."""

    modules: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    lines: dict[str, dict[str, list[str]]] = field(default_factory=dict)

    @classmethod
    def load(cls) -> Record:
        if not RECORD.exists():
            return cls()
        stored = json.loads(RECORD.read_text())
        names = stored.pop("names")
        for by_line in stored["lines"].values():
            for line, numbers in by_line.items():
                by_line[line] = [names[number] for number in numbers]
        return cls(**stored)

    def store(self) -> None:
        """Names of tests once, numbers at the lines: a line may have a thousand tests."""
        numbers = {test: number for number, test in enumerate(self.seconds)}
        lines = {
            path: {line: sorted({numbers[test] for test in tests}) for line, tests in known.items()}
            for path, known in self.lines.items()
        }
        RECORD.parent.mkdir(parents=True, exist_ok=True)
        RECORD.write_text(json.dumps(asdict(self) | {"names": list(numbers), "lines": lines}))

    def forget(self, stale: set[str]) -> None:
        """Drop what is known of these files of tests."""

        def is_kept(test: str) -> bool:
            return test.partition("::")[0] not in stale

        self.files = {file: known for file, known in self.files.items() if file not in stale}
        self.seconds = {test: s for test, s in self.seconds.items() if is_kept(test)}
        for by_line in self.lines.values():
            for line, tests in by_line.items():
                by_line[line] = [test for test in tests if is_kept(test)]


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def stale_files(record: Record, files: list[str]) -> set[str]:
    """The files of tests to be recorded; after a change of a module all of them."""
    now = {path: digest(ROOT / path) for path in paths()}
    if record.modules != now:
        return set(files) | set(record.files)
    gone = set(record.files) - set(files)
    return gone | {file for file in files if record.files.get(file) != digest(ROOT / file)}


class Recorder:
    def __init__(self) -> None:
        include = [str(ROOT / path) for path in paths()]
        self.coverage = coverage.Coverage(data_file=None, include=include, config_file=False)
        self.seconds: dict[str, float] = {}
        self.failed: set[str] = set()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        self.coverage.switch_context(item.nodeid)
        started = time.monotonic()
        result = yield
        self.seconds[item.nodeid] = round(time.monotonic() - started, 3)
        self.coverage.switch_context("")
        return result

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if not report.passed:
            self.failed.add(report.nodeid)

    def pytest_collection_finish(self) -> None:
        self.coverage.start()

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """A file that was not run in full is not known: an interrupted recording goes on there."""
        self.coverage.stop()
        record = Record.load()
        ran = [test.partition("::")[0] for test in self.seconds]
        files = set(ran) - (
            {ran[-1]} if ran and exitstatus == pytest.ExitCode.INTERRUPTED else set()
        )
        record.forget(files)
        record.modules = {path: digest(ROOT / path) for path in paths()}
        record.files |= {file: digest(ROOT / file) for file in files}
        passed = {
            test: s
            for test, s in self.seconds.items()
            if test not in self.failed and test.partition("::")[0] in files
        }
        record.seconds |= passed
        data = self.coverage.get_data()
        for path in paths():
            by_line = record.lines.setdefault(path, {})
            for line, tests in data.contexts_by_lineno(str(ROOT / path)).items():
                by_line.setdefault(str(line), []).extend(t for t in tests if t in passed)
        record.store()


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Recorder())
