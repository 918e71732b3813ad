from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signing.fonts.typeface import NOTDEF, face, printable, shorten, wrap

NEEDED = (
    "АБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯабвгдеёжзийклмнопрстуфхцчшщъыьэюя"
    "ӘәҒғҚқҢңӨөҰұҮүҺһІі"
    "ҖҗӘәҢңӨөҮүҺһ"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    "№«»„“—–€₽₸…→•@()/+−"
)


@pytest.mark.parametrize("weight", ["Regular", "Bold"])
def test_the_face_has_every_letter_of_our_languages(weight: str) -> None:
    measures = face(weight)  # type: ignore[arg-type]

    assert [char for char in NEEDED if ord(char) not in measures.glyphs] == []


def test_the_reserved_font_name_is_not_used() -> None:
    assert b"PTSans" not in face("Regular").data
    assert face("Regular").postscript_name == "SIGNXSans-Regular"


@given(st.text(max_size=60))
def test_any_text_can_be_set(text: str) -> None:
    clean = printable(text)

    glyphs = face("Regular").glyph_ids(clean)

    assert len(glyphs) == len(clean)
    assert face("Bold").width(clean, 9) >= 0
    assert not any(unicodedata.category(char) in ("Cc", "Cf") for char in clean)


def test_an_unknown_letter_becomes_a_hollow_box_or_its_base_letter() -> None:
    assert face("Regular").glyph_ids(printable("漢")) == [NOTDEF]
    assert printable("ǎ") == "a"


def test_a_hidden_direction_mark_is_dropped() -> None:
    assert printable("Иванов\u202egro.elpmaxe") == "Ивановgro.elpmaxe"


@given(st.text(max_size=80), st.floats(min_value=30, max_value=300))
def test_no_wrapped_line_is_wider_than_asked(text: str, width: float) -> None:
    lines = wrap(printable(text), "Regular", 9, width)

    widest_glyph = max(face("Regular").widths) * 9 / 1000
    assert all(face("Regular").width(line, 9) <= max(width, widest_glyph) for line in lines)
    assert "".join(lines).replace(" ", "") == printable(text).replace(" ", "")


def test_a_shortened_line_fits_and_shows_that_it_was_cut() -> None:
    line = shorten("Очень длинное название документа " * 5, "Regular", 9, 120)

    assert line.endswith("…")
    assert face("Regular").width(line, 9) <= 120
