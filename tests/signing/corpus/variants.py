"""A sample turned, cropped, resized and repeated: the shapes that real files come in."""

from __future__ import annotations

import io
from dataclasses import dataclass

import pikepdf
from pikepdf import Array, Rectangle

_POINTS_PER_MM = 72 / 25.4
SIZES_MM = {
    "as it is": None,
    "A6": (105, 148),
    "A5 across": (210, 148),
    "A4": (210, 297),
    "A3": (297, 420),
    "A1 across": (841, 594),
    "A0": (841, 1189),
}
TURNS = (0, 90, 180, 270)
# Inner edges as shares of the page, from its bottom left; the last one reaches past the page.
CROPS = {
    "whole": None,
    "inside": (0.06, 0.05, 0.97, 0.96),
    "beyond": (-0.2, 0.1, 1.3, 1.2),
}
# Axes that do not begin at the corner, as imposition programs leave them.
_ORIGIN = (-36.5, 120.25)


@dataclass(frozen=True)
class Shape:
    """One way to lay a sample out; `unit` is the page's own unit in points."""

    turn: int = 0
    crop: str = "whole"
    size: str = "as it is"
    pages: int = 0
    unit: float = 1.0


def reshaped(pdf: bytes, shape: Shape) -> bytes:
    """The sample in another shape; 0 pages keep their number."""
    with pikepdf.open(io.BytesIO(pdf)) as document:
        if SIZES_MM[shape.size]:
            document = _resized(document, shape)
        for number in range(len(document.pages), shape.pages):
            document.pages.append(document.pages[number % 2 % len(document.pages)])
        for page in document.pages:
            _turn_and_crop(page, shape)
        output = io.BytesIO()
        document.save(output, encryption=False, deterministic_id=True)
    return output.getvalue()


def _resized(document: pikepdf.Pdf, shape: Shape) -> pikepdf.Pdf:
    width, height = (side * _POINTS_PER_MM / shape.unit for side in SIZES_MM[shape.size] or (0, 0))
    left, bottom = _ORIGIN
    resized = pikepdf.new()
    for page in document.pages:
        resized.add_blank_page(page_size=(width, height))
        new = resized.pages[-1]
        new.mediabox = Array([left, bottom, left + width, bottom + height])
        new.add_overlay(page, Rectangle(left, bottom, left + width, bottom + height))
        if shape.unit != 1:
            new.obj.UserUnit = shape.unit
    return resized


def _turn_and_crop(page: pikepdf.Page, shape: Shape) -> None:
    page.obj.Rotate = (int(page.obj.get("/Rotate", 0)) + shape.turn) % 360
    shares = CROPS[shape.crop]
    if shares:
        left, bottom, right, top = (float(number) for number in page.mediabox)
        width, height = right - left, top - bottom
        page.cropbox = Array(
            [
                left + shares[0] * width,
                bottom + shares[1] * height,
                left + shares[2] * width,
                bottom + shares[3] * height,
            ]
        )
