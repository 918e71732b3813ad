from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signing.base import Level, Party, StampText
from signing.embedded.appearance import stamp_operators
from signing.embedded.layout import set_stamp
from signing.fonts.typeface import face
from signing.placement.stamps import stamp_lines, time_with_zone


def test_a_simple_signature_names_the_person_and_never_a_certificate(
    director: Party, stamp_of: Callable[[Party], StampText]
) -> None:
    lines = stamp_of(director).lines

    assert lines[1] == "Қасымова Әлия Өмірқызы"
    assert lines[2] == "Генеральный директор, ООО «Север-Логистика»"
    assert any("постоянное поручение" in line for line in lines)
    assert any("24.11.2026, 14:05:09 (МСК, UTC+3)" in line for line in lines)
    assert any("SX-2026-000431" in line for line in lines)
    assert not any("ертификат" in line or "ertificate" in line for line in lines)


@pytest.mark.parametrize(
    ("level", "word"),
    [(Level.SIMPLE, "simple"), (Level.UNQUALIFIED, "unqualified"), (Level.QUALIFIED, "qualified")],
)
def test_the_title_says_the_level_and_no_higher_one(
    director: Party, level: Level, word: str
) -> None:
    stamp = stamp_lines(
        replace(director, level=level),
        signed_at=datetime(2026, 11, 24, tzinfo=UTC),
        document_number="1",
        language="en",
    )

    assert f" {word} " in stamp.lines[0]


@pytest.mark.parametrize(
    ("hours", "minutes", "language", "expected"),
    [
        (3, 0, "ru", "24.11.2026, 14:05:00 (МСК, UTC+3)"),
        (5, 30, "ru", "24.11.2026, 16:35:00 (UTC+5:30)"),
        (-3, 0, "en", "24 Nov 2026, 08:05:00 (UTC−3)"),
        (0, 0, "en", "24 Nov 2026, 11:05:00 (UTC)"),
    ],
)
def test_a_moment_carries_its_zone(hours: int, minutes: int, language: str, expected: str) -> None:
    zone = timezone(timedelta(hours=hours, minutes=minutes))

    assert time_with_zone(datetime(2026, 11, 24, 11, 5, tzinfo=UTC), language, zone) == expected


@given(
    st.lists(st.text(max_size=120), min_size=1, max_size=8),
    st.floats(min_value=113, max_value=400),
    st.floats(min_value=42, max_value=200),
    st.booleans(),
)
def test_a_stamp_never_overflows_its_box(
    lines: list[str], width: float, height: float, with_code: bool
) -> None:
    stamp = StampText(tuple(lines), "https://sign.example/v/8f3kq2m7w1" if with_code else "")

    layout = set_stamp(stamp, width, height)

    code_left = width - 8 - layout.code_side if layout.code_side else width
    for line in layout.lines:
        measures = face(line.weight)
        assert line.x + measures.width(line.text, line.size) <= code_left + 0.01
        assert line.baseline + measures.descent * line.size / 1000 >= 0
        assert line.baseline + measures.cap_height * line.size / 1000 <= height
    assert stamp_operators(stamp, width, height).startswith(b"q ")


def test_the_lines_stand_one_below_the_other(
    director: Party, stamp_of: Callable[[Party], StampText]
) -> None:
    layout = set_stamp(stamp_of(director), 244, 85)

    baselines = [line.baseline for line in layout.lines]
    assert baselines == sorted(baselines, reverse=True)
    assert layout.code_side > 34
