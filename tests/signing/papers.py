"""Sample papers, made anew for every test: ordinary, turned, cropped and hostile ones."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from typing import Any

import pikepdf
from reportlab.lib.pagesizes import A4, landscape
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from signing.fonts.typeface import FONTS

FONT = "Paper"
PARAGRAPH = (
    "1.1. Исполнитель обязуется оказать услуги по настройке учётной системы, а Заказчик — "
    "принять их и оплатить в размере 148 500,00 ₽ в течение 10 рабочих дней.",
    "1.2. Услуги оказываются дистанционно; акт подписывается электронной подписью сторон.",
)


def contract(
    pages: int = 1, *, size: tuple[float, float] = A4, rows: int = 12, last_line: str = ""
) -> bytes:
    """A contract with a text layer; every page ends well above the bottom edge."""
    pdfmetrics.registerFont(TTFont(FONT, str(FONTS / "SIGNXSans-Regular.ttf")))
    output = io.BytesIO()
    canvas = Canvas(output, pagesize=size, invariant=True)
    for number in range(1, pages + 1):
        _page(canvas, size, number, rows, last_line)
    canvas.save()
    return output.getvalue()


def _page(
    canvas: Canvas, size: tuple[float, float], number: int, rows: int, last_line: str
) -> None:
    canvas.setFont(FONT, 14)
    canvas.drawString(56, size[1] - 60, f"Договор № 24-117 от 24 ноября 2026 г., лист {number}")
    canvas.setFont(FONT, 9)
    for row in range(rows):
        canvas.drawString(56, size[1] - 90 - 16 * row, PARAGRAPH[row % 2][:100])
    if last_line:
        canvas.drawString(56, size[1] - 90 - 16 * rows - 10, last_line)
    canvas.showPage()


def sideways(turn: int, *, crop: tuple[float, float, float, float] | None = None) -> bytes:
    """A contract whose page is turned clockwise, perhaps cropped, with its axes moved away."""
    size = landscape(A4) if turn in (90, 270) else A4

    def change(pdf: pikepdf.Pdf) -> None:
        page = pdf.pages[0]
        page.obj.Rotate = turn
        if crop:
            page.obj.CropBox = pikepdf.Array(list(crop))

    return changed(contract(size=size), change)


def changed(pdf: bytes, change: Callable[[pikepdf.Pdf], None]) -> bytes:
    """The file rewritten after `change` has worked on it."""
    with pikepdf.open(io.BytesIO(pdf)) as document:
        change(document)
        output = io.BytesIO()
        document.save(output, deterministic_id=True)
    return output.getvalue()


def texts(pdf: bytes) -> Sequence[str]:
    """The text of every page."""
    import pypdfium2

    document = pypdfium2.PdfDocument(pdf)
    return [page.get_textpage().get_text_bounded() for page in document]


def attached_json(report: bytes) -> dict[str, Any]:
    """The machine-readable copy inside a signing report."""
    with pikepdf.open(io.BytesIO(report)) as document:
        copy = document.attachments["signing-report.json"].get_file().read_bytes()
    facts: dict[str, Any] = json.loads(copy)
    return facts


def joined(files: Sequence[bytes]) -> bytes:
    """The pages of all files in one."""
    with pikepdf.new() as document:
        for file in files:
            with pikepdf.open(io.BytesIO(file)) as part:
                document.pages.extend(part.pages)
        output = io.BytesIO()
        document.save(output, deterministic_id=True)
    return output.getvalue()


def scribbled(lines: int) -> bytes:
    """One page of A4 that many lines cross: a small file that is slow to draw."""
    crossing = b"".join(b"%d 0 m %d 842 l S\n" % (n * 7 % 595, n * 13 % 595) for n in range(lines))

    def change(pdf: pikepdf.Pdf) -> None:
        pdf.pages[0].contents_add(pikepdf.Stream(pdf, crossing))

    return changed(contract(), change)
