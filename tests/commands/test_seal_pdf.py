"""`manage.py seal_pdf`: the engine by hand, one file in, one file out or none."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError
from django.utils import timezone

from signing.hashes import sha256
from tests.commands.conftest import Run
from tests.signing import papers
from tests.signing.signed_elsewhere import by_pyhanko

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "Договор № 5.pdf"
    path.write_bytes(papers.contract(2))
    return path


def test_what_it_seals_verify_pdf_finds_valid(
    run: Run, db: None, source: Path, tmp_path: Path
) -> None:
    target = tmp_path / "sealed.pdf"
    where = ["--coordinates", "1=1:20:200; 2=-1:110:200"]

    said = run(
        "seal_pdf", source, target, "--signer", "Ёлкин П. А.", "--signer", "Ким Ю. Л.", *where
    )

    assert sha256(target.read_bytes()) in said.text
    answer = run("verify_pdf", "--json", target)
    assert answer.code == 0
    assert [one["name"] for one in answer.rows[0]["signatures"]] == ["Ёлкин П. А.", "Ким Ю. Л."]


def test_a_signed_file_keeps_its_signature_when_that_is_asked(
    run: Run, db: None, source: Path, tmp_path: Path
) -> None:
    given, target = by_pyhanko(source.read_bytes(), at=timezone.now()), tmp_path / "sealed.pdf"
    source.write_bytes(given)

    run("seal_pdf", source, target, "--signer", "Ёлкин П. А.", "--keep-signatures")

    assert target.read_bytes().startswith(given)
    (facts,) = run("verify_pdf", "--json", target).rows
    assert [one["is_own"] for one in facts["signatures"]] == [False, True]


@pytest.mark.parametrize("count", [1, 3])
def test_any_number_of_signers_may_sign(
    run: Run, db: None, source: Path, tmp_path: Path, count: int
) -> None:
    names = [part for number in range(count) for part in ("--signer", f"Подписант {number}")]

    run("seal_pdf", source, tmp_path / "sealed.pdf", *names)

    answer = run("verify_pdf", "--json", tmp_path / "sealed.pdf")
    assert (answer.code, len(answer.rows[0]["signatures"])) == (0, count)


@pytest.mark.parametrize(
    ("content", "options", "said"),
    [
        (b"", [], "document_invalid"),
        (b"%PDF-1.7 rubbish", [], "document_invalid"),
        (papers.contract(), ["--coordinates", "1=7:20:200"], "parameter_invalid"),
        (papers.contract(), ["--coordinates", "first page"], "parameter_invalid"),
        (papers.contract(), ["--signer", "  "], "signer needs a name"),
        (b"PK\x03\x04", [], "document_invalid"),
    ],
)
def test_a_refusal_is_one_sentence_and_leaves_no_file(
    run: Run, db: None, source: Path, tmp_path: Path, content: bytes, options: list[str], said: str
) -> None:
    source.write_bytes(content)
    before = sorted(tmp_path.iterdir())

    with pytest.raises(CommandError, match=said):
        run("seal_pdf", source, tmp_path / "sealed.pdf", "--signer", "Ким Ю. Л.", *options)

    assert sorted(tmp_path.iterdir()) == before


def test_a_place_that_cannot_be_written_is_told(
    run: Run, db: None, source: Path, tmp_path: Path
) -> None:
    for target in (tmp_path / "nowhere" / "sealed.pdf", tmp_path):
        with pytest.raises(CommandError):
            run("seal_pdf", source, target, "--signer", "Ким Ю. Л.")
    assert sorted(tmp_path.iterdir()) == [source]


TRIAL = """
import sys
from pathlib import Path
from django.core.management import execute_from_command_line
from signx.management import trial
trial.fill_environment(sys.argv, Path(sys.argv.pop()))
execute_from_command_line(sys.argv)
"""


@pytest.mark.parametrize("command", ["check_pdf", "seal_pdf", "makemigrations", "migrate"])
def test_the_engine_can_be_tried_where_nothing_is_configured(
    source: Path, tmp_path: Path, command: str
) -> None:
    """An empty environment and no `.env`, as after a clone; so can the models be compared with the
    migrations. Other commands still want settings."""
    target = tmp_path / "sealed.pdf"
    options = {
        "check_pdf": [source],
        "seal_pdf": [source, target, "--signer", "Ким Ю. Л."],
        "makemigrations": ["--check"],
        "migrate": [],
    }
    script = tmp_path / "manage.py"
    script.write_text(TRIAL)

    done = subprocess.run(
        [sys.executable, script, command, *options[command], tmp_path / "clone"],
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "DJANGO_SETTINGS_MODULE": "signx.settings",
        },
        cwd=tmp_path,
        capture_output=True,
        check=False,
        text=True,
    )

    touches_no_data = command != "migrate"
    assert (done.returncode == 0) == touches_no_data, done.stderr
    assert target.exists() == (command == "seal_pdf")
    assert (tmp_path / "clone" / "var" / "trial" / "secrets.json").exists() == touches_no_data
