"""What stands behind the last signed byte: nothing, or whole revisions and not a byte more.

A program that follows the lists of objects and one that searches the bytes must find the same:
an object that no list names would be shown by the second alone (parser differential).
"""

from __future__ import annotations

import re

from pyhanko.pdf_utils.generic import Reference
from pyhanko.pdf_utils.reader import PdfFileReader

_OBJECT = re.compile(rb"(?<![0-9])(\d{1,10})\s+(\d{1,5})\s+obj\b")
_SECTION_END = re.compile(rb"startxref\s+(\d{1,12})\s+%%EOF\s*")


def is_clean(reader: PdfFileReader, data: bytes, start: int) -> bool:
    """Whether the bytes from `start`, the end of the last signed range, hide nothing."""
    if not data[start:].strip():
        return True
    return _has_own_lists(data, start) and _is_listed(reader, data, start)


def _has_own_lists(data: bytes, start: int) -> bool:
    """Every section ends with a mark that leads to a list of objects inside the same section."""
    position = start
    for end in _SECTION_END.finditer(data, start):
        if not position <= int(end.group(1)) < end.start():
            return False
        position = end.end()
    return start < position == len(data)


def _is_listed(reader: PdfFileReader, data: bytes, start: int) -> bool:
    revisions = range(reader.xrefs.total_revisions)
    for found in _OBJECT.finditer(data, start):
        reference = Reference(int(found.group(1)), int(found.group(2)), reader)
        places = (reader.xrefs.get_historical_ref(reference, number) for number in revisions)
        if found.start() not in places:
            return False
    return True
