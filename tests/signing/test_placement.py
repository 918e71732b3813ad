"""A stamp stands where its coordinates say, measured on the page as two programs draw it."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image, ImageChops

from signing.base import Place
from signing.intake import take_in
from tests.signing import papers
from tests.signing.corpus.journey import Company, sign_twice
from tests.signing.corpus.variants import CROPS, TURNS, Shape, reshaped

DPI = 127
PX_PER_MM = DPI / 25.4
ALLOWED_MM = 0.5
# A stamp's frame is blue or grey on white: any visible difference is the stamp.
_INK = 24


@pytest.fixture(scope="session")
def company() -> Company:
    return Company.found()


def pdfium_picture(pdf: bytes, index: int) -> Image.Image:
    document = pypdfium2.PdfDocument(pdf)
    document.init_forms()
    return document[index].render(scale=DPI / 72, may_draw_forms=True).to_pil().convert("L")


def poppler_picture(pdf: bytes, index: int, folder: Path) -> Image.Image:
    source = folder / "page.pdf"
    source.write_bytes(pdf)
    command = ["pdftoppm", "-r", str(DPI), "-cropbox", "-singlefile", "-png"]
    page = str(index + 1)
    subprocess.run(
        [*command, "-f", page, "-l", page, str(source), str(folder / "page")],
        check=True,
        timeout=60,
    )
    return Image.open(folder / "page.png").convert("L")


def measured_mm(before: Image.Image, after: Image.Image) -> tuple[float, ...]:
    """Left, top, right and bottom of what changed, from the page's top left corner."""
    difference = ImageChops.difference(before, after).point(lambda shade: shade > _INK and 255)
    box = difference.getbbox()
    assert box is not None
    return tuple(edge / PX_PER_MM for edge in box)


@pytest.mark.parametrize(("size", "unit"), [("A5 across", 1.0), ("A4", 2.5)])
def test_stamps_stand_within_half_a_millimetre_on_every_turn_and_crop(
    size: str, unit: float, company: Company, tmp_path: Path
) -> None:
    paper = papers.contract(1, rows=3)
    shapes = [Shape(turn, crop, size, unit=unit) for turn in TURNS for crop in CROPS]
    clean = take_in(papers.joined([reshaped(paper, shape) for shape in shapes])).pdf
    first, second = Place(0, 12.3, 20.5, 60, 22.5), Place(0, 77.7, 61.1, 47.4, 25)
    pages = range(len(shapes))
    places = {
        "1": tuple(replace(first, page_index=index) for index in pages),
        "2": tuple(replace(second, page_index=index) for index in pages),
    }

    signed = sign_twice(clean, places, company)

    expected = (first.x_mm, first.y_mm, second.right_mm, second.bottom_mm)
    for index, shape in enumerate(shapes):
        found = measured_mm(pdfium_picture(clean, index), pdfium_picture(signed, index))
        assert found == pytest.approx(expected, abs=ALLOWED_MM), shape
        if shutil.which("pdftoppm") and index % 3 == 2:
            pictures = [poppler_picture(pdf, index, tmp_path) for pdf in (clean, signed)]
            assert measured_mm(*pictures) == pytest.approx(expected, abs=ALLOWED_MM), shape
