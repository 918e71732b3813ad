from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from signing.placement.grammar import EVERY_PAGE, BesideText, OnPage, parse
from signx.errors import ErrorCode, SignXError


@given(st.text(max_size=80))
@example("1=" + "9" * 3000)
@example("1=@" + '"' * 3)
@example("²=1:1:1")
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parse(text)
    except SignXError as error:
        assert error.code is ErrorCode.PARAMETER_INVALID
        assert error.sentence


@given(st.text(alphabet='0123456789=;:@#"*-., а', max_size=40))
def test_near_misses_are_read_or_refused(text: str) -> None:
    try:
        parse(text)
    except SignXError as error:
        assert error.code is ErrorCode.PARAMETER_INVALID


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        ("  ", {}),
        ("1=1:20:30", {"1": OnPage(1, 20, 30)}),
        ("1 = -1 : 20,5 : 30.25 : 80 : 25 ;", {"1": OnPage(-1, 20.5, 30.25, (80, 25))}),
        ("2=*:1:2", {"2": OnPage(EVERY_PAGE, 1, 2)}),
        ("01=1:1:1; 2=1:1:90", {"1": OnPage(1, 1, 1), "2": OnPage(1, 1, 90)}),
        ("1=@Заказчик:", {"1": BesideText("Заказчик:")}),
        ("1=@Заказчик #2; 2=1:1:1", {"1": BesideText("Заказчик", 2), "2": OnPage(1, 1, 1)}),
        ('1=@"а; б"#1', {"1": BesideText("а; б", 1)}),
        ("1=@Счёт #5а", {"1": BesideText("Счёт #5а")}),
    ],
)
def test_what_people_type(text: str, expected: dict[str, object]) -> None:
    assert parse(text).places == expected


@pytest.mark.parametrize(
    ("text", "position", "words"),
    [
        ("x", 1, "number of the signer"),
        ("1", 2, "“=” is expected"),
        ("1=0:1:1", 3, "counted from 1"),
        ("1=1:a:1", 5, "length in millimetres"),
        ("1=1:1", 6, "“:” is expected"),
        ("1=1:1:1:1", 10, "“:” is expected"),
        ("1=1:1:1 2=1:1:1", 9, "“;” is expected"),
        ("1=1:1:1;1=1:2:2", 9, "already has a place"),
        ("1=@;2=1:1:1", 4, "text after @"),
        ('1=@"abc', 5, "closing quotation mark"),
        ("1=@a#0", 6, "counted from 1"),
        ("1=1:-5:1", 5, "length in millimetres"),
    ],
)
def test_a_mistake_is_shown_with_its_position(text: str, position: int, words: str) -> None:
    with pytest.raises(SignXError) as caught:
        parse(text)

    assert f"position {position}: " in caught.value.sentence
    assert words in caught.value.sentence
