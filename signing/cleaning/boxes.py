"""Page boxes, turns and units that every viewer reads the same way.

Viewers disagree about a crop box that reaches past the page (poppler does not cut it), about a
missing or crooked box, and about pages whose unit is not a point (pdfium does not know
/UserUnit). Then they disagree about where a stamp stands. Source: ISO 32000-2, table 31.
"""

from __future__ import annotations

from collections.abc import Iterable

import pikepdf
from pikepdf import Array, Dictionary, Name

from signing.geometry import PageFrame, frame_of

# Marks for print shops, which mean nothing once the page is scaled or its boxes are mended.
_FOR_PRINTERS = ("/BleedBox", "/TrimBox", "/ArtBox")


def are_normal(document: pikepdf.Pdf) -> bool:
    """Whether every page is written already as `normalise` would write it."""
    return all(_is_normal(page) for page in document.pages)


def _is_normal(page: pikepdf.Page) -> bool:
    frame = frame_of(page)
    written = page.obj.get("/CropBox", page.obj.get("/MediaBox"))
    turn = page.obj.get("/Rotate", 0)
    try:
        box = [float(side) for side in written]
        is_turned_as_seen = int(turn) % 360 == frame.turn
    except (TypeError, ValueError):
        return False
    seen = (frame.left, frame.bottom, frame.right, frame.top)
    return is_turned_as_seen and frame.user_unit == 1 and _rounded(seen) == _rounded(box)


def normalise(document: pikepdf.Pdf) -> list[PageFrame]:
    """Write down for every page what a person sees of it; give back the frames."""
    for page in document.pages:
        frame = frame_of(page)
        box = Array(_rounded((frame.left, frame.bottom, frame.right, frame.top)))
        if frame.user_unit != 1:
            _scale(document, page, frame.user_unit)
            box = _times(box, frame.user_unit)
        page.obj["/MediaBox"] = box
        page.obj["/Rotate"] = frame.turn
        for key in ("/UserUnit", "/CropBox", *_FOR_PRINTERS):
            if key in page.obj:
                del page.obj[key]
    return [frame_of(page) for page in document.pages]


def _scale(document: pikepdf.Pdf, page: pikepdf.Page, unit: float) -> None:
    page.contents_coalesce()
    content = page.obj["/Contents"].read_bytes() if "/Contents" in page.obj else b""
    # A form keeps patterns in step with the content: a bare matrix before it would not.
    form = document.make_stream(
        content,
        Type=Name.XObject,
        Subtype=Name.Form,
        BBox=Array(list(page.mediabox)),
        Matrix=Array([unit, 0, 0, unit, 0, 0]),
        Resources=page.get_resources(),
    )
    page.obj["/Resources"] = Dictionary(XObject=Dictionary(SxPage=form))
    page.obj["/Contents"] = document.make_stream(b"/SxPage Do")
    for link in page.obj.get("/Annots", ()):
        for key in ("/Rect", "/QuadPoints"):
            if isinstance(link.get(key), Array):
                link[key] = _times(link[key], unit)
    if "/StructParents" in page.obj:
        del page.obj["/StructParents"]


def _times(numbers: pikepdf.Object, unit: float) -> Array:
    return Array([round(float(number) * unit, 3) for number in numbers])


def _rounded(box: Iterable[float]) -> list[float]:
    return [round(number, 3) for number in box]
