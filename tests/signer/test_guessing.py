"""1 000 wrong codes from several processes at once: five tries a code, ten codes a day, exactly."""

from __future__ import annotations

import json
import multiprocessing
import os
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.signer import guessing
from tests.signer.guessing import Attack

pytestmark = pytest.mark.databases

PROCESSES = 4


@pytest.fixture
def attack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Attack]:
    """A database of its own, on the server that these tests run on: the processes share nothing
    else."""
    given = os.environ.get("DATABASE_URL", "")
    is_server = given.startswith("postgres")
    name = f"signx_attack_{os.getpid()}"
    url = f"sqlite:///{tmp_path}/attack.sqlite3"
    if is_server:
        url = urlsplit(given)._replace(path=f"{_folder(given)}/{name}").geturl()
        _on_server(given, f"CREATE DATABASE {name}")
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("SIGNX_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "signx.settings")
    (tmp_path / "static").mkdir()
    yield Attack(tmp_path, multiprocessing.get_context("spawn").Barrier(PROCESSES))
    if is_server:
        _on_server(given, f"DROP DATABASE {name} WITH (FORCE)")


def _folder(url: str) -> str:
    """The socket's folder, which stands before the database's name."""
    return urlsplit(url).path.rpartition("/")[0]


def _on_server(url: str, sql: str) -> None:
    import psycopg

    parts = urlsplit(url)
    with psycopg.connect(
        host=parts.hostname or _folder(url),
        port=parts.port or 5432,
        user=parts.username,
        password=parts.password,
        dbname=parts.path.rpartition("/")[2],
        autocommit=True,
    ) as server:
        server.execute(sql)


def _run(target: object, *arguments: object) -> multiprocessing.Process:
    process = multiprocessing.get_context("spawn").Process(target=target, args=arguments)  # type: ignore[arg-type]
    process.start()
    return process  # type: ignore[return-value]


def _finished(*processes: multiprocessing.Process) -> None:
    for process in processes:
        process.join(timeout=180)
    assert [process.exitcode for process in processes] == [0] * len(processes)


def test_a_thousand_wrong_codes_get_through_exactly_fifty_times(attack: Attack) -> None:
    _finished(_run(guessing.prepare, attack.folder))
    _finished(*(_run(guessing.guess, attack, number) for number in range(PROCESSES)))
    _finished(_run(guessing.write_result, attack.folder))

    result = json.loads((attack.folder / "result.json").read_text("utf-8"))
    answers = [
        json.loads((attack.folder / f"answers-{number}.json").read_text("utf-8"))
        for number in range(PROCESSES)
    ]
    tried = list(chain.from_iterable(answer["tried"] for answer in answers))
    assert len(tried) == 1000
    assert set(tried) == {422}
    assert result["tries"] == [5] * 10
    assert answers[0]["asked"] == [302] * 10 + [429]
    assert answers[0]["right"] == [422], "the right code after five wrong ones is spent"
    assert result["status"] == "viewed"
    logs = "".join(path.read_text("utf-8") for path in attack.folder.glob("log-*.txt"))
    assert "/code/" in logs  # the refusals are told …
    assert not [code for code in result["codes"] if code in logs]  # … the codes are not
