"""Form fields and comments, which lie over a page: what is drawn of them becomes page content.

Only what the file itself draws (its appearance streams) looks the same everywhere. What it leaves
to the program that shows it would be lost or drawn anew, so that such a file is refused.
Source: ISO 32000-2, 12.5.5 and 12.7.4.3.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from itertools import islice

import pikepdf

from signing.cleaning import rendering
from signing.cleaning.refusal import Refusal
from signing.cleaning.walk import word

# ISO 32000-2, table 171; notes (/Text) are but an icon, which stands for a comment.
_MARKS = {
    "/FreeText", "/Stamp", "/Ink", "/Line", "/Square", "/Circle", "/Polygon", "/PolyLine",
    "/Highlight", "/Underline", "/Squiggly", "/StrikeOut", "/Caret", "/Redact", "/Watermark",
}  # fmt: skip
# ISO 32000-2, table 167. The first one is about kinds of annotation that a program does not know.
_INVISIBLE, _HIDDEN, _NO_VIEW = 1 << 0, 1 << 1, 1 << 5
_DEEPEST = 32


def flatten(document: pikepdf.Pdf) -> None:
    """What is visible on the screen becomes page content; what is not visible goes.

    Raises Refusal for what is visible but not drawn, and when the pages look different after it.
    """
    for annotation in _annotations(document):
        _refuse_undrawn(annotation)
    form = document.Root.get("/AcroForm")
    # What is drawn is not to be drawn again: only Latin letters would survive that.
    if isinstance(form, pikepdf.Dictionary) and "/NeedAppearances" in form:
        del form["/NeedAppearances"]
    overlays = list(_annotations(document))
    before = _as_pictures(document, overlays) if overlays else b""
    document.flatten_annotations("screen")
    if overlays and not rendering.is_same_look(before, _written(document)):
        raise Refusal("overlaid")


def look_of(link: pikepdf.Object) -> pikepdf.Object | None:
    """What a link draws besides being one, as a mark of its own."""
    if not _is_drawn(link):
        return None
    kept = {key: link[key] for key in ("/Rect", "/AP", "/AS", "/F") if key in link}
    return pikepdf.Dictionary({"/Type": pikepdf.Name.Annot, "/Subtype": pikepdf.Name.Stamp} | kept)


def _as_pictures(document: pikepdf.Pdf, overlays: Iterable[pikepdf.Object]) -> bytes:
    """The file before, its fields shown as what is drawn of them and nothing else: the part of the
    renderer that knows of fields adds a look of its own."""
    fields = [one for one in overlays if word(one.get("/Subtype")) == "/Widget"]
    for field in fields:
        field["/Subtype"] = pikepdf.Name.Stamp
    written = _written(document)
    for field in fields:
        field["/Subtype"] = pikepdf.Name.Widget
    return written


def _annotations(document: pikepdf.Pdf) -> Iterator[pikepdf.Object]:
    for page in document.pages:
        found = page.obj.get("/Annots")
        if isinstance(found, pikepdf.Array):
            yield from found


def _refuse_undrawn(annotation: pikepdf.Object) -> None:
    kind = word(annotation.get("/Subtype"))
    flags = annotation.get("/F", 0)
    flags = flags if isinstance(flags, int) else 0
    if kind in _MARKS or kind == "/Widget":
        annotation["/F"] = flags = flags & ~_INVISIBLE
    if flags & (_INVISIBLE | _HIDDEN | _NO_VIEW) or _is_drawn(annotation):
        return
    if kind in _MARKS:
        raise Refusal("comments_undrawn")
    if kind == "/Widget" and _is_filled(annotation):
        raise Refusal("form_undrawn")


def _is_drawn(annotation: pikepdf.Object) -> bool:
    looks = annotation.get("/AP")
    # A stream, or one for each state.
    return isinstance(looks, pikepdf.Dictionary) and isinstance(
        looks.get("/N"), pikepdf.Stream | pikepdf.Dictionary
    )


def _is_filled(widget: pikepdf.Object) -> bool:
    value = _inherited(widget, "/V")
    if isinstance(value, pikepdf.Name):
        return word(value) != "/Off"
    if isinstance(value, pikepdf.String | pikepdf.Array):
        return len(bytes(value) if isinstance(value, pikepdf.String) else list(value)) > 0
    return isinstance(value, pikepdf.Stream)


def _inherited(field: pikepdf.Object, key: str) -> object:
    for level in islice(_upwards(field), _DEEPEST):
        if key in level:
            return level[key]
    return None


def _upwards(field: pikepdf.Object) -> Iterable[pikepdf.Object]:
    level: object = field
    while isinstance(level, pikepdf.Dictionary):
        yield level
        level = level.get("/Parent")


def _written(document: pikepdf.Pdf) -> bytes:
    output = io.BytesIO()
    document.save(output, encryption=False)
    return output.getvalue()
