"""`manage.py verify_pdf`: the verification page on the command line."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError
from django.db import OperationalError, connection

from documents.core import files
from documents.models import Document
from tests import factories
from tests.commands.conftest import Run
from tests.factories import NOON
from tests.signing import attacks
from tests.signing.outside import GostSigner


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    """An hour after everything was signed."""
    with time_machine.travel(NOON + timedelta(hours=1), tick=False):
        yield


@pytest.fixture
def completed(db: None, settings: Any, tmp_path_factory: pytest.TempPathFactory) -> Document:
    settings.MEDIA_ROOT = tmp_path_factory.mktemp("files")
    return factories.make_completed(factories.make_portal())


@pytest.fixture
def good(completed: Document, tmp_path: Path) -> Path:
    path = tmp_path / "good.pdf"
    path.write_bytes(files.read(completed, "signed"))
    return path


def test_a_registered_file_is_valid_with_its_number(
    run: Run, good: Path, completed: Document
) -> None:
    answer = run("verify_pdf", "--json", good)

    (facts,) = answer.rows
    assert (answer.code, facts["verdict"], facts["causes"]) == (0, "valid", [])
    assert facts["document"]["number"] == completed.number
    assert [one["verdict"] for one in facts["signatures"]] == ["valid", "valid"]


def test_the_worst_file_gives_the_exit_code(run: Run, good: Path, folder: Path) -> None:
    assert run("verify_pdf", folder).code == 3

    (folder / "forged.pdf").write_bytes(attacks.append_page_content(good.read_bytes()))
    answer = run("verify_pdf", folder)

    assert answer.code == 1
    assert "INVALID" in answer.text and "VALID  " in answer.text
    assert "  - Something was added to the file after it was signed." in answer.text


def test_an_unreadable_file_is_an_answer(run: Run, db: None, tmp_path: Path) -> None:
    answer = run("verify_pdf", "--json", tmp_path / "nowhere.pdf")

    (facts,) = answer.rows
    assert (answer.code, facts["verdict"], facts["causes"]) == (3, "unknown", ["unreadable"])
    assert facts["reasons"] == ["There is no such file."]


@pytest.mark.django_db(transaction=True)
def test_without_a_database_the_signatures_alone_are_checked(
    run: Run, settings: Any, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"
    document = factories.make_completed(factories.make_portal())
    path = tmp_path / "good.pdf"
    path.write_bytes(files.read(document, "signed"))

    with connection.execute_wrapper(_no_database):
        (facts,) = run("verify_pdf", "--json", path).rows

    assert (facts["verdict"], facts["causes"]) == ("unknown", ["issuer_unknown"])
    assert [one["is_intact"] for one in facts["signatures"]] == [True, True]


def test_a_detached_signature_is_checked_beside_its_file(
    run: Run, good: Path, settings: Any, tmp_path: Path
) -> None:
    signer = GostSigner.made_in(tmp_path)
    settings.QUALIFIED_ROOTS = signer.certificate_pem
    sig = tmp_path / "good.sig"
    sig.write_bytes(signer.sign(good.read_bytes()))

    answer = run("verify_pdf", "--json", good, "--signature", sig)
    good.write_bytes(good.read_bytes() + b"\n")
    after = run("verify_pdf", "--json", good, "--signature", sig)

    assert answer.rows[0]["detached"]["level"] == "qualified"
    assert (answer.code, after.code) == (0, 1)
    assert after.rows[0]["detached"]["causes"] == ["other_content"]


def test_one_signature_cannot_be_for_many_files(run: Run, good: Path) -> None:
    with pytest.raises(CommandError):
        run("verify_pdf", good, good, "--signature", good)


def _no_database(*args: Any) -> Any:
    raise OperationalError("no such table")
