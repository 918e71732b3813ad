"""What makes a file unfit for signing."""

from __future__ import annotations

import io
from collections.abc import Iterable

import pikepdf

from signing.cleaning.refusal import Refusal
from signing.cleaning.walk import all_dictionaries
from signing.geometry import PageFrame

# The smallest scale at which a page is still legible: larger pages are shown at less than usual.
_SHOWN_DPI = 36


def refuse_unsignable(document: pikepdf.Pdf) -> bool:
    """Raises Refusal for XFA, portfolios, content kept outside the file and paint that is none.

    Tells whether the file holds anybody's signature.
    """
    root = document.Root
    form = root.get("/AcroForm")
    if isinstance(form, pikepdf.Dictionary) and "/XFA" in form:
        raise Refusal("xfa")
    if "/Collection" in root:
        raise Refusal("portfolio")
    rights = _usage_rights(root)
    is_signed = False
    for dictionary in all_dictionaries(document):
        is_signed |= _is_signature(dictionary) and dictionary.objgen not in rights
        if _is_external(dictionary):
            raise Refusal("external")
        if _paints_without_colour(dictionary):
            raise Refusal("printing")
    return is_signed


def refuse_too_many_pages(document: pikepdf.Pdf, limit: int) -> None:
    count = len(document.pages)
    if count == 0:
        raise Refusal("no_pages")
    if count > limit:
        raise Refusal("too_many_pages", limit=limit)


def read_pages(document: pikepdf.Pdf) -> None:
    """What a page draws must be there in full: a reader would leave out the rest in silence.

    Raises PdfError; what could be repaired is left in the document's warnings.
    """
    for page in document.pages:
        contents = page.obj.get("/Contents")
        streams = contents if isinstance(contents, pikepdf.Array) else [contents]
        for stream in streams:
            if isinstance(stream, pikepdf.Stream):
                stream.read_bytes()


def prove_sound(result: bytes, page_count: int) -> None:
    """The file we wrote opens without any repair. Raises Refusal or PdfError."""
    with pikepdf.open(io.BytesIO(result), attempt_recovery=False) as document:
        if len(document.pages) != page_count or document.get_warnings():
            raise Refusal("damaged")


def refuse_huge_pages(frames: Iterable[PageFrame], max_pixels: int) -> None:
    for number, frame in enumerate(frames, start=1):
        width, height = (side / 25.4 * _SHOWN_DPI for side in frame.size_mm)
        if width * height > max_pixels:
            raise Refusal("page_too_big", page=number)


def _is_signature(dictionary: pikepdf.Dictionary) -> bool:
    """Also one whose contents are missing: a broken signature is not none."""
    return "/ByteRange" in dictionary


def _usage_rights(root: pikepdf.Object) -> set[tuple[int, int]]:
    """The signatures by which a program unlocks features of another: nobody's signature.

    Source: ISO 32000-2, 12.8.2.3.
    """
    permissions = root.get("/Perms")
    if not isinstance(permissions, pikepdf.Dictionary):
        return set()
    found = [permissions.get(key) for key in ("/UR", "/UR3")]
    return {
        right.objgen for right in found if isinstance(right, pikepdf.Dictionary) and right.objgen[0]
    }


def _is_external(dictionary: pikepdf.Object) -> bool:
    """A stream kept in another file."""
    return isinstance(dictionary, pikepdf.Stream) and "/F" in dictionary


def _paints_without_colour(dictionary: pikepdf.Object) -> bool:
    """Whether it offers the colorant None: it leaves no mark on paper, and on a screen in some
    programs only, so it could cover a text for one reader and not for another.

    Source: ISO 32000-2, 8.6.6.4.
    """
    spaces = dictionary.get("/ColorSpace")
    if isinstance(spaces, pikepdf.Dictionary):
        return any(_is_no_colour(space) for _name, space in spaces.items())
    return _is_no_colour(spaces)


def _is_no_colour(space: object, depth: int = 3) -> bool:
    if not isinstance(space, pikepdf.Array) or len(space) < 2 or depth == 0:
        return False
    kind, names = space[0], space[1]
    if kind == "/DeviceN" and isinstance(names, pikepdf.Array):
        return any(name == "/None" for name in names)
    if kind == "/Separation":
        return bool(names == "/None")
    if kind == "/ICCBased" and isinstance(names, pikepdf.Stream):
        names = names.get("/Alternate")
    return kind in ("/Indexed", "/Pattern", "/ICCBased") and _is_no_colour(names, depth - 1)
