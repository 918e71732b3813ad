"""Proof that the renderer used on screen survives the clean file, given in the child process."""

from __future__ import annotations

import time
from dataclasses import dataclass

import pypdfium2
import pypdfium2.raw as pdfium_c
from PIL import Image, ImageChops, ImageStat

from signing.cleaning.refusal import Refusal
from signing.viewing.picture import LARGEST_DPI, draw

# 18 dots per inch: enough to make the renderer touch everything on the page.
_SCALE = 0.25
_DEEPEST = 5
# The largest picture takes about ten times as long as the small one; twice that is never missed.
_LARGEST_TO_SMALL = 20
# 36 dots per inch show a single letter; of 255, flattened marks may be rounded differently.
_COMPARED_SCALE = 0.5
_SAME_SHADE = 48
# Letters of fields have edges of several colours, which flattened ones have not.
_SAME_COLOUR = 96


@dataclass(frozen=True)
class Seen:
    """What drawing showed: any text at all, and whether the fonts of all texts are in the file."""

    has_text: bool
    has_all_fonts: bool


def prove_readable(pdf: bytes, picture_seconds: float) -> Seen:
    """Draw every page small, and the slowest one as large as it will ever be shown.

    Raises PdfiumError when a page cannot be drawn, Refusal when nobody could wait for it.
    """
    has_text, has_all_fonts = False, True
    costs: list[float] = []
    document = pypdfium2.PdfDocument(pdf)
    for index in range(len(document)):
        page = document[index]
        began = time.process_time()
        page.render(scale=_SCALE).close()
        costs.append(time.process_time() - began)
        text = page.get_textpage()
        has_text = has_text or text.count_chars() > 0
        has_all_fonts = has_all_fonts and _embeds_its_fonts(page)
        text.close()
        page.close()
    if max(costs) * _LARGEST_TO_SMALL > picture_seconds:
        _refuse_slow(document[costs.index(max(costs))], picture_seconds)
    return Seen(has_text, has_all_fonts)


def _refuse_slow(page: pypdfium2.PdfPage, seconds: float) -> None:
    began = time.process_time()
    draw(page, LARGEST_DPI)
    if time.process_time() - began > seconds:
        raise Refusal("too_heavy")


def is_same_look(source: bytes, result: bytes, *, with_annotations: bool = True) -> bool:
    """Whether every page looks as it did before the cleaning.

    What was hidden was taken out by rules; the renderer's own idea is the second opinion.
    """
    try:
        before, after = pypdfium2.PdfDocument(source), pypdfium2.PdfDocument(result)
        # Fields are drawn by a part of the renderer of its own.
        if with_annotations:
            before.init_forms()
        return len(before) == len(after) and all(
            _is_same_shade(*(_picture(one[index], with_annotations) for one in (before, after)))
            for index in range(len(before))
        )
    except (pypdfium2.PdfiumError, ValueError):
        return False


def _is_same_shade(before: Image.Image, after: Image.Image) -> bool:
    colours = ImageChops.difference(before, after)
    shades = ImageChops.difference(before.convert("L"), after.convert("L"))
    return _most(colours) <= _SAME_COLOUR and _most(shades) <= _SAME_SHADE


def _most(difference: Image.Image) -> int:
    return int(max(high for _low, high in ImageStat.Stat(difference).extrema))


def _picture(page: pypdfium2.PdfPage, with_annotations: bool) -> Image.Image:
    bitmap = page.render(
        scale=_COMPARED_SCALE, draw_annots=with_annotations, may_draw_forms=with_annotations
    )
    picture: Image.Image = bitmap.to_pil().convert("RGB")
    page.close()
    return picture


def _embeds_its_fonts(page: pypdfium2.PdfPage) -> bool:
    texts = page.get_objects(filter=[pdfium_c.FPDF_PAGEOBJ_TEXT], max_depth=_DEEPEST)
    for text in texts:
        font = pdfium_c.FPDFTextObj_GetFont(text.raw)
        if font and pdfium_c.FPDFFont_GetIsEmbedded(font) == 0:
            return False
    return True
