"""`manage.py check_pdf`: one verdict a file, whatever lies in the folder."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

from django.utils import timezone

from tests.commands.conftest import Run
from tests.signing import attacks, papers
from tests.signing.signed_elsewhere import NAME, by_pyhanko


def test_every_file_of_a_folder_gets_its_line(run: Run, folder: Path) -> None:
    answer = run("check_pdf", folder)

    lines = answer.text.splitlines()
    assert len(lines) == 6
    assert answer.code == 1
    assert sum(line.startswith("TAKEN") for line in lines) == 2
    assert any("line?break.pdf" in line and "damaged" in line for line in lines)
    assert any("photo.jpg" in line and "not a PDF" in line for line in lines)


def test_the_json_tells_code_cause_and_what_goes(run: Run, tmp_path: Path) -> None:
    scripted, empty = tmp_path / "a.pdf", tmp_path / "b.pdf"
    scripted.write_bytes(attacks.append_script(papers.contract(2)))
    empty.touch()

    taken, refused = run("check_pdf", "--json", scripted, empty).rows

    assert (taken["verdict"], taken["pages"]) == ("taken", 2)
    assert taken["removed"] == ["actions"]
    assert len(taken["clean_sha256"]) == 64
    assert (refused["verdict"], refused["code"], refused["cause"]) == (
        "refused",
        "document_invalid",
        "empty",
    )


def test_good_files_end_with_zero(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(papers.contract())

    assert run("check_pdf", tmp_path).code == 0


def test_what_is_no_file_is_told_and_not_waited_for(run: Run, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.pdf"))
    odd.write_bytes(b"")

    answer = run("check_pdf", tmp_path, tmp_path / "nowhere.pdf")

    assert answer.code == 1
    assert [line.split()[0] for line in answer.text.splitlines()] == ["REFUSED"] * 3
    answer.text.encode("utf-8")


def test_a_signed_file_is_taken_as_it_is_only_when_asked(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "signed.pdf"
    path.write_bytes(by_pyhanko(papers.contract(), timezone.now() - timedelta(days=1)))

    refused, taken = (
        run("check_pdf", "--json", path),
        run("check_pdf", "--json", "--keep-signatures", path),
    )

    assert (refused.code, refused.rows[0]["cause"]) == (1, "signed")
    (facts,) = taken.rows
    assert (taken.code, facts["verdict"], facts["removed"]) == (0, "taken", [])
    assert facts["clean_sha256"] == facts["sha256"]
    assert [one["name"] for one in facts["signatures"]] == [NAME]
    assert NAME in run("check_pdf", "--keep-signatures", path).text
