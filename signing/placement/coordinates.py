"""From what a person typed to the boxes of the stamps on the pages of one file."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain

import pikepdf
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from signing.base import Place
from signing.geometry import Rectangle, frames_of
from signing.placement.beside import place_beside
from signing.placement.free_space import STAMP_SIZE_MM, free_places
from signing.placement.grammar import (
    EVERY_PAGE,
    BesideText,
    Coordinates,
    OnPage,
    Where,
    invalid,
    parse,
)
from signing.placement.sheet import add_sheet
from signx.errors import SignXError

__all__ = ["STAMP_SIZE_MM", "Coordinates", "Placed", "parse", "place"]

# A smaller stamp cannot be read on paper.
SMALLEST_MM = (40.0, 15.0)
# Typed lengths are rounded; a box may touch the edge.
_TOLERANCE_MM = 0.05
_NO_SHEET = _(
    "the file is signed already, so that no signature sheet can be added, and under its text is "
    "no room for the stamps. Say where they go."
)

_Size = tuple[float, float]


@dataclass
class Placed:
    """The file (a signature sheet may have been added) and the boxes of each key, in page order."""

    pdf: bytes
    places: dict[str, tuple[Place, ...]] = field(default_factory=dict)


def place(
    coordinates: Coordinates,
    pdf: bytes,
    keys: Sequence[str],
    *,
    size_mm: _Size = STAMP_SIZE_MM,
    language: str = "ru",
    document_title: str = "",
) -> Placed:
    """The boxes of every key, in the order of `keys`.

    Keys without coordinates stand below the last line of the last page, or on an added sheet
    (its words are in `language`). A file that is signed already gets no sheet, and one stamp for
    each key. Raises SignXError(PARAMETER_INVALID) with a reason.
    """
    _check_keys(coordinates, keys)
    paper = _read(pdf)
    found: dict[str, tuple[Place, ...]] = {}
    for key in keys:
        if key in coordinates.places:
            where = coordinates.places[key]
            taken = [*paper.earlier, *chain(*found.values())]
            found[key] = _resolved(key, where, pdf, paper.sizes, size_mm, taken)
    _check_overlaps(found)
    if paper.is_signed:
        _check_against_earlier(found, paper.earlier)
    rest = [key for key in keys if key not in found]
    if rest:
        taken = [*paper.earlier, *chain(*found.values())]
        boxes = free_places(pdf, len(rest), size_mm, taken)
        if boxes is None or not all(_is_on_page(box, paper.sizes[box.page_index]) for box in boxes):
            if paper.is_signed:
                raise invalid(_NO_SHEET)
            pdf, boxes = add_sheet(pdf, len(rest), size_mm, language, document_title)
        found |= {key: (box,) for key, box in zip(rest, boxes, strict=True)}
    return Placed(pdf, {key: found[key] for key in keys})


def _check_keys(coordinates: Coordinates, keys: Sequence[str]) -> None:
    for key in coordinates.places:
        if key not in keys:
            raise invalid(format_lazy(_("there is no signer {key}."), key=key))


@dataclass(frozen=True)
class _Paper:
    """What the places of a file depend on: the sizes of its pages, whether it is signed already
    and the boxes of those signatures (an invisible one has an empty box, or none)."""

    sizes: list[_Size]
    is_signed: bool
    earlier: list[Place]


def _read(pdf: bytes) -> _Paper:
    """Only a signed file keeps its form at intake, so every widget is a signature's."""
    with pikepdf.open(io.BytesIO(pdf)) as document:
        frames = frames_of(document)
        earlier = [
            frame.to_place(index, _rectangle(widget))
            for index, (frame, page) in enumerate(zip(frames, document.pages, strict=True))
            for widget in page.obj.get("/Annots", ())
            if widget.get("/Subtype") == "/Widget"
        ]
        is_signed = "/AcroForm" in document.Root
    return _Paper([frame.size_mm for frame in frames], is_signed, earlier)


def _rectangle(widget: pikepdf.Object) -> Rectangle:
    left, bottom, right, top = (float(side) for side in widget.Rect)
    return left, bottom, right, top


def _check_against_earlier(found: dict[str, tuple[Place, ...]], earlier: Sequence[Place]) -> None:
    for key, boxes in found.items():
        if len(boxes) > 1:
            raise _refused(key, _("the file is signed already: one stamp of each signer fits in."))
        (box,) = boxes
        if any(box.overlaps(other) for other in earlier):
            reason = _("the stamp covers a signature that the file holds on page {page}.")
            raise _refused(key, format_lazy(reason, page=box.page_index + 1))


def _resolved(
    key: str,
    where: Where,
    pdf: bytes,
    sizes: Sequence[_Size],
    size_mm: _Size,
    taken: Sequence[Place],
) -> tuple[Place, ...]:
    if isinstance(where, BesideText):
        return (_beside(key, where, pdf, size_mm, taken),)
    width, height = where.size_mm or size_mm
    if width < SMALLEST_MM[0] or height < SMALLEST_MM[1]:
        raise _refused(key, _("the stamp is smaller than 40 × 15 mm, it could not be read."))
    boxes = tuple(
        Place(index, where.x_mm, where.y_mm, width, height)
        for index in _page_indexes(key, where, len(sizes))
    )
    for box in boxes:
        _check_on_page(key, box, sizes[box.page_index])
    return boxes


def _beside(
    key: str, where: BesideText, pdf: bytes, size_mm: _Size, taken: Sequence[Place]
) -> Place:
    box = place_beside(pdf, where.text, where.occurrence, size_mm, taken)
    if box is None:
        reason = _("the text “{text}” is not in the document, or there is no room beside it.")
        raise _refused(key, format_lazy(reason, text=where.text))
    return box


def _page_indexes(key: str, where: OnPage, count: int) -> Iterable[int]:
    if where.page == EVERY_PAGE:
        return range(count)
    index = where.page - 1 if where.page > 0 else count + where.page
    if not 0 <= index < count:
        reason = _("there is no page {page}: the document has {count}.")
        raise _refused(key, format_lazy(reason, page=where.page, count=count))
    return (index,)


def _is_on_page(box: Place, size: _Size) -> bool:
    return box.right_mm <= size[0] + _TOLERANCE_MM and box.bottom_mm <= size[1] + _TOLERANCE_MM


def _check_on_page(key: str, box: Place, size: _Size) -> None:
    if not _is_on_page(box, size):
        reason = _("the stamp leaves page {page}, which is {width} × {height} mm.")
        raise _refused(
            key,
            format_lazy(
                reason, page=box.page_index + 1, width=round(size[0]), height=round(size[1])
            ),
        )


def _check_overlaps(found: dict[str, tuple[Place, ...]]) -> None:
    boxes = [(key, box) for key, group in found.items() for box in group]
    for position, (key, box) in enumerate(boxes):
        for other_key, other in boxes[:position]:
            if box.overlaps(other):
                reason = _("the stamp overlaps the one of signer {other} on page {page}.")
                page = box.page_index + 1
                raise _refused(key, format_lazy(reason, other=other_key, page=page))


def _refused(key: str, reason: str | Promise) -> SignXError:
    return invalid(format_lazy(_("signer {key}: {reason}"), key=key, reason=reason))
