"""SIGNX Sans: the one typeface of stamps, sheets, reports and agreements, and its measures.

Whatever a name holds, a line can always be set: what the face lacks is replaced, never raised.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from fontTools.ttLib import TTFont

FONTS = Path(__file__).parent
Weight = Literal["Regular", "Bold"]
NOTDEF = 0


@dataclass(frozen=True)
class Face:
    """One weight: its file, the glyph of each character, widths in thousandths of the size."""

    weight: Weight
    data: bytes
    glyphs: dict[int, int]
    widths: tuple[int, ...]
    ascent: int
    descent: int
    cap_height: int
    bounds: tuple[int, int, int, int]

    @property
    def postscript_name(self) -> str:
        return f"SIGNXSans-{self.weight}"

    def glyph_ids(self, text: str) -> list[int]:
        """The glyphs of a text that `printable` has cleaned; an unknown one is a hollow box."""
        return [self.glyphs.get(ord(char), NOTDEF) for char in text]

    def width(self, text: str, size: float) -> float:
        """The width of a text in points at a size in points."""
        return sum(self.widths[glyph] for glyph in self.glyph_ids(text)) * size / 1000


@cache
def face(weight: Weight) -> Face:
    """A weight of the typeface, parsed once per process."""
    path = FONTS / f"SIGNXSans-{weight}.ttf"
    font = TTFont(path, lazy=True)
    scale = 1000 / font["head"].unitsPerEm
    order = font.getGlyphOrder()
    index = {name: number for number, name in enumerate(order)}
    head, metrics = font["head"], font["hmtx"]
    return Face(
        weight=weight,
        data=path.read_bytes(),
        glyphs={char: index[name] for char, name in font.getBestCmap().items()},
        widths=tuple(round(metrics[name][0] * scale) for name in order),
        ascent=round(font["hhea"].ascent * scale),
        descent=round(font["hhea"].descent * scale),
        cap_height=round(font["OS/2"].sCapHeight * scale),
        bounds=tuple(round(side * scale) for side in (head.xMin, head.yMin, head.xMax, head.yMax)),
    )


def printable(text: str) -> str:
    """The text with every character one that can be set: composed, without marks of control.

    Direction overrides and other invisible characters are dropped, so that a printed name reads
    as it was stored; a letter the face lacks falls back to its base letter.
    """
    known = face("Regular").glyphs
    composed = unicodedata.normalize("NFC", text)
    return "".join(_settable(char, known) for char in composed)


def _settable(char: str, known: dict[int, int]) -> str:
    category = unicodedata.category(char)
    if category in ("Cf", "Mn", "Me"):
        return ""
    if ord(char) in known:
        return char
    if category.startswith(("Z", "Cc")):
        return " "
    parts = unicodedata.normalize("NFKD", char)
    kept = "".join(part for part in parts if ord(part) in known)
    return kept or char


def wrap(text: str, weight: Weight, size: float, width: float) -> list[str]:
    """The text broken into lines of at most `width` points; a word too long is broken inside."""
    lines: list[str] = []
    line = ""
    measure = face(weight)
    for word in text.split(" "):
        candidate = f"{line} {word}" if line else word
        if measure.width(candidate, size) <= width:
            line = candidate
            continue
        if line:
            lines.append(line)
        *full, line = _pieces(word, measure, size, width)
        lines.extend(full)
    return [*lines, line] if line or not lines else lines


def shorten(text: str, weight: Weight, size: float, width: float) -> str:
    """The text, cut with an ellipsis where it would be wider than `width` points."""
    measure = face(weight)
    if measure.width(text, size) <= width:
        return text
    while text and measure.width(text + "…", size) > width:
        text = text[:-1]
    return text.rstrip() + "…"


def _pieces(word: str, measure: Face, size: float, width: float) -> list[str]:
    pieces, piece = [], ""
    for char in word:
        if piece and measure.width(piece + char, size) > width:
            pieces.append(piece)
            piece = ""
        piece += char
    return [*pieces, piece]
