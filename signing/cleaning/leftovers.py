"""The last look at a cleaned document, before it is written."""

from __future__ import annotations

import pikepdf

from signing.cleaning.refusal import Refusal
from signing.cleaning.walk import meaningful_dictionaries, word

_ACTIVE_KEYS = {
    "/JS", "/JavaScript", "/AA", "/OpenAction", "/XFA", "/EF", "/RichMediaContent", "/OC",
    "/OCProperties", "/AF", "/Alternates",
}  # fmt: skip
_ACTIVE_ACTIONS = {
    "/JavaScript", "/Launch", "/SubmitForm", "/ImportData", "/GoToR", "/GoToE", "/Rendition",
    "/Movie", "/Sound", "/Trans", "/GoTo3DView", "/RichMediaExecute", "/Hide", "/SetOCGState",
}  # fmt: skip


def refuse_active_content(document: pikepdf.Pdf) -> None:
    """Raises Refusal when something that acts is still going to be written."""
    for dictionary in meaningful_dictionaries(document):
        if _ACTIVE_KEYS & set(dictionary.keys()) or _stands_for_another_page(dictionary):
            raise Refusal("active")
        if word(dictionary.get("/S")) in _ACTIVE_ACTIONS and not _is_structure(dictionary):
            raise Refusal("active")


def _is_structure(dictionary: pikepdf.Object) -> bool:
    """A part of a tagged file, whose kind (/S) may have any name."""
    is_action = "/Type" not in dictionary or word(dictionary["/Type"]) == "/Action"
    is_below = isinstance(dictionary.get("/P"), pikepdf.Dictionary)
    return is_below and not is_action


def _stands_for_another_page(dictionary: pikepdf.Object) -> bool:
    """A page of another file; in the structure of a tagged file /Ref is a list of its parts."""
    return isinstance(dictionary.get("/Ref"), pikepdf.Dictionary)
