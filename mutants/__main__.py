"""`python -m mutants`: SAMPLE=200 (0: all), SEED=1, MODULES="outbox bitrix24.session", FLOOR=90.

Changes one small thing at a time in the modules of mutants/modules.py and asks whether a test
notices. Survivors are listed; the exit code is 0 when so many percent were killed or are accepted
in mutants/accepted.toml. Verdicts are kept in var/mutants: the next run goes on.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mutants import modules, record
from mutants.judge import KILLED, SURVIVED, UNSEEN, Trial
from mutants.modules import ROOT
from mutants.operators import Mutant, mutants_of
from mutants.record import Record
from tests.postgres import private_server

FOLDER = ROOT / "var" / "mutants"
VERDICTS = FOLDER / "verdicts.jsonl"
ACCEPTED = ROOT / "mutants" / "accepted.toml"
# Which tests are asked: those of the rooms. Whole scenarios and other programs cost minutes.
TESTS = ("bitrix24", "documents", "employees", "frame", "journal", "outbox", "robots", "signer")
TESTS_OF_FILES = ("signing",)
LEFT_OUT = {"tests/signer/test_guessing.py"}
# No mutant is worth more of the tests' time, nearest first.
SECONDS = 60.0


def main() -> int:
    names, seed = os.environ.get("MODULES", ""), int(os.environ.get("SEED") or 1)
    sample, floor = int(os.environ.get("SAMPLE") or 0), float(os.environ.get("FLOOR") or 90)
    try:
        paths = modules.chosen(names)
    except modules.NoSuchModule as reason:
        print(reason, file=sys.stderr)
        return 2
    sources = {path: (ROOT / path).read_text() for path in paths}
    mutants = {
        f"{modules.short_name(path)}: {name}": mutant
        for path in paths
        for name, mutant in mutants_of(path, sources[path]).items()
    }
    keys = list(mutants)
    if sample and sample < len(keys):
        keys = random.Random(seed).sample(keys, sample)
    tried = {key: mutants[key] for key in keys}
    with _server() as url:
        known = _try(tried, sources, url)
    return _tell(tried, sources, known, floor)


def _try(tried: dict[str, Mutant], sources: dict[str, str], url: str) -> dict[str, dict[str, Any]]:
    """Verdicts on all of them; those that are known already cost nothing."""
    recorded = _recorded(url)
    trials = [_trial(key, mutant, sources[mutant.path], recorded) for key, mutant in tried.items()]
    FOLDER.mkdir(parents=True, exist_ok=True)
    known = _known()
    due = [trial for trial in trials if trial.key not in known and trial.tests]
    print(f"{len(trials)} mutants, {len(trials) - len(due)} known or run by no test", flush=True)
    if due:
        _judge(sorted(due, key=lambda trial: trial.path), url)
        known = _known()
    return {
        key: known.get(trial.key, {"verdict": UNSEEN})
        for key, trial in zip(tried, trials, strict=True)
    }


def _trial(key: str, mutant: Mutant, source: str, recorded: Record) -> Trial:
    """A verdict holds for this source, and a survivor for these tests."""
    after = mutant.applied_to(source)
    tests: list[str] = []
    total = 0.0
    for test in _asked(mutant, source, recorded):
        total += recorded.seconds[test]
        if tests and total > SECONDS:
            break
        tests.append(test)
    files = sorted({test.partition("::")[0] for test in tests})
    state = json.dumps([after, [recorded.files[file] for file in files]])
    digest = hashlib.sha256(state.encode()).hexdigest()[:12]
    return Trial(f"{key} @{digest}", mutant.path, after, tests, min(total, SECONDS))


def _asked(mutant: Mutant, source: str, recorded: Record) -> list[str]:
    """The tests that run the line: the nearest first, of those the quickest."""
    group = modules.group_of(mutant.path)
    by_line = recorded.lines.get(mutant.path, {})
    last = mutant.line + source.count("\n", mutant.start, mutant.end)
    lines = [str(line) for line in range(mutant.line, last + 1)] if mutant.where else list(by_line)
    covering = {test for line in lines for test in by_line.get(line, [])}
    if not covering and mutant.where:  # a decorator, a default, a class's own line
        covering = {test for line in _around(mutant, source) for test in by_line.get(line, [])}

    def is_near(test: str) -> bool:
        return test.split("/")[1] in group.tests

    if group.has_children:
        covering |= {test for test in recorded.seconds if is_near(test)}
    return sorted(covering, key=lambda test: (not is_near(test), recorded.seconds[test]))


def _around(mutant: Mutant, source: str) -> list[str]:
    """The lines of the function whose head is changed."""
    for node in ast.walk(ast.parse(source)):
        if (
            isinstance(node, ast.FunctionDef | ast.ClassDef)
            and node.name == (mutant.where.split(".")[-1])
        ):
            first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
            if first <= mutant.line <= (node.end_lineno or 0):
                return [str(line) for line in range(first, (node.end_lineno or 0) + 1)]
    return []


def _recorded(url: str) -> Record:
    """Which tests run which line; recorded again where files have changed."""
    files = [
        str(file.relative_to(ROOT))
        for folder in (*TESTS, *TESTS_OF_FILES)
        for file in sorted((ROOT / "tests" / folder).glob("test_*.py"))
    ]
    files = [file for file in files if file not in LEFT_OUT]
    stale = record.stale_files(Record.load(), files)
    if here := sorted(stale & set(files)):
        print(f"recording which tests run which line: {len(here)} files", flush=True)
        environment = os.environ | {"DATABASE_URL": url}
        command = [sys.executable, "-m", "pytest", "-q", "-p", "mutants.record", *here]
        subprocess.run(command, cwd=ROOT, env=environment)
    return Record.load()


def _judge(trials: list[Trial], url: str) -> None:
    """In a copy of the project, because a mutant is in its file while it is tried."""
    with tempfile.TemporaryDirectory(prefix="signx-mutants-") as folder:
        copy = Path(folder) / "project"
        _copy(copy)
        plan = Path(folder) / "plan.json"
        plan.write_text(json.dumps([vars(trial) for trial in trials]))
        environment = os.environ | {
            "DATABASE_URL": url,
            "MUTANTS_PLAN": str(plan),
            "MUTANTS_VERDICTS": str(VERDICTS),
        }
        files = sorted({test.partition("::")[0] for trial in trials for test in trial.tests})
        command = [sys.executable, "-m", "pytest", "-q", "-p", "mutants.judge", "--create-db"]
        subprocess.run([*command, *files], cwd=copy, env=environment, check=True)


def _copy(folder: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],  # noqa: S607
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    ).stdout.splitlines()
    compiled = [str(file.relative_to(ROOT)) for file in ROOT.glob("locale/**/*.mo")]
    for name in [*listed, *compiled]:
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)


def _known() -> dict[str, dict[str, Any]]:
    if not VERDICTS.exists():
        return {}
    rows = [json.loads(line) for line in VERDICTS.read_text().splitlines()]
    return {row["key"]: row for row in rows}


def _tell(
    tried: dict[str, Mutant],
    sources: dict[str, str],
    verdicts: dict[str, dict[str, Any]],
    floor: float,
) -> int:
    accepted = {
        f"{each['module']}: {each['mutant']}"
        for each in tomllib.loads(ACCEPTED.read_text())["accepted"]
    }
    counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for key, mutant in tried.items():
        verdict = verdicts[key]["verdict"]
        if verdict in {SURVIVED, UNSEEN} and key in accepted:
            verdict = "accepted"
        counts[modules.short_name(mutant.path)][verdict] += 1
        if verdict in {SURVIVED, UNSEEN}:
            before, after = mutant.lines(sources[mutant.path])
            print(f"\n{mutant.path}:{mutant.line} in {mutant.where or 'module'}: {verdict}")
            print(f"  - {before}\n  + {after}")
    print(f"\n{'module':<32}{'killed':>8}{'accepted':>10}{'survived':>10}{'unseen':>8}")
    for name, row in sorted(counts.items()):
        numbers = (row[KILLED], row["accepted"], row[SURVIVED], row[UNSEEN])
        print(f"{name:<32}{numbers[0]:>8}{numbers[1]:>10}{numbers[2]:>10}{numbers[3]:>8}")
    good = sum(row[KILLED] + row["accepted"] for row in counts.values())
    share = 100 * good / len(tried)
    print(f"\n{good} of {len(tried)} killed or accepted: {share:.1f} % (floor {floor:g} %)")
    return 0 if share >= floor else 1


@contextmanager
def _server() -> Iterator[str]:
    """PostgreSQL: SQLite lets one writer in at a time, and hides what locks are for."""
    given = os.environ.get("DATABASE_URL", "")
    if given.startswith("postgres"):
        yield given
    else:
        with private_server() as url:
            yield url


if __name__ == "__main__":
    sys.exit(main())
