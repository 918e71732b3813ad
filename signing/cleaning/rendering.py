"""Proof that the renderer used on screen survives the clean file, given in the child process."""

from __future__ import annotations

from dataclasses import dataclass

import pypdfium2
import pypdfium2.raw as pdfium_c

from signing.cleaning.refusal import Refusal

# 18 dots per inch: enough to make the renderer touch everything on the page.
_SCALE = 0.25
_DEEPEST = 5


@dataclass(frozen=True)
class Seen:
    """What drawing showed: any text at all, and whether the fonts of all texts are in the file."""

    has_text: bool
    has_all_fonts: bool


def prove_readable(pdf: bytes) -> Seen:
    """Draw every page small. Raises Refusal when a page cannot be drawn."""
    has_text, has_all_fonts = False, True
    try:
        document = pypdfium2.PdfDocument(pdf)
        for index in range(len(document)):
            page = document[index]
            page.render(scale=_SCALE).close()
            text = page.get_textpage()
            has_text = has_text or text.count_chars() > 0
            has_all_fonts = has_all_fonts and _embeds_its_fonts(page)
            text.close()
            page.close()
    except pypdfium2.PdfiumError as error:
        raise Refusal("damaged") from error
    return Seen(has_text, has_all_fonts)


def _embeds_its_fonts(page: pypdfium2.PdfPage) -> bool:
    texts = page.get_objects(filter=[pdfium_c.FPDF_PAGEOBJ_TEXT], max_depth=_DEEPEST)
    for text in texts:
        font = pdfium_c.FPDFTextObj_GetFont(text.raw)
        if font and pdfium_c.FPDFFont_GetIsEmbedded(font) == 0:
            return False
    return True
