"""The signature sheet: a page added at the end when the stamps find no room on the last one."""

from __future__ import annotations

import io

import pikepdf
from django.utils import translation
from django.utils.translation import gettext as _
from reportlab.pdfgen.canvas import Canvas

from signing.base import Place
from signing.fonts.typeface import printable, shorten
from signing.geometry import POINTS_PER_MM
from signing.paper import BLUE, GREY, INK, register_fonts
from signing.placement.free_space import grid, spaced

_SHEET_MM = (210.0, 297.0)
_TOP_MM, _BOTTOM_MM = 46.0, 280.0
_EDGE_MM = 16.0


def add_sheet(
    pdf: bytes, count: int, size_mm: tuple[float, float], language: str, document_title: str
) -> tuple[bytes, list[Place]]:
    """The file with as many A4 sheets as `count` stamps need, and the stamps' boxes."""
    boxes: list[Place] = []
    with pikepdf.open(io.BytesIO(pdf)) as document:
        while len(boxes) < count:
            index = len(document.pages)
            room = _boxes(index, size_mm)
            if not room:
                raise ValueError("the stamp is larger than a sheet")
            boxes += room[: count - len(boxes)]
            with pikepdf.open(io.BytesIO(_sheet(language, document_title))) as sheet:
                document.pages.extend(sheet.pages)
        output = io.BytesIO()
        document.save(
            output,
            deterministic_id=True,
            object_stream_mode=pikepdf.ObjectStreamMode.generate,
        )
    return output.getvalue(), boxes


def _boxes(index: int, size_mm: tuple[float, float]) -> list[Place]:
    chosen: list[Place] = []
    for box in grid(index, _SHEET_MM[0], _TOP_MM, _BOTTOM_MM, size_mm):
        if not any(box.overlaps(spaced(other)) for other in chosen):
            chosen.append(box)
    return chosen


def _sheet(language: str, document_title: str) -> bytes:
    register_fonts()
    output = io.BytesIO()
    width, height = (side * POINTS_PER_MM for side in _SHEET_MM)
    left = _EDGE_MM * POINTS_PER_MM
    canvas = Canvas(output, pagesize=(width, height), invariant=True)
    with translation.override(language):
        heading, subject = _("Signature sheet"), _("For the document “%(title)s”")
    canvas.setFont("SIGNXSans-Bold", 18)
    canvas.setFillColor(INK)
    canvas.drawString(left, height - 27 * POINTS_PER_MM, printable(heading))
    if document_title:
        text = printable(subject % {"title": document_title})
        canvas.setFont("SIGNXSans-Regular", 10)
        canvas.setFillColor(GREY)
        line = shorten(text, "Regular", 10, width - 2 * left)
        canvas.drawString(left, height - 34 * POINTS_PER_MM, line)
    canvas.setStrokeColor(BLUE)
    canvas.setLineWidth(1)
    rule = height - 39 * POINTS_PER_MM
    canvas.line(left, rule, width - left, rule)
    canvas.showPage()
    canvas.save()
    return output.getvalue()
