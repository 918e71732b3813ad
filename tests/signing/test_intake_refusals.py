"""What cannot be made safe or is too much is refused at intake, with its cause."""

from __future__ import annotations

import io
from collections.abc import Callable

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name

from signing import child
from signing.base import Place
from signing.intake import NOTES, Limits, take_in
from signing.verify import Verdict
from signx.errors import RETRYABLE, ErrorCode, SignXError
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


def many_ways(pdf: pikepdf.Pdf) -> None:
    """Dictionaries that share what they hold, as programs for forms write them."""
    step = pdf.make_indirect(Dictionary())
    for _number in range(24):
        step = pdf.make_indirect(Dictionary(Normal=step, Down=step))
    form = square(pdf, b"1 0 0")
    form.Looks = step
    name = pdf.pages[0].add_resource(form, Name.XObject)
    pdf.pages[0].contents_add(b"%s Do" % str(name).encode())


def bookmarks(pdf: pikepdf.Pdf) -> None:
    with pdf.open_outline() as outline:
        outline.root.extend(pikepdf.OutlineItem(f"Пункт {number}", 0) for number in range(400))


def words_of_a_signature(pdf: pikepdf.Pdf) -> None:
    words = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>/ByteRange [0 1 2 3]</x:xmpmeta>"
    pdf.Root.Metadata = pikepdf.Stream(pdf, words, Type=Name.Metadata, Subtype=Name.XML)


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


def test_a_file_that_would_be_checked_without_end_is_refused_before_anybody_signs() -> None:
    """Two names lead from each step to the next one: twice as many ways at every step."""
    doubled = papers.changed(papers.contract(), many_ways)

    assert refusal_of(doubled, Limits(trial_seconds=2)).detail == "unsealable"


def test_many_bookmarks_in_a_row_are_signed_and_checked(
    sign_all: SignAll, places: dict[str, tuple[Place, ...]], check: Callable[..., Verdict]
) -> None:
    taken = take_in(papers.changed(papers.contract(), bookmarks)).pdf
    signed = sign_all(taken, places)

    assert check(signed, apart=True).verdict == "valid"
    # Where calls may not nest as deeply the question stays open; the file is not false.
    assert check(signed, apart=False).causes == ("too_heavy",)


def test_words_of_a_signature_in_the_properties_do_no_harm(
    sign_all: SignAll, places: dict[str, tuple[Place, ...]], check: Callable[..., Verdict]
) -> None:
    taken = take_in(papers.changed(papers.contract(), words_of_a_signature)).pdf

    assert check(sign_all(taken, places)).verdict == "valid"


def test_a_machine_without_time_is_no_fault_of_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "_GRACE_S", -Limits().seconds + 0.01)

    with pytest.raises(SignXError) as caught:
        take_in(papers.contract())

    assert caught.value.code == ErrorCode.SERVICE_BUSY
    assert caught.value.code in RETRYABLE


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
