"""A page as a picture, drawn in the child process."""

from __future__ import annotations

import io

import pypdfium2
from PIL import Image, ImageChops, ImageStat

LARGEST_DPI = 192
_MAX_PIXELS = 40_000_000
# A page of text needs few greys; a photograph loses visibly by so few and becomes WebP.
_PALETTE = 64
# Root mean square of the loss, of 255: text pages stay near 2, photographs are above 6.
_VISIBLE_LOSS = 4.0
_ALMOST_WHITE = 252
_WEBP_QUALITY = 80


def draw(page: pypdfium2.PdfPage, dpi: float) -> Image.Image:
    """The page with its forms, smaller than asked where it would pass 40 million pixels."""
    width, height = page.get_size()
    scale = min(dpi / 72, (_MAX_PIXELS / max(width * height, 1)) ** 0.5)
    bitmap = page.render(scale=scale, may_draw_forms=True)
    picture: Image.Image = bitmap.to_pil().convert("RGB")
    bitmap.close()
    return picture


def encoded(picture: Image.Image) -> tuple[bytes, str]:
    """The picture as a file with its media type: palette PNG, or WebP for photographs."""
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
