"""Pages of the shown file as pictures and as text, made once and kept beside the file."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from documents.core import files
from signing import pages
from signing.intake import refusal
from signing.pages import TextRun
from signx.errors import ErrorCode, SignXError

# 96 for small screens, 144 as drawn by default, 192 for zoom and dense screens.
DENSITIES = (96, 144, pages.LARGEST_DPI)
# The machine may have been short of memory, so a refusal is not for ever.
REFUSED_FOR = timedelta(hours=1)
_POINTS_PER_INCH = 72
_CSS_PIXELS_PER_INCH = 96
_PNG_MAGIC = b"\x89PNG"


class Paper(files.Kept, files.Foldered, Protocol):
    """A file to be looked at; its pictures are kept beside it."""


@dataclass(frozen=True)
class Sheet:
    """One page as the template draws it: its number from 1 and its size in CSS pixels."""

    number: int
    width: int
    height: int

    @property
    def width_144(self) -> int:
        return self.width * 144 // _CSS_PIXELS_PER_INCH

    @property
    def width_192(self) -> int:
        return self.width * 192 // _CSS_PIXELS_PER_INCH


def sheets_of(stored: Paper) -> list[Sheet]:
    """The sizes of all pages; the file is opened the first time only."""
    path = _path(stored, "sizes.json")
    if default_storage.exists(path):
        with default_storage.open(path) as kept:
            sizes = json.load(kept)
    else:
        sizes = _measure(files.content_of(stored))
        _keep(path, json.dumps(sizes).encode())
    return [Sheet(number, width, height) for number, (width, height) in enumerate(sizes, 1)]


def _measure(pdf: bytes) -> list[tuple[int, int]]:
    scale = _CSS_PIXELS_PER_INCH / _POINTS_PER_INCH
    sizes = pages.page_sizes(pdf)
    return [(round(width * scale), round(height * scale)) for width, height in sizes]


def picture(stored: Paper, number: int, dpi: int) -> tuple[bytes, str]:
    """A page as an image with its media type.

    Raises SignXError: NOT_FOUND off the file, DOCUMENT_INVALID, SERVICE_BUSY.
    """
    _require_page(stored, number)
    if dpi not in DENSITIES:
        raise SignXError(ErrorCode.NOT_FOUND, f"{dpi} dpi")
    path = _path(stored, f"{number}-{dpi}")
    if default_storage.exists(path):
        with default_storage.open(path) as kept:
            content = kept.read()
        return content, "image/png" if content.startswith(_PNG_MAGIC) else "image/webp"
    _refuse_again(f"{path}-refused")
    try:
        image = pages.render_page(files.content_of(stored), number - 1, dpi=dpi)
    except SignXError as error:
        if error.code == ErrorCode.DOCUMENT_INVALID:
            _keep(f"{path}-refused", timezone.now().isoformat().encode())
        raise
    _keep(path, image.data)
    return image.data, image.media_type


def _refuse_again(path: str) -> None:
    """A page that could not be drawn has cost all the time there is: not with every request."""
    if not default_storage.exists(path):
        return
    with default_storage.open(path) as kept:
        refused_at = datetime.fromisoformat(kept.read().decode())
    if timezone.now() < refused_at + REFUSED_FOR:
        raise refusal("too_heavy", died="remembered")
    default_storage.delete(path)


def text_runs(stored: Paper, number: int) -> list[TextRun]:
    """The words of one page with their places, for readers and for selecting."""
    _require_page(stored, number)
    return texts(stored, [number])[0]


def texts(stored: Paper, numbers: Iterable[int]) -> list[list[TextRun]]:
    """The words of several pages of the file; it is opened once, the first time only.

    Raises SignXError: NOT_FOUND off the file, DOCUMENT_INVALID, SERVICE_BUSY.
    """
    wanted = list(numbers)
    known = {number: _kept_text(stored, number) for number in wanted}
    missing = [number for number in wanted if known[number] is None]
    if missing:
        found = pages.page_texts(files.content_of(stored), [number - 1 for number in missing])
        for number, runs in zip(missing, found, strict=True):
            rows = [[run.text, run.x, run.y, run.width, run.height] for run in runs]
            _keep(_text_path(stored, number), json.dumps(rows, ensure_ascii=False).encode())
            known[number] = runs
    return [known[number] or [] for number in wanted]


def _kept_text(stored: Paper, number: int) -> list[TextRun] | None:
    path = _text_path(stored, number)
    if not default_storage.exists(path):
        return None
    with default_storage.open(path) as kept:
        return [TextRun(*run) for run in json.load(kept)]


def _text_path(stored: Paper, number: int) -> str:
    return _path(stored, f"{number}-text.json")


def _require_page(stored: Paper, number: int) -> None:
    if not 1 <= number <= len(sheets_of(stored)):
        raise SignXError(ErrorCode.NOT_FOUND, f"page {number}")


def _path(stored: Paper, name: str) -> str:
    # The hash in the path: a kept picture can only be of exactly this file.
    return f"{stored.folder}/pages/{stored.sha256[:24]}/{name}"


def _keep(path: str, content: bytes) -> None:
    # The folder may go while we write: a draft was sent in another tab, a portal was wiped.
    with suppress(FileNotFoundError):
        default_storage.save(path, ContentFile(content))
