"""Make the two faces of SIGNX Sans from PT Sans (SIL Open Font License, see OFL.txt).

    pip install fontpkg-pt-sans fonttools
    python signing/fonts/make_fonts.py

Kept: Latin, Cyrillic with the letters of Russian, Kazakh, Tatar and Ukrainian, typographic marks
and currency signs. Added, because PT Sans lacks them: the tenge sign, the arrow and the tick.
The licence reserves the name PT Sans, so the changed font carries another one.
"""

from __future__ import annotations

from pathlib import Path

import fontpkg_pt_sans
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

HERE = Path(__file__).parent
SOURCES = Path(fontpkg_pt_sans.__file__).parent / "files"
FACES = {"Regular": "PT_Sans-Web-Regular.ttf", "Bold": "PT_Sans-Web-Bold.ttf"}
KEPT = {
    *range(0x20, 0x7F),
    *range(0xA0, 0xAD),
    *range(0xAE, 0x100),
    *range(0x401, 0x460),
    *map(ord, "ĞğİıŞşŁłŚśŻżŹźĆćĄąĘęŃńČčŠšŽžŘřĚěŮůŐőŰűĀāĒēĪīŪū"),
    *map(ord, "ҐґӘәҒғҚқҢңӨөҰұҮүҺһҖҗ"),
    *map(ord, "№«»„“”‘’‚—–‑−…•·€₽₴\u2007\u2009\u200a\u202f"),
}
# Epoch of the OpenType clock plus a fixed day, so that two runs give the same bytes.
FIXED_TIME = 3_850_000_000
Box = tuple[int, int, int, int]


def boxes_glyph(boxes: list[Box]) -> object:
    """A glyph of filled rectangles (left, bottom, right, top), in font units."""
    pen = TTGlyphPen(None)
    for left, bottom, right, top in boxes:
        draw_polygon(pen, [(left, bottom), (left, top), (right, top), (right, bottom)])
    return pen.glyph()


def draw_polygon(pen: TTGlyphPen, points: list[tuple[int, int]]) -> None:
    pen.moveTo(points[0])
    for point in points[1:]:
        pen.lineTo(point)
    pen.closePath()


def arrow_glyph(stem: int) -> object:
    pen = TTGlyphPen(None)
    middle, half = 350, stem // 2
    draw_polygon(
        pen, [(60, middle - half), (60, middle + half), (560, middle + half), (560, middle - half)]
    )
    draw_polygon(pen, [(540, middle - 190), (540, middle + 190), (820, middle)])
    return pen.glyph()


def tick_glyph(stem: int) -> object:
    pen = TTGlyphPen(None)
    draw_polygon(
        pen,
        [(60, 300), (60 + stem, 300 + stem), (270, 180 + stem), (640, 640), (700, 570), (270, 40)],
    )
    return pen.glyph()


def add_glyph(font: TTFont, char: str, name: str, glyph: object, advance: int) -> None:
    font.setGlyphOrder([*font.getGlyphOrder(), name])
    font["glyf"].glyphs[name] = glyph
    font["glyf"].glyphOrder = font.getGlyphOrder()
    glyph.recalcBounds(font["glyf"])  # type: ignore[attr-defined]
    font["hmtx"].metrics[name] = (advance, glyph.xMin)  # type: ignore[attr-defined]
    for table in font["cmap"].tables:
        if table.isUnicode():
            table.cmap[ord(char)] = name


def rename(font: TTFont, style: str) -> None:
    kept_ids = {0, 13, 14}
    names = font["name"]
    names.names = [record for record in names.names if record.nameID in kept_ids]
    texts = {
        1: "SIGNX Sans",
        2: style,
        3: f"SIGNX Sans {style} 1.0",
        4: f"SIGNX Sans {style}",
        5: "Version 1.0",
        6: f"SIGNXSans-{style}",
    }
    for name_id, text in texts.items():
        names.setName(text, name_id, 3, 1, 0x409)


def make(style: str, source: str) -> None:
    font = TTFont(SOURCES / source, recalcTimestamp=False)
    options = Options(
        hinting=False, layout_features=[], name_IDs=["*"], glyph_names=False, notdef_outline=True
    )
    options.drop_tables += ["GSUB", "GPOS", "GDEF", "kern", "DSIG", "VDMX", "hdmx", "LTSH", "gasp"]
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=KEPT)
    subsetter.subset(font)
    stem = 76 if style == "Regular" else 128
    bars = [(20, 620, 560, 620 + stem), (20, 460, 560, 460 + stem)]
    upright = (290 - stem // 2, 0, 290 + stem // 2, 480)
    add_glyph(font, "₸", "tenge", boxes_glyph([*bars, upright]), 580)
    add_glyph(font, "→", "arrowright", arrow_glyph(stem), 880)
    add_glyph(font, "✓", "check", tick_glyph(stem), 760)
    rename(font, style)
    font["head"].created = font["head"].modified = FIXED_TIME
    font["post"].formatType = 3.0
    font.save(HERE / f"SIGNXSans-{style}.ttf")


if __name__ == "__main__":
    for face, file_name in FACES.items():
        make(face, file_name)
