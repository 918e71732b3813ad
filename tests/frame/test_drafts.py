"""A draft on the page «New document»: its file, its rows, its preview, its end."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile

from documents.drafts import services
from documents.models import Draft, new_public_id
from tests.factories import NOON
from tests.frame.desk import Desk
from tests.frame.new_document import (
    NEW,
    PDF,
    address,
    begun,
    document_of,
    filled,
    pictures,
    send,
    typed,
    upload,
)


@pytest.mark.parametrize("key", ["", "no-such-key", "..%2f..%2fetc", "0" * 12, "a" * 300])
def test_a_key_of_no_page_of_ours_begins_nothing(clerk: Desk, key: str) -> None:
    file = SimpleUploadedFile("d.pdf", PDF().pdf)

    assert clerk.post(NEW, {"file": file, "key": key}).status_code == 404


@pytest.mark.parametrize(
    ("pdf", "sentence"),
    [
        (b"", "the file is empty"),
        (b"PK\x03\x04 a spreadsheet", "it is not a PDF file"),
        (b"%PDF-" + b"0" * 1_200_000, "bigger than 1 MB"),
    ],
)
def test_what_is_no_document_is_refused_at_once(
    clerk: Desk, pdf: bytes, sentence: str, settings: Any
) -> None:
    settings.FILE_LIMIT_BYTES = 1024 * 1024

    answer = upload(clerk, pdf)

    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not Draft.objects.exists()


def test_no_file_at_all_is_told(clerk: Desk) -> None:
    assert "no file was chosen" in clerk.post(NEW, {"key": new_public_id()}).content.decode()


def test_the_page_shows_the_check_going_on_and_then_what_it_found(clerk: Desk) -> None:
    assert "is being checked" in upload(clerk).content.decode()
    draft = Draft.objects.get()
    assert "every 1s" in clerk.read(address(draft, "/file"))
    assert "/files/draft/" not in clerk.post(address(draft), filled()).content.decode()

    services.take_in_due()

    answer = clerk.get(address(draft, "/file"))
    assert "every 1s" not in answer.content.decode()
    assert "2 pages" in answer.content.decode()
    assert answer.headers["HX-Trigger"] == "signx:draft"


def test_a_damaged_file_is_told_and_another_one_keeps_the_answers(clerk: Desk) -> None:
    draft = begun(clerk, b"%PDF-1.7 and nothing more")
    clerk.post(address(draft), filled(title="Акт сверки"))
    assert "is damaged" in clerk.read(address(draft))
    assert "is damaged" in send(clerk, draft, title="Акт сверки", signer="21")

    other = SimpleUploadedFile("акт.pdf", PDF().pdf)
    assert clerk.post(address(draft, "/file"), {"file": other}).status_code == 200
    services.take_in_due()

    draft.refresh_from_db()
    assert (draft.state, draft.title) == (Draft.State.READY, "Акт сверки")


def test_a_check_that_kills_its_worker_ends_as_a_refusal(clerk: Desk) -> None:
    upload(clerk)
    # Three workers took it up and none came back.
    Draft.objects.update(step_attempts=3, next_step_at=NOON)

    services.take_in_due()

    draft = Draft.objects.get()
    assert draft.state == Draft.State.REFUSED
    assert "too much time or memory" in draft.error


def test_rows_are_added_and_taken_away_without_losing_the_others(clerk: Desk) -> None:
    draft = begun(clerk)

    more = clerk.post(address(draft, "/rows"), filled(add="1")).content.decode()
    assert re.findall(r'name="rows" value="(\d+)"', more) == ["0", "1"]
    assert "One after another" in more
    less = clerk.post(
        address(draft, "/rows"), filled(rows=["0", "1"], remove="0", **typed(1, name="Котова Д."))
    ).content.decode()

    assert re.findall(r'name="rows" value="(\d+)"', less) == ["1"]
    assert "Котова Д." in less
    assert "Ильин" not in less


def test_no_more_than_twenty_are_asked(clerk: Desk) -> None:
    draft = begun(clerk)
    rows = [str(row) for row in range(20)]

    page = clerk.post(address(draft, "/rows"), filled(rows=rows, add="1")).content.decode()

    assert page.count('name="rows"') == 20
    assert 'id="sx-add"' not in page


def test_what_is_typed_is_kept_without_sending(clerk: Desk) -> None:
    draft = begun(clerk)

    clerk.post(address(draft), filled(title="Договор аренды", unknown="x" * 100))

    page = clerk.read(address(draft))
    assert 'value="Договор аренды"' in page
    assert 'value="ilin0@zakazchik.example"' in page
    assert "unknown" not in Draft.objects.get().answers
    assert "Договор аренды" in clerk.read(NEW)


def test_more_than_a_form_can_hold_is_refused(clerk: Desk) -> None:
    answer = clerk.post(address(begun(clerk)), filled(message="ы" * 70_000))

    assert answer.status_code == 422


def stamps(desk: Desk, draft: Draft, **changes: Any) -> list[tuple[str, str]]:
    """(key, page) of every stamp drawn."""
    page = desk.post(address(draft), filled(**changes)).content.decode()
    return re.findall(r'id="sx-stamp-(\d+)-(\d+)"', page)


def test_the_preview_shows_the_stamps_where_sending_puts_them(director: Desk) -> None:
    draft = begun(director)
    where = {"coordinates": "1=1:20:250; 2=2:100:250"}

    assert stamps(director, draft, **where) == [("1", "1"), ("2", "2")]
    for picture in pictures(director, draft, **where):
        kind = director.client.get(picture).headers["Content-Type"]
        assert kind in ("image/png", "image/webp")
    send(director, draft, **where)

    places = document_of(draft).places
    assert [(key, box["page_index"], box["x_mm"]) for key, (box,) in places.items()] == [
        ("1", 0, 20.0),
        ("2", 1, 100.0),
    ]


def test_a_place_off_the_page_is_told_while_typing(director: Desk) -> None:
    draft = begun(director)

    page = director.post(address(draft), filled(coordinates="1=1:200:250")).content.decode()

    assert "leaves page 1" in page


def test_many_stamps_get_a_sheet_of_their_own(director: Desk) -> None:
    draft = begun(director)
    rows = [str(row) for row in range(16)]
    people = {
        key: value
        for row in range(1, 16)
        for key, value in typed(row, name=f"Участник {row}").items()
    }

    found = stamps(director, draft, rows=rows, **people)
    send(director, draft, rows=rows, **people)

    assert len(found) == 17
    placed = {key: str(box["page_index"] + 1) for key, (box,) in document_of(draft).places.items()}
    assert placed == dict(found)


def test_a_draft_can_be_deleted_and_old_ones_go_by_themselves(clerk: Desk) -> None:
    draft, other = begun(clerk), begun(clerk)
    folders = draft.folder, other.folder
    newest, older = Draft.objects.of(clerk.employee)

    assert "New document" in clerk.post(address(newest, "/drop")).content.decode()
    assert list(Draft.objects.all()) == [older]
    services.forget_old(NOON + timedelta(days=29))
    assert Draft.objects.count() == 1
    services.forget_old(NOON + timedelta(days=31))

    assert not Draft.objects.exists()
    assert not any(default_storage.exists(folder) for folder in folders)


def test_only_the_newest_drafts_of_a_person_stay(clerk: Desk, monkeypatch: Any) -> None:
    monkeypatch.setattr(services, "KEPT", 2)

    for _file in range(3):
        upload(clerk)

    assert Draft.objects.count() == 2
