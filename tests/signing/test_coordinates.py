from __future__ import annotations

import io

import pikepdf
import pytest

from signing.base import Place
from signing.intake import take_in
from signing.pages import page_texts
from signing.placement.coordinates import STAMP_SIZE_MM, Placed, parse, place
from signx.errors import ErrorCode, SignXError
from tests.signing import papers
from tests.signing.corpus.variants import Shape, reshaped

KEYS = ("1", "2")
SIGNING_LINE = "Исполнитель: ______________                    Заказчик: ______________"


def placed(text: str, pdf: bytes, **options: str) -> Placed:
    return place(parse(text), pdf, KEYS, **options)


def text_places(pdf: bytes, page_index: int) -> list[Place]:
    return [
        Place(page_index, run.x * 210, run.y * 297, run.width * 210, run.height * 297)
        for run in page_texts(pdf, [page_index])[0]
    ]


def test_numbers_are_millimetres_from_the_corner_seen() -> None:
    result = placed("1=-1:20:200; 2=1:110:200:80:25", papers.contract(3))

    assert result.places == {
        "1": (Place(2, 20, 200, *STAMP_SIZE_MM),),
        "2": (Place(0, 110, 200, 80, 25),),
    }


def test_a_star_is_every_page() -> None:
    result = placed("1=*:20:250; 2=-1:110:250", papers.contract(3))

    assert [box.page_index for box in result.places["1"]] == [0, 1, 2]


def test_automatic_places_are_side_by_side_below_the_last_line() -> None:
    pdf = papers.contract(2)

    result = placed("", pdf)

    (first,), (second,) = result.places.values()
    lowest = max(box.bottom_mm for box in text_places(pdf, 1))
    assert result.pdf == pdf
    assert first.page_index == second.page_index == 1
    assert first.y_mm == second.y_mm > lowest
    assert first.right_mm < second.x_mm
    assert first.y_mm - lowest < 10


def test_a_full_page_gets_a_signature_sheet() -> None:
    pdf = papers.contract(2, rows=43)

    result = placed("", pdf, language="en", document_title="Договор № 24-117")

    assert {box.page_index for boxes in result.places.values() for box in boxes} == {2}
    assert papers.texts(result.pdf)[:2] == papers.texts(pdf)
    assert "Signature sheet" in papers.texts(result.pdf)[2]
    assert "Договор № 24-117" in papers.texts(result.pdf)[2]


def test_many_stamps_get_as_many_sheets_as_they_need() -> None:
    keys = [str(number) for number in range(1, 20)]

    result = place(parse(""), papers.contract(1, rows=43), keys)

    boxes = [box for group in result.places.values() for box in group]
    assert list(result.places) == keys
    assert not any(one.overlaps(two) for index, one in enumerate(boxes) for two in boxes[:index])
    with pikepdf.open(io.BytesIO(result.pdf)) as document:
        assert len(document.pages) == max(box.page_index for box in boxes) + 1


def test_the_key_left_out_gets_an_automatic_place_beside_the_other() -> None:
    result = placed("1=-1:16:110", papers.contract(1))

    (first,), (second,) = result.places.values()
    assert not first.overlaps(second)
    assert second.page_index == 0


def test_a_page_footer_does_not_force_a_sheet() -> None:
    def change(pdf: pikepdf.Pdf) -> None:
        pdf.pages[0].contents_add(pikepdf.Stream(pdf, b"0 g 280 30 40 8 re f"))

    result = placed("", papers.changed(papers.contract(1), change))

    assert {box.page_index for boxes in result.places.values() for box in boxes} == {0}


@pytest.mark.parametrize(("crop", "size"), [(None, (595, 842)), ((30, 40, 800, 560), (520, 770))])
def test_automatic_places_cover_no_text_on_a_turned_page(
    crop: tuple[float, float, float, float] | None, size: tuple[float, float]
) -> None:
    pdf = papers.sideways(90, crop=crop)

    result = placed("", pdf)

    width, height = (points / 72 * 25.4 for points in size)
    texts = [
        Place(0, run.x * width, run.y * height, run.width * width, run.height * height)
        for run in page_texts(pdf, [0])[0]
    ]
    boxes = [box for (box,) in result.places.values()]
    assert texts
    assert {box.page_index for box in boxes} == {0}
    assert not any(box.overlaps(text) for box in boxes for text in texts)


@pytest.mark.parametrize("turn", [180, 270])
def test_a_turned_page_with_text_at_its_foot_gets_a_sheet(turn: int) -> None:
    result = placed("", papers.sideways(turn))

    assert {box.page_index for (box,) in result.places.values()} == {1}


def test_a_text_puts_the_stamp_beside_its_last_place() -> None:
    pdf = papers.contract(2, last_line="Заказчик: ______________")

    result = placed("2=@заказчик:", pdf)

    (box,) = result.places["2"]
    anchor = next(text for text in text_places(pdf, 1) if text.y_mm > 90)
    assert box.page_index == 1
    assert abs(box.y_mm - anchor.y_mm) < 40


def test_the_first_place_of_a_text_can_be_asked_for() -> None:
    result = placed("2=@Договор#1", papers.contract(3))

    (box,) = result.places["2"]
    assert box.page_index == 0


def test_two_texts_on_one_line_do_not_make_stamps_overlap_or_hide_words() -> None:
    pdf = papers.contract(1, last_line=SIGNING_LINE)

    result = placed("1=@Исполнитель:; 2=@Заказчик:", pdf)

    (first,), (second,) = result.places.values()
    paragraphs = [text for text in text_places(pdf, 0) if text.bottom_mm < 100]
    assert not first.overlaps(second)
    assert not any(box.overlaps(text) for box in (first, second) for text in paragraphs)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1=9:1:1", "there is no page 9: the document has 3."),
        ("1=-4:1:1", "there is no page -4"),
        ("1=1:200:1", "leaves page 1, which is 210 × 297 mm"),
        ("1=1:1:290", "leaves page 1"),
        ("1=1:1:1; 2=1:5:5", "signer 2: the stamp overlaps the one of signer 1 on page 1"),
        ("1=*:1:1; 2=2:5:5", "on page 2"),
        ("3=1:1:1", "there is no signer 3"),
        ("1=1:1:1:5:5", "smaller than 40 × 15 mm"),
        ("1=@нет такого текста", "“нет такого текста” is not in the document"),
        ("1=@Договор#9", "is not in the document"),
    ],
)
def test_a_place_that_cannot_be_is_refused_with_the_reason(text: str, words: str) -> None:
    with pytest.raises(SignXError) as caught:
        placed(text, papers.contract(3))

    assert caught.value.code is ErrorCode.PARAMETER_INVALID
    assert caught.value.context["parameter"] == "coordinates"
    assert words in caught.value.sentence


@pytest.mark.parametrize("unit", [0.5, 2.0])
def test_automatic_stamps_keep_off_the_text_of_pages_in_another_unit(unit: float) -> None:
    pdf = take_in(reshaped(papers.contract(rows=20), Shape(size="A4", unit=unit))).pdf

    boxes = [box for group in place(parse(""), pdf, ["1", "2"]).places.values() for box in group]

    words = text_places(pdf, 0)
    assert len(boxes) == 2 and words
    for box in boxes:
        assert box.page_index == 0
        assert box.x_mm >= 0 and box.right_mm <= 210 and box.bottom_mm <= 297
        assert not any(box.overlaps(word) for word in words)
