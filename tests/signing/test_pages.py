from __future__ import annotations

import io

import pikepdf
import pytest
from PIL import Image

from signing.pages import page_sizes, page_texts, render_page
from signx.errors import ErrorCode, SignXError
from tests.signing import papers


def test_a_text_page_is_a_small_palette_picture_on_white() -> None:
    image = render_page(papers.contract(2), 1)

    picture = Image.open(io.BytesIO(image.data))
    assert image.media_type == "image/png"
    assert picture.size == (1191, 1684)
    assert picture.convert("RGB").getpixel((2, 2)) == (255, 255, 255)
    assert len(image.data) < 150_000


def test_a_photograph_becomes_webp() -> None:
    def change(pdf: pikepdf.Pdf) -> None:
        colours = (value % 256 for x in range(90_000) for value in (x, x * 7 // 3, x * x // 11))
        stream = pikepdf.Stream(pdf, bytes(colours))
        stream.Type, stream.Subtype = pikepdf.Name.XObject, pikepdf.Name.Image
        stream.Width = stream.Height = 300
        stream.ColorSpace, stream.BitsPerComponent = pikepdf.Name.DeviceRGB, 8
        page = pdf.pages[0]
        name = page.add_resource(stream, pikepdf.Name.XObject)
        page.contents_add(
            pikepdf.Stream(pdf, b"q 500 0 0 700 40 60 cm %b Do Q" % bytes(str(name), "ascii"))
        )

    image = render_page(papers.changed(papers.contract(), change), 0, dpi=72)

    assert image.media_type == "image/webp"


def test_a_page_that_does_not_exist_is_not_found() -> None:
    with pytest.raises(SignXError) as caught:
        render_page(papers.contract(1), 1)

    assert caught.value.code is ErrorCode.NOT_FOUND


def test_text_runs_are_fractions_of_the_page_seen() -> None:
    runs = page_texts(papers.contract(1), [0])[0]

    assert runs[0].text == "Договор № 24-117 от 24 ноября 2026 г., лист 1"
    assert 0.08 < runs[0].x < 0.11
    assert 0.05 < runs[0].y < 0.07


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_text_lies_where_the_picture_has_ink(turn: int) -> None:
    pdf = papers.sideways(turn, crop=(30, 40, 560, 560))

    runs = [run for run in page_texts(pdf, [0])[0] if run.x >= 0 and run.x + run.width <= 1]
    image = render_page(pdf, 0, dpi=72)

    picture = Image.open(io.BytesIO(image.data)).convert("L")
    assert runs
    for run in runs:
        box = (
            int(run.x * picture.width),
            int(run.y * picture.height),
            int((run.x + run.width) * picture.width) + 1,
            int((run.y + run.height) * picture.height) + 1,
        )
        assert picture.crop(box).getextrema()[0] < 128


def test_a_page_that_cannot_be_drawn_in_time_is_refused_and_holds_nobody_up() -> None:
    with pytest.raises(SignXError) as caught:
        render_page(papers.scribbled(100_000), 0, dpi=192, seconds=1)

    assert caught.value.code is ErrorCode.DOCUMENT_INVALID
    assert caught.value.detail.startswith("too_heavy")
    assert render_page(papers.contract(), 0, dpi=96).media_type == "image/png"


def test_pages_are_measured_and_read_together() -> None:
    pdf = papers.contract(3)

    assert [round(width) for width, _height in page_sizes(pdf)] == [595, 595, 595]
    texts = page_texts(pdf, [2, 0])
    assert [runs[0].text[-6:] for runs in texts] == ["лист 3", "лист 1"]
