"""What our own papers share (report, agreement, signature sheet): fonts, colours, page marks."""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import ExitStack
from functools import cache
from typing import IO

import pikepdf
from reportlab.graphics.shapes import Drawing, Rect
from reportlab.lib.colors import Color, HexColor
from reportlab.lib.enums import TA_JUSTIFY
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, SimpleDocTemplate

from signing.embedded.appearance import code_runs
from signing.fonts.typeface import FONTS, printable, shorten

REGULAR, BOLD = "SIGNXSans-Regular", "SIGNXSans-Bold"
BLUE: Color = HexColor("#0069e6")
INK: Color = HexColor("#333333")
GREY: Color = HexColor("#646d79")
RULE: Color = HexColor("#dfe0e3")
SHADE: Color = HexColor("#f8fafb")
MARGIN = 48.0
CONTENT_WIDTH = A4[0] - 2 * MARGIN
_MARK_SIZE = 7.5
# reportlab's frames keep this much inside their edge.
_FRAME_PADDING = 6


@cache
def register_fonts() -> None:
    """Make SIGNX Sans known to reportlab, once per process."""
    for name in (REGULAR, BOLD):
        pdfmetrics.registerFont(TTFont(name, str(FONTS / f"{name}.ttf")))
    pdfmetrics.registerFontFamily(
        REGULAR, normal=REGULAR, bold=BOLD, italic=REGULAR, boldItalic=BOLD
    )


@cache
def styles() -> dict[str, ParagraphStyle]:
    """The paragraph styles of our papers, by purpose."""
    register_fonts()
    body = ParagraphStyle("body", fontName=REGULAR, fontSize=9.5, leading=13, textColor=INK)
    return {
        "body": body,
        "small": ParagraphStyle("small", body, fontSize=8, leading=10.5),
        "grey": ParagraphStyle("grey", body, fontSize=8, leading=10.5, textColor=GREY),
        "title": ParagraphStyle("title", body, fontName=BOLD, fontSize=17, leading=21),
        "subtitle": ParagraphStyle("subtitle", body, fontSize=10.5, leading=14, textColor=GREY),
        "heading": ParagraphStyle(
            "heading", body, fontName=BOLD, fontSize=11.5, leading=15, spaceBefore=11, spaceAfter=4
        ),
        "clause": ParagraphStyle("clause", body, alignment=TA_JUSTIFY, spaceAfter=4, leading=13.2),
        "code": ParagraphStyle("code", body, fontSize=7.6, leading=10, wordWrap="CJK"),
    }


def code_drawing(url: str, side: float) -> Drawing:
    """A QR code of `side` points as vectors."""
    runs, modules = code_runs(url)
    unit = side / modules
    drawing = Drawing(side, side)
    for row, column, length in runs:
        drawing.add(
            Rect(
                column * unit,
                side - (row + 1) * unit,
                length * unit,
                unit,
                fillColor=INK,
                strokeColor=None,
                strokeWidth=0,
            )
        )
    return drawing


def build(output: IO[bytes], story: Sequence[Flowable], *, title: str, mark: str) -> None:
    """Lay the story out on A4 pages with `mark` and "page of pages" at the foot of each."""
    register_fonts()

    class MarkedCanvas(_CountingCanvas):
        foot = printable(mark)

    document = SimpleDocTemplate(
        output,
        pagesize=A4,
        leftMargin=MARGIN - _FRAME_PADDING,
        rightMargin=MARGIN - _FRAME_PADDING,
        topMargin=44,
        bottomMargin=50,
        title=title,
        creator="SIGNX",
        producer="SIGNX",
        lang="ru",
        invariant=True,
    )
    document.build(list(story), canvasmaker=MarkedCanvas)


def joined(papers: Sequence[bytes]) -> bytes:
    """The pages of several PDFs, one after another; a single one stays as it is."""
    if len(papers) == 1:
        return papers[0]
    output = io.BytesIO()
    with pikepdf.new() as whole, ExitStack() as stack:
        for paper in papers:
            whole.pages.extend(stack.enter_context(pikepdf.open(io.BytesIO(paper))).pages)
        whole.save(output, deterministic_id=True)
    return output.getvalue()


class _CountingCanvas(Canvas):
    """Holds the pages back until their number is known."""

    foot = ""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self._held: list[dict[str, object]] = []

    def showPage(self) -> None:
        self._held.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        for number, page in enumerate(self._held, start=1):
            self.__dict__.update(page)
            self._draw_foot(number, len(self._held))
            super().showPage()
        super().save()

    def _draw_foot(self, number: int, count: int) -> None:
        self.setStrokeColor(RULE)
        self.setLineWidth(0.5)
        self.line(MARGIN, 36, A4[0] - MARGIN, 36)
        self.setFont(REGULAR, _MARK_SIZE)
        self.setFillColor(GREY)
        line = shorten(self.foot, "Regular", _MARK_SIZE, CONTENT_WIDTH - 50)
        self.drawString(MARGIN, 25, line)
        self.drawRightString(A4[0] - MARGIN, 25, f"{number} / {count}")
