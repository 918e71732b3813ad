"""Pictures and text of the pages of a clean file.

Only files that passed `signing.intake` come here: the child process there has drawn every page.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pypdfium2
from PIL import Image, ImageChops, ImageStat

from signing.geometry import PageFrame
from signx.errors import ErrorCode, SignXError

# pdfium keeps global state and may be entered by one thread at a time.
PDFIUM = threading.Lock()
_MAX_PIXELS = 40_000_000
# A page of text needs few greys; a photograph loses visibly by so few and becomes WebP.
_PALETTE = 64
# Root mean square of the loss, of 255: text pages stay near 2, photographs are above 6.
_VISIBLE_LOSS = 4.0
_ALMOST_WHITE = 252
_WEBP_QUALITY = 80


@dataclass(frozen=True)
class PageImage:
    """A picture of one page, ready to be sent."""

    data: bytes
    media_type: str
    width_px: int
    height_px: int


@dataclass(frozen=True)
class TextRun:
    """A piece of one line; the box is given as fractions of the page seen, from its top left."""

    text: str
    x: float
    y: float
    width: float
    height: float


def render_page(pdf: bytes, page_index: int, *, dpi: int = 144) -> PageImage:
    """The page as a person sees it, stamps included: palette PNG, or WebP for photographs.

    The picture is smaller than asked where a page at `dpi` would pass 40 million pixels.
    """
    with open_page(pdf, page_index, with_forms=True) as (_document, page):
        width, height = page.get_size()
        scale = min(dpi / 72, (_MAX_PIXELS / max(width * height, 1)) ** 0.5)
        bitmap = page.render(scale=scale, may_draw_forms=True)
        picture = bitmap.to_pil().convert("RGB")
        bitmap.close()
    data, media_type = _encoded(picture)
    return PageImage(data, media_type, picture.width, picture.height)


def page_text(pdf: bytes, page_index: int) -> list[TextRun]:
    """The page's text in reading order of the file, a run for each piece of a line."""
    with open_page(pdf, page_index) as (_document, page):
        frame = frame_of_page(page)
        text = page.get_textpage()
        runs = [
            _run(frame, text.get_text_bounded(*box).strip(), box)
            for box in (text.get_rect(index) for index in range(text.count_rects()))
        ]
        text.close()
    return [run for run in runs if run.text]


@contextmanager
def open_page(
    pdf: bytes, page_index: int, *, with_forms: bool = False
) -> Iterator[tuple[pypdfium2.PdfDocument, pypdfium2.PdfPage]]:
    """One page (-1 is the last), while no other thread uses pdfium; SignXError(NOT_FOUND)."""
    with PDFIUM:
        document = pypdfium2.PdfDocument(pdf)
        try:
            if not -1 <= page_index < len(document):
                raise SignXError(ErrorCode.NOT_FOUND, f"no page {page_index}")
            if with_forms:
                document.init_forms()
            yield document, document[page_index % len(document)]
        finally:
            document.close()


def frame_of_page(page: pypdfium2.PdfPage) -> PageFrame:
    """The frame of a page open in pdfium, in points: pdfium does not know user units."""
    media = page.get_mediabox()
    crop = page.get_cropbox()
    left, bottom = max(media[0], crop[0]), max(media[1], crop[1])
    right, top = min(media[2], crop[2]), min(media[3], crop[3])
    return PageFrame(left, bottom, right, top, turn=page.get_rotation())


def _run(frame: PageFrame, text: str, box: tuple[float, float, float, float]) -> TextRun:
    left, top, right, bottom = frame.seen_rectangle(box)
    width, height = frame.seen_size
    return TextRun(
        text, left / width, top / height, (right - left) / width, (bottom - top) / height
    )


def _encoded(picture: Image.Image) -> tuple[bytes, str]:
    output = io.BytesIO()
    palette = picture.quantize(_PALETTE, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    lost = ImageStat.Stat(ImageChops.difference(palette.convert("RGB"), picture))
    if max(lost.rms) > _VISIBLE_LOSS:
        picture.save(output, "WEBP", quality=_WEBP_QUALITY, method=2)
        return output.getvalue(), "image/webp"
    # Paper is white, also where the palette's average fell a shade below.
    palette.putpalette(
        [255 if shade >= _ALMOST_WHITE else shade for shade in palette.getpalette() or []]
    )
    palette.save(output, "PNG", compress_level=6)
    return output.getvalue(), "image/png"
