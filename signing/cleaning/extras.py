"""What may hang on any object of a file: other pictures, other files, other programs' data."""

from __future__ import annotations

import pikepdf

from signing.cleaning.walk import meaningful_dictionaries

_EXTRAS = {
    "/Alternates": "alternates",
    "/OPI": "alternates",
    "/PieceInfo": "private",
    # Associated files, in structure elements and pictures too (PDF/A-3, ISO 32000-2, 14.13).
    "/AF": "attachments",
    # A colour profile kept elsewhere (ISO 32000-2, table 401).
    "/DestOutputProfileRef": "external",
}
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
        if isinstance(dictionary.get(_CLAIMS), pikepdf.Object):
            del dictionary[_CLAIMS]
        # A form that stands in for a page of another file: the stand-in is what is shown.
        if dictionary.get("/Subtype") == "/Form" and "/Ref" in dictionary:
            del dictionary["/Ref"]
            removed.add("external")
    return removed
