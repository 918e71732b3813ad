"""A command on a fresh clone, or with a wrong value: one clear sentence and no traceback."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SECRETS = {
    "SIGNX_SECRET_KEY": "tests-only",
    "SIGNX_ENCRYPTION_KEYS": "dGVzdHMtb25seS1rZXktMDEyMzQ1Njc4OWFiY2RlZjA=",
}


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What settings are read from, without a .env."""
    shutil.copytree(ROOT / "signx", tmp_path / "signx")
    shutil.copy(ROOT / "manage.py", tmp_path)
    return tmp_path


def manage(clone: Path, *arguments: str, **given: str) -> subprocess.CompletedProcess[str]:
    ours = ("SIGNX_", "BITRIX24_", "DATABASE_URL", "DJANGO_")
    bare = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=clone, env=bare | given, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


@pytest.mark.parametrize("command", [["setup"], ["run"], ["work"], ["check"], ["migrate"]])
def test_a_fresh_clone_says_what_to_do(clone, command):
    done = manage(clone, *command)

    assert done.returncode == 1
    assert "cp .env.example .env" in done.stderr
    assert "manage.py setup" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["help", "--version"])
def test_what_needs_no_settings_works_on_a_fresh_clone(clone, command):
    assert manage(clone, command).returncode == 0


def test_an_example_that_nobody_filled_in_names_the_first_gap(clone):
    shutil.copy(ROOT / ".env.example", clone / ".env")

    done = manage(clone, "check")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("SIGNX cannot start: SIGNX_SECRET_KEY must be set.")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SIGNX_ENCRYPTION_KEYS", "short"),
        ("SIGNX_WORKERS", "two"),
        ("SIGNX_PADES_LEVEL", "B-X"),
        ("SIGNX_PUBLIC_URL", "signx.example"),
        ("SIGNX_SMS_FIELDS", "{"),
    ],
)
def test_a_wrong_value_stops_the_start_and_names_itself(clone, name, value):
    done = manage(clone, "check", **(SECRETS | {name: value}))

    assert done.returncode == 1
    assert done.stderr.startswith("SIGNX cannot start: ")
    assert name in done.stderr
    assert "Traceback" not in done.stderr


def test_a_secret_may_be_a_file(clone):
    (clone / "key").write_text("tests-only")
    given = {"SIGNX_SECRET_KEY_FILE": "key", "SIGNX_ENCRYPTION_KEYS": "short"}

    assert "SIGNX_ENCRYPTION_KEYS" in manage(clone, "check", **given).stderr
