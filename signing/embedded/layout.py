"""The lines of a stamp set into its box: wrapped, shrunk until they fit, never overflowing."""

from __future__ import annotations

from dataclasses import dataclass

from signing.base import StampText
from signing.fonts.typeface import Weight, face, printable, shorten, wrap

Colour = tuple[float, float, float]
BLUE: Colour = (0.0, 0.412, 0.902)
DARK: Colour = (0.2, 0.2, 0.2)
GREY: Colour = (0.32, 0.36, 0.41)

PADDING = 5.0
# Air around the QR code: a scanner wants about four modules of paper.
QUIET = 8.0
# Sizes in points at scale 1; the scale falls in steps until everything fits.
_TITLE, _NAME, _OTHER = 7.0, 9.0, 7.0
_LEADING = 1.18
# Air below the title, as a share of its size.
_AFTER_TITLE = 0.35
_SCALES = tuple(scale / 100 for scale in range(125, 40, -3))
# A QR code smaller than this cannot be read from a printout.
_SMALLEST_CODE = 34.0
_WIDEST_CODE_SHARE = 0.3


@dataclass(frozen=True)
class Line:
    """One set line: `x` and `baseline` in points from the bottom left of the box."""

    text: str
    weight: Weight
    size: float
    colour: Colour
    x: float
    baseline: float


@dataclass(frozen=True)
class Layout:
    """A set stamp; `code_side` is the side of the QR code in points, 0 where it does not fit."""

    lines: tuple[Line, ...]
    code_side: float


@dataclass(frozen=True)
class _Style:
    weight: Weight
    size: float
    colour: Colour
    air: float = 0.0


@dataclass(frozen=True)
class _Row:
    """A wrapped line with the air above it, in points."""

    text: str
    style: _Style
    air: float


def set_stamp(stamp: StampText, width: float, height: float) -> Layout:
    """Set a stamp into a box of `width` by `height` points."""
    side = code_side(stamp, width, height)
    text_width = width - 2 * PADDING - (side + 2 * QUIET - PADDING if side else 0)
    text_height = height - 2 * PADDING
    for scale in _SCALES:
        rows = _rows(stamp, scale, text_width)
        if _height(rows) <= text_height:
            break
    else:
        rows = _cut(stamp, _SCALES[-1], text_width, text_height)
    return Layout(_placed(rows, height), side)


def code_side(stamp: StampText, width: float, height: float) -> float:
    """The side of the QR code in points; 0 for none."""
    side = min(height - 2 * QUIET, width * _WIDEST_CODE_SHARE)
    return side if stamp.qr_url and side >= _SMALLEST_CODE else 0.0


def _style(position: int, scale: float) -> _Style:
    if position == 0:
        return _Style("Bold", _TITLE * scale, BLUE)
    if position == 1:
        return _Style("Bold", _NAME * scale, DARK, _AFTER_TITLE * _TITLE * scale)
    return _Style("Regular", _OTHER * scale, DARK)


def _rows(stamp: StampText, scale: float, width: float) -> list[_Row]:
    rows = []
    for position, text in enumerate(stamp.lines):
        style = _style(position, scale)
        wrapped = wrap(printable(text), style.weight, style.size, width)
        rows += [_Row(line, style, 0 if index else style.air) for index, line in enumerate(wrapped)]
    return rows


def _cut(stamp: StampText, scale: float, width: float, height: float) -> list[_Row]:
    """At the smallest scale each line of the stamp keeps one row, and what is left over goes."""
    rows: list[_Row] = []
    for position, text in enumerate(stamp.lines):
        style = _style(position, scale)
        line = shorten(printable(text), style.weight, style.size, width)
        row = _Row(line, style, style.air)
        if _height([*rows, row]) > height:
            break
        rows.append(row)
    return rows


def _height(rows: list[_Row]) -> float:
    return sum(row.air + row.style.size * _LEADING for row in rows)


def _placed(rows: list[_Row], height: float) -> tuple[Line, ...]:
    """The rows from the top, centred in the height that is left."""
    top = height - (height - _height(rows)) / 2
    lines = []
    for row in rows:
        style = row.style
        row_height = style.size * _LEADING
        cap = face(style.weight).cap_height * style.size / 1000
        baseline = top - row.air - (row_height + cap) / 2
        lines.append(Line(row.text, style.weight, style.size, style.colour, PADDING, baseline))
        top -= row.air + row_height
    return tuple(lines)
