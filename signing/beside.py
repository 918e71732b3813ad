"""A stamp beside a text of the document, such as «Заказчик:»."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from itertools import chain

import pikepdf
import pypdfium2

from signing.base import Place
from signing.geometry import PageFrame, frames_of
from signing.pages import PDFIUM

_GAP_MM = 3.0
_MARGIN_MM = 5.0
# Shares of the usual size to try; the smallest can still be read on paper.
_SCALES = (1.0, 0.85, 0.7)
# How far below the text a stamp may slide before it would cover something instead.
_LOWEST_MM = 60
# A line to sign on is no text: a stamp may cover it.
_SIGNING_LINE = set("_…. -–—")

_Box = tuple[float, float, float, float]


def place_beside(
    pdf: bytes, text: str, occurrence: int, size_mm: tuple[float, float], taken: Sequence[Place]
) -> Place | None:
    """A box right of the text, else below, above or left of it; None without text or room.

    A box that covers no other text is preferred, even a smaller one. `occurrence` counts from 1;
    0 is the last one.
    """
    with pikepdf.open(io.BytesIO(pdf)) as document:
        frames = frames_of(document)
    with PDFIUM:
        document_shown = pypdfium2.PdfDocument(pdf)
        try:
            anchor = _find(document_shown, frames, text, occurrence)
            if anchor is None:
                return None
            frame = frames[anchor.page_index]
            texts = list(_text_boxes(document_shown, frame, anchor.page_index))
        finally:
            document_shown.close()
    candidates = [
        box
        for box in _candidates(anchor, size_mm)
        if _is_on_page(box, frame.size_mm) and not any(box.overlaps(other) for other in taken)
    ]
    clear = (box for box in candidates if not any(box.overlaps(other) for other in texts))
    return next(chain(clear, candidates), None)


def _find(
    document: pypdfium2.PdfDocument, frames: Sequence[PageFrame], text: str, occurrence: int
) -> Place | None:
    """The box of the wanted occurrence; of a match that runs over lines, its last line."""
    indexes = range(len(frames)) if occurrence else reversed(range(len(frames)))
    passed = 0
    for index in indexes:
        matches = list(_matches(document, frames[index], index, text))
        if not occurrence and matches:
            return matches[-1]
        if occurrence and passed + len(matches) >= occurrence:
            return matches[occurrence - passed - 1]
        passed += len(matches)
    return None


def _matches(
    document: pypdfium2.PdfDocument, frame: PageFrame, index: int, text: str
) -> Iterator[Place]:
    page = document[index].get_textpage()
    searcher = page.search(text)
    while (match := searcher.get_next()) is not None:
        count = page.count_rects(*match)
        if count:
            yield frame.to_place(index, page.get_rect(count - 1))
    searcher.close()


def _text_boxes(document: pypdfium2.PdfDocument, frame: PageFrame, index: int) -> Iterator[Place]:
    page = document[index].get_textpage()
    boxes: list[_Box] = [page.get_rect(number) for number in range(page.count_rects())]
    for box in boxes:
        if set(page.get_text_bounded(*box)) - _SIGNING_LINE:
            yield frame.to_place(index, box)


def _candidates(anchor: Place, size_mm: tuple[float, float]) -> Iterator[Place]:
    for scale in _SCALES:
        width, height = (round(side * scale, 2) for side in size_mm)
        centred = max(anchor.y_mm + anchor.height_mm / 2 - height / 2, _MARGIN_MM)
        for x, y in (
            (anchor.right_mm + _GAP_MM, centred),
            (anchor.x_mm, anchor.bottom_mm + _GAP_MM),
            (anchor.x_mm, anchor.y_mm - _GAP_MM - height),
            (anchor.x_mm - _GAP_MM - width, centred),
        ):
            yield Place(anchor.page_index, round(x, 2), round(y, 2), width, height)
    for down in range(_LOWEST_MM):
        y = anchor.bottom_mm + _GAP_MM + down
        yield Place(anchor.page_index, round(anchor.x_mm, 2), round(y, 2), *size_mm)


def _is_on_page(box: Place, size: tuple[float, float]) -> bool:
    return (
        box.x_mm >= _MARGIN_MM
        and box.y_mm >= _MARGIN_MM
        and box.right_mm <= size[0] - _MARGIN_MM
        and box.bottom_mm <= size[1] - _MARGIN_MM
    )
