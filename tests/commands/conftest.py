"""Commands run in this process; their files in a folder of the test."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import translation

from tests.signing import papers


@dataclass(frozen=True)
class Answer:
    """What a command printed, and its exit code."""

    text: str
    code: int

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]


Run = Callable[..., Answer]


@pytest.fixture
def run() -> Run:
    def command(name: str, *arguments: str | Path) -> Answer:
        output, code = io.StringIO(), 0
        try:
            with translation.override("en"):
                call_command(name, *map(str, arguments), stdout=output)
        except SystemExit as end:
            code = int(end.code or 0)
        return Answer(output.getvalue(), code)

    return command


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder as people have them: contracts among rubbish, odd names, nothing to rely on."""
    (tmp_path / "Договор № 5.pdf").write_bytes(papers.contract(2))
    (tmp_path / "empty.pdf").touch()
    (tmp_path / "line\nbreak.pdf").write_bytes(b"%PDF-1.7\nrubbish")
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8\xff\xe0" * 100)
    (tmp_path / "dangling.pdf").symlink_to(tmp_path / "gone.pdf")
    below = tmp_path / "2026"
    below.mkdir()
    (below / "акт.pdf").write_bytes(papers.contract())
    return tmp_path
