"""SIGNX Sans as font objects of a PDF, embedded once and shared by every later stamp."""

from __future__ import annotations

import zlib
from functools import cache

import pikepdf
from pikepdf import Array, Dictionary, Name

from signing.embedded.appearance import FONT_NAMES
from signing.typeface import Face, Weight, face

_NONSYMBOLIC = 1 << 5
_STEM_WIDTH: dict[Weight, int] = {"Regular": 80, "Bold": 130}


def form_fonts(pdf: pikepdf.Pdf) -> Dictionary:
    """The /Font dictionary of the form's resources, with both weights added to the file."""
    return Dictionary({f"/{name}": _font(pdf, weight) for weight, name in FONT_NAMES.items()})


def _font(pdf: pikepdf.Pdf, weight: Weight) -> pikepdf.Object:
    """A composite font whose codes are glyph numbers. Source: ISO 32000-2, 9.7.4 and 9.7.5."""
    measures = face(weight)
    name = Name("/" + measures.postscript_name)
    descendant = Dictionary(
        Type=Name.Font,
        Subtype=Name.CIDFontType2,
        BaseFont=name,
        CIDSystemInfo=Dictionary(Registry=b"Adobe", Ordering=b"Identity", Supplement=0),
        FontDescriptor=pdf.make_indirect(_descriptor(pdf, measures)),
        DW=1000,
        W=Array([0, Array(list(measures.widths))]),
        CIDToGIDMap=Name.Identity,
    )
    return pdf.make_indirect(
        Dictionary(
            Type=Name.Font,
            Subtype=Name.Type0,
            BaseFont=name,
            Encoding=Name("/Identity-H"),
            DescendantFonts=Array([pdf.make_indirect(descendant)]),
            ToUnicode=_compressed(pdf, *_unicode_map(weight)),
        )
    )


def _descriptor(pdf: pikepdf.Pdf, measures: Face) -> Dictionary:
    return Dictionary(
        Type=Name.FontDescriptor,
        FontName=Name("/" + measures.postscript_name),
        Flags=_NONSYMBOLIC,
        FontBBox=Array(list(measures.bounds)),
        ItalicAngle=0,
        Ascent=measures.ascent,
        Descent=measures.descent,
        CapHeight=measures.cap_height,
        StemV=_STEM_WIDTH[measures.weight],
        FontFile2=_compressed(pdf, *_font_file(measures.weight)),
    )


def _compressed(pdf: pikepdf.Pdf, packed: bytes, length: int) -> pikepdf.Object:
    stream = pikepdf.Stream(pdf, b"", Length1=length)
    stream.write(packed, filter=Name.FlateDecode)
    return pdf.make_indirect(stream)


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
