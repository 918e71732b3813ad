"""Layers (optional content) flattened to what the screen shows when the file is opened.

A hidden layer can be switched on after signing, or printed though never shown (the "shadow"
attacks of 2020; CVE-2024-52271). So what is hidden is taken out of the pages, what is visible
stays for good, and no switch is left. A file that viewers would open differently is refused.
Source: ISO 32000-2, 8.11.
"""

from __future__ import annotations

from collections.abc import Iterable

import pikepdf

from signing.cleaning.layers.content import without_hidden
from signing.cleaning.layers.visibility import Visibility
from signing.cleaning.refusal import Refusal
from signing.cleaning.walk import meaningful_dictionaries, word

# Annotations without a look of their own.
_INVISIBLE = {"/Link", "/Popup"}
_LAYER_TYPES = {"/OCG", "/OCMD"}


def flatten(document: pikepdf.Pdf) -> tuple[set[str], bool]:
    """What was removed, and whether any layer was hidden (then the look must be compared)."""
    if "/OCProperties" not in document.Root and not _is_any(document):
        return set(), False
    visibility = Visibility(document)
    for page in document.pages:
        _flatten_page(document, page, visibility)
    dictionaries = list(meaningful_dictionaries(document))
    for dictionary in dictionaries:
        if isinstance(dictionary, pikepdf.Stream) and _draws(dictionary):
            resources = dictionary.get("/Resources")
            dictionary.write(without_hidden(dictionary, resources, visibility))
        elif dictionary.get("/Subtype") == "/Type3":
            _flatten_glyphs(dictionary, visibility)
    for dictionary in dictionaries:
        _drop_marks(dictionary)
    return {"layers"}, visibility.has_hidden


def _is_any(document: pikepdf.Pdf) -> bool:
    return any(
        "/OC" in dictionary or word(dictionary.get("/Type")) in _LAYER_TYPES
        for dictionary in meaningful_dictionaries(document)
    )


def _flatten_page(document: pikepdf.Pdf, page: pikepdf.Page, visibility: Visibility) -> None:
    if "/Contents" in page.obj:
        content = without_hidden(page, page.get_resources(), visibility)
        page.obj["/Contents"] = document.make_stream(content)
    annotations = page.obj.get("/Annots")
    if isinstance(annotations, pikepdf.Array):
        page.obj["/Annots"] = pikepdf.Array(list(_shown(annotations, visibility)))


def _shown(
    annotations: Iterable[pikepdf.Object], visibility: Visibility
) -> Iterable[pikepdf.Object]:
    for annotation in annotations:
        layer = annotation.get("/OC") if isinstance(annotation, pikepdf.Dictionary) else None
        if layer is None or visibility.shows(layer):
            yield annotation
        elif word(annotation.get("/Subtype")) not in _INVISIBLE:
            # Some viewers hide it, pdfium's do not.
            raise Refusal("layers")


def _draws(stream: pikepdf.Object) -> bool:
    """A form or a tiling pattern: a stream of drawing operators with resources of its own."""
    return stream.get("/Subtype") == "/Form" or stream.get("/PatternType") == 1


def _flatten_glyphs(font: pikepdf.Object, visibility: Visibility) -> None:
    glyphs = font.get("/CharProcs")
    for name in glyphs.keys() if isinstance(glyphs, pikepdf.Dictionary) else ():
        glyph = glyphs[name]
        if isinstance(glyph, pikepdf.Stream):
            glyph.write(without_hidden(glyph, font.get("/Resources"), visibility))


def _drop_marks(dictionary: pikepdf.Object) -> None:
    """Nothing that once named a layer may name it any more."""
    for key in ("/OCProperties", "/OC"):
        if key in dictionary:
            del dictionary[key]
    properties = dictionary.get("/Properties")
    if not isinstance(properties, pikepdf.Dictionary):
        return
    for name in list(properties.keys()):
        value = properties[name]
        if isinstance(value, pikepdf.Dictionary) and word(value.get("/Type")) in _LAYER_TYPES:
            del properties[name]
