"""What the intake gives back: the same paper to the eye, with what is known about it."""

from __future__ import annotations

import io

import pikepdf
import pypdfium2
from pikepdf import Array, Dictionary, Name
from PIL import ImageChops

from signing.hashes import sha256
from signing.intake import take_in
from tests.signing import papers
from tests.signing.papers_taken_in import (
    annotation,
    pixel,
    square,
)


def test_an_ordinary_contract_comes_back_the_same_to_the_eye() -> None:
    pdf = papers.contract(3)

    result = take_in(pdf)

    assert (result.page_count, result.page_sizes_mm[0]) == (3, (210.0, 297.0))
    assert (result.removed, result.notes, result.has_text) == ((), (), True)
    assert result.source_sha256 == sha256(pdf)
    assert result.clean_sha256 == sha256(result.pdf)
    assert papers.texts(result.pdf) == papers.texts(pdf)
    before, after = pypdfium2.PdfDocument(pdf), pypdfium2.PdfDocument(result.pdf)
    for index in range(3):
        one, two = before[index].render().to_pil(), after[index].render().to_pil()
        assert ImageChops.difference(one, two).getbbox() is None


def test_the_same_file_gives_the_same_clean_file() -> None:
    pdf = papers.contract(2)

    assert take_in(pdf).pdf == take_in(pdf).pdf


def test_a_clean_file_is_taken_again_unchanged_in_what_it_holds() -> None:
    once = take_in(papers.contract(2))

    twice = take_in(once.pdf)

    assert twice.removed == ()
    assert papers.texts(twice.pdf) == papers.texts(once.pdf)


def test_a_page_with_a_unit_of_its_own_is_drawn_in_points() -> None:
    def change(pdf: pikepdf.Pdf) -> None:
        page = pdf.pages[0]
        page.obj.UserUnit = 2
        page.contents_add(pikepdf.Stream(pdf, b"1 0 0 rg 100 100 60 30 re f"))
        link = annotation(
            pdf, Subtype=Name.Link, A=Dictionary(S=Name.URI, URI=b"https://a.example")
        )
        page.obj.Annots = Array([link])

    result = take_in(papers.changed(papers.contract(), change))

    assert result.page_sizes_mm == ((420.0, 594.0),)
    assert pixel(result.pdf, 201, 201) == pixel(result.pdf, 319, 259) == (255, 0, 0)
    assert pixel(result.pdf, 199, 201) == pixel(result.pdf, 321, 259) == (255, 255, 255)
    with pikepdf.open(io.BytesIO(result.pdf)) as document:
        assert "/UserUnit" not in document.pages[0].obj
        rectangle = document.pages[0].obj.Annots[0].Rect
        assert [int(number) for number in rectangle] == [200, 200, 320, 260]


def test_names_in_an_old_encoding_are_taken() -> None:
    """Older Russian programs name fonts and pictures in Windows-1251."""

    def change(pdf: pikepdf.Pdf) -> None:
        name = "/" + "Рис".encode("cp1251").decode("utf-8", "surrogateescape")
        drawings = pikepdf.Dictionary()
        drawings[name] = square(pdf, b"1 0 0")
        page = pdf.pages[0]
        page.obj.Resources.XObject = drawings
        page.contents_add(pikepdf.Stream(pdf, "/Рис Do".encode("cp1251")))

    result = take_in(papers.changed(papers.contract(), change))

    assert pixel(result.pdf, 20, 20) == (255, 0, 0)


def test_a_scan_is_noted_as_a_picture_without_text() -> None:
    def change(pdf: pikepdf.Pdf) -> None:
        pdf.pages[0].obj.Contents = pikepdf.Stream(pdf, b"0.5 g 50 50 300 300 re f")

    result = take_in(papers.changed(papers.contract(), change))

    assert not result.has_text
    assert result.notes == ("no_text",)


def test_letters_from_outside_the_file_are_noted() -> None:
    def change(pdf: pikepdf.Pdf) -> None:
        font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
        page = pdf.pages[0]
        name = page.add_resource(pdf.make_indirect(font), Name.Font)
        page.contents_add(
            pikepdf.Stream(pdf, b"BT %b 12 Tf 60 90 Td (Total) Tj ET" % str(name).encode())
        )

    assert take_in(papers.changed(papers.contract(), change)).notes == ("fonts_missing",)
