"""From the page a person sees to the page the file describes, and back.

A PDF page has its own axes (points, origin bottom left, before /Rotate, anywhere on the sheet);
a person sees the crop box, turned by /Rotate, and measures from its top left corner.
"""

from __future__ import annotations

from dataclasses import dataclass

import pikepdf

from signing.base import Place

POINTS_PER_MM = 72 / 25.4
# ISO 32000-2, 7.7.3.4: these page entries may stand in a parent of the page.
_DEFAULT_BOX = (0.0, 0.0, 595.276, 841.89)
_DEEPEST_PAGE_TREE = 50

Rectangle = tuple[float, float, float, float]


@dataclass(frozen=True)
class PageFrame:
    """The crop box in points, the turn in degrees clockwise and the size of a user unit."""

    left: float
    bottom: float
    right: float
    top: float
    turn: int = 0
    user_unit: float = 1.0

    @property
    def seen_size(self) -> tuple[float, float]:
        """Width and height of the page seen, in the page's own units."""
        width, height = self.right - self.left, self.top - self.bottom
        return (height, width) if self.turn in (90, 270) else (width, height)

    @property
    def size_mm(self) -> tuple[float, float]:
        """Width and height of the page seen, in millimetres."""
        width, height = self.seen_size
        return width / self.units_per_mm, height / self.units_per_mm

    @property
    def units_per_mm(self) -> float:
        return POINTS_PER_MM / self.user_unit

    def point_to_pdf(self, x: float, y: float) -> tuple[float, float]:
        """A point seen (units from the top left corner) on the axes of the file."""
        if self.turn == 90:
            return self.left + y, self.bottom + x
        if self.turn == 180:
            return self.right - x, self.bottom + y
        if self.turn == 270:
            return self.right - y, self.top - x
        return self.left + x, self.top - y

    def point_to_seen(self, x: float, y: float) -> tuple[float, float]:
        """The opposite of `point_to_pdf`."""
        if self.turn == 90:
            return y - self.bottom, x - self.left
        if self.turn == 180:
            return self.right - x, y - self.bottom
        if self.turn == 270:
            return self.top - y, self.right - x
        return x - self.left, self.top - y

    def to_pdf(self, place: Place) -> Rectangle:
        """The rectangle (left, bottom, right, top) of a place, on the axes of the file."""
        scale = self.units_per_mm
        one = self.point_to_pdf(place.x_mm * scale, place.y_mm * scale)
        two = self.point_to_pdf(place.right_mm * scale, place.bottom_mm * scale)
        return _ordered(*one, *two)

    def to_place(self, page_index: int, rectangle: Rectangle) -> Place:
        """The place seen of a rectangle on the axes of the file."""
        scale = self.units_per_mm
        left, top, right, bottom = self.seen_rectangle(rectangle)
        return Place(
            page_index, left / scale, top / scale, (right - left) / scale, (bottom - top) / scale
        )

    def seen_rectangle(self, rectangle: Rectangle) -> Rectangle:
        """(left, top, right, bottom) in units from the top left corner of the page seen."""
        one = self.point_to_seen(rectangle[0], rectangle[1])
        two = self.point_to_seen(rectangle[2], rectangle[3])
        return _ordered(*one, *two)


def frame_of(page: pikepdf.Page) -> PageFrame:
    """The frame of a page of an open file; a damaged or absent box falls back to A4."""
    media = _box(_inherited(page, "/MediaBox")) or _DEFAULT_BOX
    crop = _box(_inherited(page, "/CropBox")) or media
    left, bottom = max(media[0], crop[0]), max(media[1], crop[1])
    right, top = min(media[2], crop[2]), min(media[3], crop[3])
    if right - left < 1 or top - bottom < 1:
        left, bottom, right, top = media
    turn = _inherited(page, "/Rotate")
    unit = page.obj.get("/UserUnit")
    return PageFrame(
        left,
        bottom,
        right,
        top,
        turn=_quarter_turn(turn),
        user_unit=float(unit) if _is_number(unit) and float(unit) > 0 else 1.0,
    )


def frames_of(pdf: pikepdf.Pdf) -> list[PageFrame]:
    """The frames of all pages, in order."""
    return [frame_of(page) for page in pdf.pages]


def _inherited(page: pikepdf.Page, key: str) -> object:
    node: object = page.obj
    for _level in range(_DEEPEST_PAGE_TREE):
        if not isinstance(node, pikepdf.Dictionary):
            return None
        if key in node:
            return node[key]
        node = node.get("/Parent")
    return None


def _quarter_turn(value: object) -> int:
    if not _is_number(value):
        return 0
    turn = int(float(value)) % 360  # type: ignore[arg-type]
    return turn if turn % 90 == 0 else 0


def _box(value: object) -> Rectangle | None:
    if not isinstance(value, pikepdf.Array) or len(value) != 4:
        return None
    numbers = list(value)
    if not all(_is_number(number) for number in numbers):
        return None
    left, bottom, right, top = _ordered(*(float(number) for number in numbers))
    return (left, bottom, right, top) if right - left >= 1 and top - bottom >= 1 else None


def _is_number(value: object) -> bool:
    try:
        float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return False
    return True


def _ordered(x1: float, y1: float, x2: float, y2: float) -> Rectangle:
    return min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)
