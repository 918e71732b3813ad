"""The words of a page and their places, read in the child process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pypdfium2

from signing.base import Place
from signing.geometry import PageFrame, Rectangle

# A line to sign on is no text: a stamp may cover it.
_SIGNING_LINE = set("_…. -–—")

Run = tuple[str, float, float, float, float]


def runs_of(page: pypdfium2.PdfPage) -> list[Run]:
    """Text, left, top, width and height of each piece of a line, as fractions of the page seen."""
    frame = _frame_of(page)
    text = page.get_textpage()
    boxes = (text.get_rect(index) for index in range(text.count_rects()))
    runs = [_run(frame, text.get_text_bounded(*box).strip(), box) for box in boxes]
    text.close()
    return [run for run in runs if run[0]]


def find(
    document: pypdfium2.PdfDocument, frames: Sequence[PageFrame], text: str, occurrence: int
) -> Place | None:
    """The box of the wanted occurrence; of a match that runs over lines, its last line.

    `occurrence` counts from 1; 0 is the last one.
    """
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


def text_boxes(document: pypdfium2.PdfDocument, frame: PageFrame, index: int) -> Iterator[Place]:
    """Where words stand on a page; lines to sign on are none."""
    page = document[index].get_textpage()
    boxes: list[Rectangle] = [page.get_rect(number) for number in range(page.count_rects())]
    for box in boxes:
        if set(page.get_text_bounded(*box)) - _SIGNING_LINE:
            yield frame.to_place(index, box)


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


def _frame_of(page: pypdfium2.PdfPage) -> PageFrame:
    """The frame of a page open in pdfium, in points: pdfium does not know user units."""
    media = page.get_mediabox()
    crop = page.get_cropbox()
    left, bottom = max(media[0], crop[0]), max(media[1], crop[1])
    right, top = min(media[2], crop[2]), min(media[3], crop[3])
    return PageFrame(left, bottom, right, top, turn=page.get_rotation())


def _run(frame: PageFrame, text: str, box: Rectangle) -> Run:
    left, top, right, bottom = frame.seen_rectangle(box)
    width, height = frame.seen_size
    return text, left / width, top / height, (right - left) / width, (bottom - top) / height
