"""SIGNX Sans as font objects of a PDF, embedded once and shared by every later stamp."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from functools import cache

from pyhanko.pdf_utils.generic import (
    ArrayObject,
    DictionaryObject,
    IndirectObject,
    NameObject,
    NumberObject,
    PdfObject,
    StreamObject,
    pdf_name,
    pdf_string,
)
from pyhanko.pdf_utils.writer import BasePdfFileWriter

from signing.embedded.appearance import FONT_NAMES
from signing.fonts.typeface import Face, Weight, face

_NONSYMBOLIC = 1 << 5
_STEM_WIDTH: dict[Weight, int] = {"Regular": 80, "Bold": 130}


def form_fonts(writer: BasePdfFileWriter) -> dict[NameObject, IndirectObject]:
    """Entries for the /Font dictionary of the form's resources; both weights join the file."""
    return {pdf_name(f"/{name}"): _font(writer, weight) for weight, name in FONT_NAMES.items()}


def _font(writer: BasePdfFileWriter, weight: Weight) -> IndirectObject:
    """A composite font whose codes are glyph numbers. Source: ISO 32000-2, 9.7.4 and 9.7.5."""
    measures = face(weight)
    name = pdf_name("/" + measures.postscript_name)
    descendant = _dictionary(
        Type=pdf_name("/Font"),
        Subtype=pdf_name("/CIDFontType2"),
        BaseFont=name,
        CIDSystemInfo=_dictionary(
            Registry=pdf_string("Adobe"),
            Ordering=pdf_string("Identity"),
            Supplement=NumberObject(0),
        ),
        FontDescriptor=writer.add_object(_descriptor(writer, measures)),
        DW=NumberObject(1000),
        W=ArrayObject([NumberObject(0), _numbers(measures.widths)]),
        CIDToGIDMap=pdf_name("/Identity"),
    )
    return writer.add_object(
        _dictionary(
            Type=pdf_name("/Font"),
            Subtype=pdf_name("/Type0"),
            BaseFont=name,
            Encoding=pdf_name("/Identity-H"),
            DescendantFonts=ArrayObject([writer.add_object(descendant)]),
            ToUnicode=_compressed(writer, *_unicode_map(weight)),
        )
    )


def _descriptor(writer: BasePdfFileWriter, measures: Face) -> DictionaryObject:
    return _dictionary(
        Type=pdf_name("/FontDescriptor"),
        FontName=pdf_name("/" + measures.postscript_name),
        Flags=NumberObject(_NONSYMBOLIC),
        FontBBox=_numbers(measures.bounds),
        ItalicAngle=NumberObject(0),
        Ascent=NumberObject(measures.ascent),
        Descent=NumberObject(measures.descent),
        CapHeight=NumberObject(measures.cap_height),
        StemV=NumberObject(_STEM_WIDTH[measures.weight]),
        FontFile2=_compressed(writer, *_font_file(measures.weight)),
    )


def _compressed(writer: BasePdfFileWriter, packed: bytes, length: int) -> IndirectObject:
    entries = _dictionary(Length1=NumberObject(length), Filter=pdf_name("/FlateDecode"))
    return writer.add_object(StreamObject(entries, encoded_data=packed))


def _dictionary(**entries: PdfObject) -> DictionaryObject:
    return DictionaryObject({pdf_name(f"/{key}"): value for key, value in entries.items()})


def _numbers(values: Iterable[int]) -> ArrayObject:
    return ArrayObject([NumberObject(value) for value in values])


@cache
def _font_file(weight: Weight) -> tuple[bytes, int]:
    data = face(weight).data
    return zlib.compress(data, 9), len(data)


@cache
def _unicode_map(weight: Weight) -> tuple[bytes, int]:
    """The /ToUnicode map, so that the stamp's text can be copied and searched."""
    pairs = sorted({glyph: char for char, glyph in face(weight).glyphs.items()}.items())
    rows = []
    # A block holds at most 100 pairs (Adobe technical note 5014).
    for start in range(0, len(pairs), 100):
        block = pairs[start : start + 100]
        rows.append(f"{len(block)} beginbfchar")
        rows += [f"<{glyph:04X}> <{char:04X}>" for glyph, char in block]
        rows.append("endbfchar")
    data = _CMAP_HEAD + "\n".join(rows) + _CMAP_TAIL
    return zlib.compress(data.encode("ascii"), 9), len(data)


_CMAP_HEAD = """/CIDInit /ProcSet findresource begin
12 dict begin
begincmap
/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def
/CMapName /Adobe-Identity-UCS def
/CMapType 2 def
1 begincodespacerange
<0000> <FFFF>
endcodespacerange
"""
_CMAP_TAIL = """
endcmap
CMapName currentdict /CMap defineresource pop
end
end
"""
