"""A stamp as PDF drawing operators: frame, text and QR code, all of it vectors."""

from __future__ import annotations

from functools import lru_cache

import segno

from signing.base import StampText
from signing.embedded.layout import BLUE, QUIET, Colour, Layout, Line, set_stamp
from signing.fonts.typeface import Weight, face

# The names of the two faces in the resources of the form and of every stamp.
FONT_NAMES: dict[Weight, str] = {"Regular": "SxR", "Bold": "SxB"}
_FRAME_WIDTH = 0.8
_CORNER = 5.0
# A quarter circle as a Bezier curve: the control point's share of the radius.
_ARC = 0.5523


def stamp_operators(stamp: StampText, width: float, height: float) -> bytes:
    """The content stream of a stamp of `width` by `height` points, drawn upright."""
    layout = set_stamp(stamp, width, height)
    parts = [_frame(width, height), *(_text(line) for line in layout.lines)]
    if layout.code_side:
        parts.append(_code(stamp.qr_url, layout, width, height))
    return "\n".join(parts).encode("ascii")


def turned_matrix(turn: int) -> tuple[int, int, int, int, int, int]:
    """The /Matrix that shows a stamp upright on a page turned clockwise by `turn` degrees.

    A viewer moves and scales the turned box into the widget's /Rect. Source: ISO 32000-2, 12.5.5.
    """
    return {
        0: (1, 0, 0, 1, 0, 0),
        90: (0, 1, -1, 0, 0, 0),
        180: (-1, 0, 0, -1, 0, 0),
        270: (0, -1, 1, 0, 0, 0),
    }[turn]


def _frame(width: float, height: float) -> str:
    inset, radius = _FRAME_WIDTH / 2, _CORNER
    left, bottom, right, top = inset, inset, width - inset, height - inset
    bend = radius * (1 - _ARC)
    path = [
        f"{_n(left + radius)} {_n(bottom)} m {_n(right - radius)} {_n(bottom)} l",
        _curve(right - bend, bottom, right, bottom + bend, right, bottom + radius),
        f"{_n(right)} {_n(top - radius)} l",
        _curve(right, top - bend, right - bend, top, right - radius, top),
        f"{_n(left + radius)} {_n(top)} l",
        _curve(left + bend, top, left, top - bend, left, top - radius),
        f"{_n(left)} {_n(bottom + radius)} l",
        _curve(left, bottom + bend, left + bend, bottom, left + radius, bottom),
        "s",
    ]
    return f"q {_colour(BLUE)} RG {_n(_FRAME_WIDTH)} w\n" + "\n".join(path) + " Q"


def _curve(x1: float, y1: float, x2: float, y2: float, x3: float, y3: float) -> str:
    return " ".join(_n(number) for number in (x1, y1, x2, y2, x3, y3)) + " c"


def _text(line: Line) -> str:
    glyphs = "".join(f"{glyph:04X}" for glyph in face(line.weight).glyph_ids(line.text))
    return (
        f"BT {_colour(line.colour)} rg /{FONT_NAMES[line.weight]} {_n(line.size)} Tf "
        f"{_n(line.x)} {_n(line.baseline)} Td <{glyphs}> Tj ET"
    )


def _code(url: str, layout: Layout, width: float, height: float) -> str:
    side = layout.code_side
    left, bottom = width - QUIET - side, (height - side) / 2
    runs, modules = code_runs(url)
    unit = side / modules
    boxes = [
        f"{_n(left + column * unit)} {_n(bottom + side - (row + 1) * unit)} "
        f"{_n(length * unit)} {_n(unit)} re"
        for row, column, length in runs
    ]
    return "q 0 0 0 rg\n" + "\n".join(boxes) + "\nf Q"


@lru_cache(maxsize=256)
def code_runs(url: str) -> tuple[tuple[tuple[int, int, int], ...], int]:
    """The dark runs (row, column, length) of a QR code and its size in modules."""
    matrix = segno.make_qr(url, error="m").matrix
    runs = []
    for row, modules in enumerate(matrix):
        column = 0
        while column < len(modules):
            length = 0
            while column + length < len(modules) and modules[column + length]:
                length += 1
            if length:
                runs.append((row, column, length))
            column += max(length, 1)
    return tuple(runs), len(matrix)


def _colour(colour: Colour) -> str:
    return " ".join(_n(part) for part in colour)


def _n(number: float) -> str:
    return f"{number:.3f}".rstrip("0").rstrip(".")
