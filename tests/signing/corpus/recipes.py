"""How the sample files were made: one recipe for each program that people make PDFs with.

`python -m tests.signing.corpus.recipes` makes `files/` anew. It needs (Debian): chromium,
libreoffice-writer-nogui, texlive-latex-base, texlive-lang-cyrillic, ghostscript, librsvg2-bin,
groff, qpdf, npm. A missing program leaves its files as they are.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from signing.fonts.typeface import FONTS
from tests.signing import papers

HERE = Path(__file__).parent
FILES = HERE / "files"
SOURCES = HERE / "sources"
_TIME_LIMIT_S = 180

Recipe = Callable[[Path], Path]


def _run(folder: Path, *command: str | Path) -> None:
    subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        check=True,
        capture_output=True,
        timeout=_TIME_LIMIT_S,
    )


def chromium_print(folder: Path) -> Path:
    target = folder / "out.pdf"
    _run(
        folder, "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer",
        f"--print-to-pdf={target}", (SOURCES / "contract.html").as_uri(),
    )  # fmt: skip
    return target


def _office(folder: Path, source: str, options: str) -> Path:
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    _run(
        folder, "soffice", profile, "--headless", "--convert-to", f"pdf{options}", SOURCES / source
    )  # fmt: skip
    return folder / f"{Path(source).stem}.pdf"


def writer_print(folder: Path) -> Path:
    return _office(folder, "contract.fodt", "")


def writer_archive(folder: Path) -> Path:
    """PDF/A-1, tagged: the form that personnel papers are kept in."""
    options = (
        ':writer_pdf_Export:{"SelectPdfVersion":{"type":"long","value":"1"},'
        '"UseTaggedPDF":{"type":"boolean","value":"true"}}'
    )
    return _office(folder, "contract.fodt", options)


def latex_paper(folder: Path) -> Path:
    for _pass in range(2):
        _run(folder, "pdflatex", "-interaction=batchmode", SOURCES / "contract.tex")
    return folder / "contract.pdf"


def ghostscript_print(folder: Path) -> Path:
    """What a "PDF printer" makes of PostScript."""
    target = folder / "out.pdf"
    _run(
        folder, "gs", "-q", "-dNOPAUSE", "-dBATCH", "-sDEVICE=pdfwrite", "-dCompatibilityLevel=1.3",
        f"-sOutputFile={target}", SOURCES / "waybill.ps",
    )  # fmt: skip
    return target


def ghostscript_again(folder: Path) -> Path:
    """A browser's file pressed by Ghostscript, as "make it smaller" services do."""
    target = folder / "small.pdf"
    _run(
        folder, "gs", "-q", "-dNOPAUSE", "-dBATCH", "-sDEVICE=pdfwrite", "-dPDFSETTINGS=/ebook",
        f"-sOutputFile={target}", chromium_print(folder),
    )  # fmt: skip
    return target


def cairo_drawing(folder: Path) -> Path:
    target = folder / "out.pdf"
    _run(folder, "rsvg-convert", "-f", "pdf", "-o", target, SOURCES / "plan.svg")
    return target


def groff_letter(folder: Path) -> Path:
    target = folder / "out.pdf"
    with target.open("wb") as output:
        command = ["groff", "-Tpdf", "-ms", str(SOURCES / "letter.ms")]
        subprocess.run(command, cwd=folder, check=True, stdout=output, timeout=_TIME_LIMIT_S)
    return target


def _node(folder: Path, script: str, *packages: str) -> Path:
    _run(folder, "npm", "install", "--no-audit", "--no-fund", "--prefix", folder, *packages)
    shutil.copy(SOURCES / script, folder)
    _run(folder, "node", script, FONTS / "SIGNXSans-Regular.ttf", "out.pdf")
    return folder / "out.pdf"


def pdfkit_invoice(folder: Path) -> Path:
    return _node(folder, "invoice.mjs", "pdfkit@0.17.2")


def pdf_lib_form(folder: Path) -> Path:
    """A form that was filled in, its fields still alive."""
    return _node(folder, "form.mjs", "pdf-lib@1.17.1", "@pdf-lib/fontkit@1.1.1")


def _page_picture(mode: str, dpi: int) -> Image.Image:
    """A page as a scanner sees it: a little askew, with dust and a grey edge."""
    width, height = round(8.27 * dpi), round(11.69 * dpi)
    picture = Image.new("L", (width, height), 250)
    pen = ImageDraw.Draw(picture)
    font = ImageFont.truetype(str(FONTS / "SIGNXSans-Regular.ttf"), dpi // 7)
    for row in range(14):
        pen.text((dpi * 0.8, dpi * (0.9 + 0.35 * row)), papers.PARAGRAPH[row % 2][:62], 30, font)
    picture = picture.rotate(0.7, fillcolor=250)
    ImageDraw.Draw(picture).rectangle((0, 0, dpi // 10, height), fill=190)
    return picture.convert(mode, dither=Image.Dither.NONE)


def colour_scan(folder: Path) -> Path:
    target = folder / "out.pdf"
    _page_picture("RGB", 110).save(target, "PDF", resolution=110, quality=40)
    return target


def fax(folder: Path) -> Path:
    target = folder / "out.pdf"
    pages = [_page_picture("1", 200) for _page in range(2)]
    pages[0].save(target, "PDF", resolution=200, save_all=True, append_images=pages[1:])
    return target


def _qpdf(folder: Path, *options: str) -> Path:
    source, target = folder / "in.pdf", folder / "out.pdf"
    source.write_bytes(papers.contract(2))
    _run(folder, "qpdf", *options, source, target)
    return target


def linearized(folder: Path) -> Path:
    return _qpdf(folder, "--linearize", "--object-streams=generate")


def owner_locked(folder: Path) -> Path:
    """Opens for everybody, printing and changing forbidden."""
    return _qpdf(folder, "--encrypt", "", "owner-1", "256", "--print=none", "--modify=none", "--")


def reader_locked(folder: Path) -> Path:
    return _qpdf(folder, "--encrypt", "reader-1", "owner-1", "256", "--")


def cut_short(folder: Path) -> Path:
    """A download that broke off after the pages: the cross-reference table is missing."""
    target = folder / "out.pdf"
    whole = papers.contract(2)
    target.write_bytes(whole[: whole.rindex(b"xref\n")])
    return target


RECIPES: tuple[Recipe, ...] = (
    chromium_print, writer_print, writer_archive, latex_paper, ghostscript_print,
    ghostscript_again, cairo_drawing, groff_letter, pdfkit_invoice, pdf_lib_form, colour_scan, fax,
    linearized, owner_locked, reader_locked, cut_short,
)  # fmt: skip


def main(names: list[str]) -> int:
    FILES.mkdir(exist_ok=True)
    failed = 0
    for recipe in RECIPES:
        if names and recipe.__name__ not in names:
            continue
        with tempfile.TemporaryDirectory() as folder:
            try:
                made = recipe(Path(folder)).read_bytes()
            except (OSError, subprocess.SubprocessError) as error:
                print(f"{recipe.__name__}: not made ({type(error).__name__}: {error})")
                failed += 1
                continue
        (FILES / f"{recipe.__name__}.pdf").write_bytes(made)
        print(f"{recipe.__name__}: {len(made) / 1024:.0f} KB")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
