"""What makes a file unfit for signing."""

from __future__ import annotations

from collections.abc import Iterable

import pikepdf

from signing.cleaning.refusal import Refusal
from signing.cleaning.walk import all_dictionaries
from signing.geometry import PageFrame

# Pages are shown at up to this many dots per inch.
_SHOWN_DPI = 144


def refuse_unsignable(document: pikepdf.Pdf) -> None:
    """Raises Refusal for signatures, XFA, portfolios and content kept outside the file."""
    root = document.Root
    form = root.get("/AcroForm")
    if isinstance(form, pikepdf.Dictionary) and "/XFA" in form:
        raise Refusal("xfa")
    if "/Collection" in root:
        raise Refusal("portfolio")
    for dictionary in all_dictionaries(document):
        if _is_signature(dictionary):
            raise Refusal("signed")
        if _is_external(dictionary):
            raise Refusal("external")


def refuse_too_many_pages(document: pikepdf.Pdf, limit: int) -> None:
    try:
        count = len(document.pages)
    except (pikepdf.PdfError, ValueError, RuntimeError) as error:
        raise Refusal("damaged") from error
    if count == 0:
        raise Refusal("no_pages")
    if count > limit:
        raise Refusal("too_many_pages", limit=limit)


def refuse_huge_pages(frames: Iterable[PageFrame], max_pixels: int) -> None:
    for number, frame in enumerate(frames, start=1):
        width, height = (side / 25.4 * _SHOWN_DPI for side in frame.size_mm)
        if width * height > max_pixels:
            raise Refusal("page_too_big", page=number)


def _is_signature(dictionary: pikepdf.Dictionary) -> bool:
    return "/ByteRange" in dictionary and "/Contents" in dictionary


def _is_external(dictionary: pikepdf.Object) -> bool:
    """A stream kept in another file, or a form XObject that shows a page of another file."""
    if isinstance(dictionary, pikepdf.Stream) and "/F" in dictionary:
        return True
    return dictionary.get("/Subtype") == "/Form" and "/Ref" in dictionary
