"""The exported journal is checked without the database it came from."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from journal import append_only, services
from journal.chain import ChainBreak
from journal.export import verify_lines
from journal.models import JournalHead


@pytest.fixture
def exported(chain) -> list[str]:
    return list(services.export(chain))


@pytest.fixture
def file(exported, tmp_path) -> Path:
    path = tmp_path / "journal.jsonl"
    path.write_text("".join(exported), encoding="utf-8")
    return path


def run(**options: object) -> str:
    output = StringIO()
    call_command("verify_journal", stdout=output, **options)
    return output.getvalue()


def test_the_export_names_the_portal_and_the_head(chain, exported):
    header = json.loads(exported[0])

    assert header["format"] == "signx-journal/1"
    assert header["portal"] == chain.member_id
    assert header["head"] == {"number": 3, "hash": services.head_hash(chain)}
    assert len(exported) == 4


def test_a_sound_file_holds(chain, file):
    said = run(file=str(file))

    assert services.head_hash(chain) in said


@pytest.mark.django_db(databases=[])
def test_a_file_is_checked_without_a_database(tmp_path):
    path = tmp_path / "empty.jsonl"
    path.write_text(
        '{"format": "signx-journal/1", "portal": "a", "domain": "b", '
        '"head": {"number": 0, "hash": ""}}\n'
    )

    assert "0" in run(file=str(path))


def test_a_hash_from_a_report_is_looked_for(chain, file):
    old = json.loads(file.read_text("utf-8").splitlines()[2])["hash"]

    run(file=str(file), hash=old)
    with pytest.raises(CommandError):
        run(file=str(file), hash="0" * 64)


def test_personal_details_may_stay_out_of_the_export(chain):
    lines = list(services.export(chain, personal=False))

    assert "Ильин" not in "".join(lines)
    assert verify_lines(lines).ok


def test_an_export_after_erasure_holds(chain):
    services.erase_personal(chain, ("signer", "9"), actor="support:anna")

    lines = list(services.export(chain))

    assert "Ильин" not in "".join(lines)
    assert verify_lines(lines).ok


def edit(lines: list[str], number: int, **changes: object) -> list[str]:
    event = json.loads(lines[number]) | changes
    return [*lines[:number], json.dumps(event, ensure_ascii=False) + "\n", *lines[number + 1 :]]


def test_a_changed_line_is_found(exported):
    check = verify_lines(edit(exported, 2, actor="employee:2"))

    assert (check.ok, check.broken_at, check.reason) == (False, 2, ChainBreak.CONTENT)


def test_a_changed_personal_detail_is_found(exported):
    personal = json.loads(exported[3])["personal"]
    personal["data"]["address"] = "other@zakazchik.example"

    check = verify_lines(edit(exported, 3, personal=personal))

    assert (check.broken_at, check.reason) == (3, ChainBreak.PERSONAL)


@pytest.mark.parametrize(
    ("lines", "number", "reason"),
    [
        (lambda text: text[:3], 3, ChainBreak.HEAD),
        (lambda text: [text[0], *text[2:]], 2, ChainBreak.NUMBER),
        (lambda text: [*text[:2], text[3], text[2]], 3, ChainBreak.NUMBER),
        (lambda text: [*text[:2], "not json\n", text[3]], 2, ChainBreak.UNREADABLE),
        (lambda text: [*text[:2], "[]\n", text[3]], 2, ChainBreak.UNREADABLE),
        (lambda text: [*text[:2], '{"number": 2}\n', text[3]], 2, ChainBreak.UNREADABLE),
        (lambda text: text[1:], 0, ChainBreak.UNREADABLE),
        (lambda text: [], 0, ChainBreak.UNREADABLE),
        (lambda text: edit(text, 2, portal="other"), 2, ChainBreak.FOREIGN),
        (lambda text: edit(text, 2, extra="field"), 2, ChainBreak.UNREADABLE),
    ],
)
def test_a_damaged_file_is_named_by_its_first_wrong_line(exported, lines, number, reason):
    check = verify_lines(lines(exported))

    assert (check.ok, check.broken_at, check.reason) == (False, number, reason)


def test_the_command_fails_for_a_broken_file(file):
    file.write_text(file.read_text("utf-8").replace("signer:9", "signer:8"), encoding="utf-8")

    with pytest.raises(CommandError):
        run(file=str(file))


def test_the_command_fails_for_a_file_that_is_not_there(tmp_path):
    with pytest.raises(CommandError):
        run(file=str(tmp_path / "none.jsonl"))


def test_the_command_checks_every_portal(chain, other_office):
    said = run()

    assert chain.domain in said
    assert other_office.domain in said


def test_the_command_checks_one_portal(chain, other_office):
    said = run(portal=chain.domain)

    assert chain.domain in said
    assert other_office.domain not in said


def test_the_command_names_the_broken_portal(chain, other_office):
    JournalHead.objects.filter(portal=chain).update(hash="0" * 64)

    with pytest.raises(CommandError, match=chain.domain):
        run()


def test_the_command_does_not_know_a_stranger(chain):
    with pytest.raises(CommandError):
        run(portal="nobody.portal.test")


def test_the_command_fails_when_the_database_protects_nothing(chain):
    append_only.remove(connection)

    with pytest.raises(CommandError, match="journal_auditevent"):
        run()
