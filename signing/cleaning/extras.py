"""What may hang on any object of a file: other pictures, other files, other programs' data."""

from __future__ import annotations

import pikepdf

from signing.cleaning.walk import meaningful_dictionaries, word

_EXTRAS = {
    "/Alternates": "alternates",
    "/OPI": "alternates",
    "/PieceInfo": "private",
    # Associated files, in structure elements and pictures too (PDF/A-3, ISO 32000-2, 14.13).
    "/AF": "attachments",
    # A colour profile kept elsewhere (ISO 32000-2, table 401).
    "/DestOutputProfileRef": "external",
}
# How a press puts colours on paper: some programs show it on the screen, others do not.
# ISO 32000-2, tables 57 and 142.
_FOR_PRESSES = {"/TR", "/TR2", "/HT", "/OP", "/op", "/OPM"}
# These change nothing, and many programs write them.
_PLAIN = {"/Identity", "/Default"}
# What a file says of itself as a whole (XMP): of the form it is written in above all (PDF/A,
# PDF/UA), and that is another one now. Nobody misses it, so it is not reported.
_CLAIMS = "/Metadata"


def strip(document: pikepdf.Pdf) -> set[str]:
    """Remove them everywhere; tell what was removed."""
    removed = set()
    for dictionary in meaningful_dictionaries(document):
        for key, what in _EXTRAS.items():
            if isinstance(dictionary.get(key), pikepdf.Object):
                del dictionary[key]
                removed.add(what)
        if _for_press(dictionary):
            removed.add("printing")
        if isinstance(dictionary.get(_CLAIMS), pikepdf.Object):
            del dictionary[_CLAIMS]
        # A form that stands in for a page of another file: the stand-in is what is shown.
        if dictionary.get("/Subtype") == "/Form" and "/Ref" in dictionary:
            del dictionary["/Ref"]
            removed.add("external")
    return removed


def _for_press(dictionary: pikepdf.Object) -> bool:
    """Remove what is for presses; tell whether any of it could be seen."""
    is_seen = False
    for key in _FOR_PRESSES & set(dictionary.keys()):
        value = dictionary[key]
        is_plain = isinstance(value, pikepdf.Name) and word(value) in _PLAIN
        # Halftones are no matter of a screen, and the mode of overprint counts only with it.
        is_seen |= key not in ("/HT", "/OPM") and value is not False and not is_plain
        del dictionary[key]
    return is_seen
