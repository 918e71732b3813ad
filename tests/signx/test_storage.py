"""A file is whole or not there, whoever reads it while it is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.core.files.base import ContentFile

from signx.storage import WholeFiles


class Halves(ContentFile):  # type: ignore[type-arg]
    """A file that tells when its first half is written and its second is not."""

    def __init__(self, content: bytes, between: Callable[[], None]) -> None:
        super().__init__(content)
        self.halves = content[: len(content) // 2], content[len(content) // 2 :]
        self.between = between

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        yield self.halves[0]
        self.between()
        yield self.halves[1]


@pytest.fixture
def storage(settings: object, tmp_path: Path) -> WholeFiles:
    settings.MEDIA_ROOT = tmp_path  # type: ignore[attr-defined]
    return WholeFiles()


def written(storage: WholeFiles, path: str) -> bytes | None:
    if not storage.exists(path):
        return None
    with storage.open(path) as handle:
        content: bytes = handle.read()
        return content


def test_a_reader_never_meets_the_beginning_of_a_file(storage: WholeFiles) -> None:
    seen: list[bytes | None] = []

    def look() -> None:
        seen.append(written(storage, "1/text.json"))

    for content in (b"[1, 2]", b"[3, 4]"):
        storage.save("1/text.json", Halves(content, look))

    assert seen == [None, b"[1, 2]"]
    assert written(storage, "1/text.json") == b"[3, 4]"


def test_two_who_write_one_path_leave_one_file(storage: WholeFiles) -> None:
    def write_too() -> None:
        storage.save("1/a.pdf", ContentFile(b"%PDF"))

    assert storage.save("1/a.pdf", Halves(b"%PDF", write_too)) == "1/a.pdf"

    assert storage.listdir("1") == ([], ["a.pdf"])
    assert written(storage, "1/a.pdf") == b"%PDF"


def test_a_write_that_fails_leaves_what_was_there(storage: WholeFiles) -> None:
    storage.save("1/a.pdf", ContentFile(b"%PDF"))

    def fail() -> None:
        raise OSError("No space left on device")

    with pytest.raises(OSError, match="No space"):
        storage.save("1/a.pdf", Halves(b"%PDF-2", fail))

    assert storage.listdir("1") == ([], ["a.pdf"])
    assert written(storage, "1/a.pdf") == b"%PDF"
