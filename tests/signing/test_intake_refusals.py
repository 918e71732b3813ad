"""What cannot be made safe or is too much is refused at intake, with its cause."""

from __future__ import annotations

import io

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name

from signing.base import Place
from signing.intake import NOTES, Limits, take_in
from tests.signing import papers
from tests.signing.conftest import SignAll
from tests.signing.papers_taken_in import (
    Change,
    annotation,
    refusal_of,
    square,
)


def external_picture(pdf: pikepdf.Pdf) -> None:
    stream = square(pdf, b"1 0 0")
    stream.F = Dictionary(Type=Name.Filespec, F=b"http://other.example/a")
    pdf.pages[0].add_resource(stream, Name.XObject)


def xfa(pdf: pikepdf.Pdf) -> None:
    pdf.Root.AcroForm = Dictionary(Fields=Array(), XFA=pikepdf.Stream(pdf, b"<xdp/>"))


def portfolio(pdf: pikepdf.Pdf) -> None:
    pdf.Root.Collection = Dictionary(View=Name.D)


def undrawn_form(pdf: pikepdf.Pdf) -> None:
    field = annotation(pdf, Subtype=Name.Widget, FT=Name.Tx, T=b"f", V=pikepdf.String("цена"))
    pdf.pages[0].obj.Annots = Array([field])
    pdf.Root.AcroForm = Dictionary(Fields=Array([field]), NeedAppearances=True)


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        (external_picture, "external"),
        (xfa, "xfa"),
        (portfolio, "portfolio"),
        (undrawn_form, "form_undrawn"),
    ],
)
def test_what_cannot_be_made_safe_is_refused(change: Change, cause: str) -> None:
    assert refusal_of(papers.changed(papers.contract(), change)).detail == cause


def test_a_signed_file_is_refused(sign_all: SignAll, places: dict[str, tuple[Place, ...]]) -> None:
    assert refusal_of(sign_all(papers.contract(), places)).detail == "signed"


@pytest.mark.parametrize(
    ("pdf", "cause"),
    [
        (b"", "empty"),
        (b"PK\x03\x04 a docx", "not_pdf"),
        (b"%PDF-1.7\n" + b"x" * 500, "damaged"),
        (papers.contract(3)[:4000], "damaged"),
    ],
)
def test_what_is_no_sound_pdf_is_refused(pdf: bytes, cause: str) -> None:
    assert refusal_of(pdf).detail.startswith(cause)


def encrypted(user: str) -> bytes:
    output = io.BytesIO()
    with pikepdf.open(io.BytesIO(papers.contract())) as document:
        document.save(output, encryption=pikepdf.Encryption(owner="owner", user=user))
    return output.getvalue()


def test_a_password_is_refused_and_an_owners_restriction_is_lifted_and_noted() -> None:
    assert refusal_of(encrypted("secret")).detail == "password"

    result = take_in(encrypted(""))

    assert result.notes == ("permissions",)
    assert set(result.notes) <= NOTES.keys()
    with pikepdf.open(io.BytesIO(result.pdf)) as document:
        assert not document.is_encrypted


def test_limits_name_their_number() -> None:
    pdf = papers.contract(3)

    assert "more than 2 pages" in refusal_of(pdf, Limits(pages=2)).sentence
    assert refusal_of(pdf, Limits(bytes=1000)).detail == "too_big"
    assert "page 1 is too large" in refusal_of(pdf, Limits(pixels=10_000)).sentence


def test_a_file_that_eats_memory_or_time_ends_in_its_child() -> None:
    def change(pdf: pikepdf.Pdf) -> None:
        bomb = pikepdf.Stream(pdf, b"0 0 1 1 re f\n" * 8_000_000)
        pdf.pages[0].obj.Contents = bomb

    pdf = papers.changed(papers.contract(), change)

    error = refusal_of(pdf, Limits(seconds=2, memory_mb=400))

    assert len(pdf) < 1_000_000
    assert error.detail.startswith("too_heavy")


def test_a_page_nobody_could_wait_for_is_refused_although_a_small_picture_is_quick() -> None:
    pdf = papers.scribbled(10_000)

    assert refusal_of(pdf, Limits(picture_seconds=0.1)).detail == "too_heavy"
    assert take_in(pdf, Limits(picture_seconds=60)).page_count == 1
