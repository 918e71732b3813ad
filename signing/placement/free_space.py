"""Automatic places: below the last line of the last page, where the page is blank."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from signing.base import Place
from signing.viewing.sandbox import ask
from signx.errors import ErrorCode

STAMP_SIZE_MM = (86.0, 30.0)
GUTTER_MM = 6.0
EDGE_MM = 12.0
# Page numbers and footers stand in this strip; ink there does not end the text.
_FOOTER_MM = 22.0
_GAP_MM = 5.0
_BETWEEN_MM = 4.0
_STEP_MM = 2.0
_PIXELS_PER_MM = 2.0


def free_places(
    pdf: bytes, count: int, size_mm: tuple[float, float], taken: Sequence[Place]
) -> list[Place] | None:
    """Boxes for `count` stamps on the last page, side by side first; None if they do not fit."""
    index, (width, height), inked = _last_page(pdf)
    top, bottom = _blank_band(inked, height)
    found: list[Place] = []
    for box in grid(index, width, top + _GAP_MM, min(bottom - _GAP_MM, height - EDGE_MM), size_mm):
        if not any(box.overlaps(spaced(other)) for other in (*taken, *found)):
            found.append(box)
        if len(found) == count:
            return found
    return None


def grid(
    index: int, page_width: float, top: float, bottom: float, size_mm: tuple[float, float]
) -> Iterator[Place]:
    """Every box to try between two heights, row after row, two columns where the page allows."""
    width, height = size_mm
    columns = 2 if page_width >= 2 * width + GUTTER_MM + 2 * EDGE_MM else 1
    used = columns * width + (columns - 1) * GUTTER_MM
    left = (page_width - used) / 2
    if left < 0:
        return
    steps = int((bottom - height - top) // _STEP_MM) + 1
    for step in range(max(steps, 0)):
        for column in range(columns):
            x = left + column * (width + GUTTER_MM)
            yield Place(index, round(x, 2), round(top + step * _STEP_MM, 2), width, height)


def spaced(box: Place) -> Place:
    """The box with the gap that is kept around it."""
    return Place(
        box.page_index,
        box.x_mm - _BETWEEN_MM,
        box.y_mm - _BETWEEN_MM,
        box.width_mm + 2 * _BETWEEN_MM,
        box.height_mm + 2 * _BETWEEN_MM,
    )


def _last_page(pdf: bytes) -> tuple[int, tuple[float, float], bytes]:
    """The last page's index, its size in millimetres and which of its half millimetres have ink."""
    # Robots try that code again.
    facts, inked = ask("ink", pdf, dpi=_PIXELS_PER_MM * 25.4, when_busy=ErrorCode.INTERNAL_ERROR)
    width, height = (side * 25.4 / 72 for side in facts["size"])
    return facts["index"], (width, height), inked


def _blank_band(inked: bytes, height: float) -> tuple[float, float]:
    """Top and bottom, in millimetres, of the blank part between the text and the footer."""
    footer = int((height - _FOOTER_MM) * _PIXELS_PER_MM)
    text_end = max((row + 1 for row in range(min(footer, len(inked))) if inked[row]), default=0)
    below = (row for row in range(text_end, len(inked)) if inked[row])
    blank_end = next(below, len(inked))
    return max(text_end / _PIXELS_PER_MM, EDGE_MM), blank_end / _PIXELS_PER_MM
