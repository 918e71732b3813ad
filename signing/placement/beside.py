"""A stamp beside a text of the document, such as «Заказчик:»."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

from signing.base import Place
from signing.viewing.sandbox import ask
from signx.errors import ErrorCode

_GAP_MM = 3.0
_MARGIN_MM = 5.0
# Shares of the usual size to try; the smallest can still be read on paper.
_SCALES = (1.0, 0.85, 0.7)
# How far below the text a stamp may slide before it would cover something instead.
_LOWEST_MM = 60


def place_beside(
    pdf: bytes, text: str, occurrence: int, size_mm: tuple[float, float], taken: Sequence[Place]
) -> Place | None:
    """A box right of the text, else below, above or left of it; None without text or room.

    A box that covers no other text is preferred, even a smaller one. `occurrence` counts from 1;
    0 is the last one.
    """
    # Robots try that code again.
    facts, _body = ask(
        "find", pdf, text=text, occurrence=occurrence, when_busy=ErrorCode.INTERNAL_ERROR
    )
    if facts["anchor"] is None:
        return None
    texts = [Place(**box) for box in facts["texts"]]
    candidates = [
        box
        for box in _candidates(Place(**facts["anchor"]), size_mm)
        if _is_on_page(box, facts["page_size"]) and not any(box.overlaps(other) for other in taken)
    ]
    clear = (box for box in candidates if not any(box.overlaps(other) for other in texts))
    return next(chain(clear, candidates), None)


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


def _is_on_page(box: Place, size: Sequence[float]) -> bool:
    return (
        box.x_mm >= _MARGIN_MM
        and box.y_mm >= _MARGIN_MM
        and box.right_mm <= size[0] - _MARGIN_MM
        and box.bottom_mm <= size[1] - _MARGIN_MM
    )
