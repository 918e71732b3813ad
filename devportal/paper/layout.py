"""Fonts, paragraph styles and page frame shared by all papers."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from reportlab.lib import colors
from reportlab.lib.enums import TA_CENTER, TA_JUSTIFY, TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, PageTemplate, Paragraph
from reportlab.platypus import Table as Grid

FONT, BOLD = "DejaVuSerif", "DejaVuSerif-Bold"
_FONTS = Path(__file__).parent.parent / "fonts"


@cache
def register_fonts() -> None:
    """Make the two faces known to reportlab; once a process."""
    for name in (FONT, BOLD):
        pdfmetrics.registerFont(TTFont(name, str(_FONTS / f"{name}.ttf")))
    pdfmetrics.registerFontFamily(FONT, normal=FONT, bold=BOLD, italic=FONT, boldItalic=BOLD)


BODY = ParagraphStyle(
    "body", fontName=FONT, fontSize=10.2, leading=15, alignment=TA_JUSTIFY, spaceAfter=6
)
LEFT = ParagraphStyle("left", parent=BODY, alignment=0, spaceAfter=2)
RIGHT = ParagraphStyle("right", parent=BODY, alignment=TA_RIGHT)
CELL = ParagraphStyle("cell", parent=LEFT, fontSize=8.6, leading=11.4, spaceAfter=0)
CELL_RIGHT = ParagraphStyle("cell-right", parent=CELL, alignment=TA_RIGHT)
CELL_HEAD = ParagraphStyle("cell-head", parent=CELL, fontName=BOLD, alignment=TA_CENTER)
TITLE = ParagraphStyle(
    "title", parent=BODY, fontName=BOLD, fontSize=13, leading=18, alignment=TA_CENTER
)
HEAD = ParagraphStyle(
    "head",
    parent=BODY,
    fontName=BOLD,
    fontSize=10,
    alignment=TA_CENTER,
    spaceBefore=9,
    spaceAfter=5,
    keepWithNext=True,
)


def table(
    rows: Sequence[Sequence[str]], widths_mm: Sequence[float], right: Sequence[int] = ()
) -> Grid:
    """A ruled table; the first row is its head, columns in `right` are set to the right."""
    cells = [[Paragraph(text, CELL_HEAD) for text in rows[0]]]
    cells += [
        [
            Paragraph(text, CELL_RIGHT if column in right else CELL)
            for column, text in enumerate(row)
        ]
        for row in rows[1:]
    ]
    grid = Grid(cells, colWidths=[width * mm for width in widths_mm], repeatRows=1)
    grid.setStyle(
        [
            ("GRID", (0, 0), (-1, -1), 0.5, colors.HexColor("#8a8f98")),
            ("BACKGROUND", (0, 0), (-1, 0), colors.HexColor("#eef1f4")),
            ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
            ("TOPPADDING", (0, 0), (-1, -1), 3.2),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 3.8),
        ]
    )
    return grid


def columns(left: Sequence[Flowable], right: Sequence[Flowable]) -> Grid:
    """Two equal columns side by side, kept on one page."""
    grid = Grid([[list(left), list(right)]], colWidths=[85 * mm, 85 * mm])
    grid.setStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (-1, -1), 0)])
    return grid


def build_pdf(story: list[Flowable], *, title: str, footer: str) -> bytes:
    """An A4 PDF with page numbers; the same story gives the same bytes every time."""
    out = io.BytesIO()
    document = BaseDocTemplate(
        out,
        pagesize=A4,
        leftMargin=22 * mm,
        rightMargin=18 * mm,
        topMargin=18 * mm,
        bottomMargin=20 * mm,
        title=title,
        author="CRM",
        invariant=1,
    )
    frame = Frame(
        document.leftMargin, document.bottomMargin, document.width, document.height, *[0] * 4
    )

    def draw_footer(canvas: Canvas, _: BaseDocTemplate) -> None:
        canvas.setFont(FONT, 7.5)
        canvas.setFillColor(colors.HexColor("#6b7280"))
        canvas.drawString(22 * mm, 11 * mm, footer)
        canvas.drawRightString(A4[0] - 18 * mm, 11 * mm, f"Страница {canvas.getPageNumber()}")

    document.addPageTemplates(PageTemplate(frames=[frame], onPage=draw_footer))
    document.build(story)
    return out.getvalue()
