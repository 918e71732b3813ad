"""Files are written once, made good when they were cut, and never read when they were changed."""

from __future__ import annotations

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from documents.core import files
from documents.models import Document, StoredFile
from signx.errors import ErrorCode, SignXError

Kind = StoredFile.Kind


def test_the_first_file_of_a_kind_stays(draft: Document) -> None:
    first = files.store(draft, Kind.IN_WORK, "первый.pdf", b"%PDF first")
    second = files.store(draft, Kind.IN_WORK, "второй.pdf", b"%PDF second")

    assert first.pk == second.pk
    assert files.read(draft, Kind.IN_WORK) == b"%PDF first"


def test_the_same_bytes_are_written_once(draft: Document) -> None:
    assert files.put(draft, Kind.REPORT, b"%PDF") == files.put(draft, Kind.REPORT, b"%PDF")


def test_a_file_that_a_restored_disk_cut_short_is_made_good(draft: Document) -> None:
    path = files.put(draft, Kind.REPORT, b"%PDF whole")
    default_storage.save(path, ContentFile(b"%PDF wh"))

    files.store(draft, Kind.REPORT, "протокол.pdf", b"%PDF whole")

    assert files.read(draft, Kind.REPORT) == b"%PDF whole"


def test_a_file_changed_in_the_storage_is_not_given_out(draft: Document) -> None:
    stored = files.store(draft, Kind.REPORT, "протокол.pdf", b"%PDF whole")
    default_storage.save(stored.file.name, ContentFile(b"%PDF other"))

    with pytest.raises(SignXError) as caught:
        files.read(draft, Kind.REPORT)

    assert caught.value.code == ErrorCode.INTERNAL_ERROR


def test_a_file_that_is_not_there_is_not_found(draft: Document) -> None:
    with pytest.raises(SignXError) as caught:
        files.read(draft, Kind.SIGNED)

    assert caught.value.code == ErrorCode.NOT_FOUND


def test_names_hold_nothing_that_a_file_system_refuses() -> None:
    name = files.safe_name('Договор 24/117: "Поставка"\n?', " — подписан")

    assert name == "Договор 24-117- -Поставка- — подписан.pdf"
    assert not set(name) & set('\\/:*?"<>|\n')
