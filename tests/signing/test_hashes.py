"""GOST R 34.11-2012 by the vectors of RFC 6986, section 10."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signing import hashes, streebog

# RFC 6986 prints numbers with the most significant byte first, so both sides are reversed here.
MESSAGE_1 = bytes.fromhex(
    "3231303938373635343332313039383736353433323130393837363534333231"
    "30393837363534333231303938373635343332313039383736353433323130"
)[::-1]
HASH_1 = "00557be5e584fd52a449b16b0251d05d27f94ab76cbaa6da890b59d8ef1e159d"
MESSAGE_2 = bytes.fromhex(
    "fbe2e5f0eee3c820fbeafaebef20fffbf0e1e0f0f520e0ed20e8ece0ebe5f0f2"
    "f120fff0eeec20f120faf2fee5e2202ce8f6f3ede220e8e6eee1e8f0f2d1202c"
    "e8f0f2e5e220e5d1"
)[::-1]
HASH_2 = "508f7e553c06501d749a66fc28c6cac0b005746d97537fa85d9e40904efed29d"


@pytest.mark.parametrize(("message", "expected"), [(MESSAGE_1, HASH_1), (MESSAGE_2, HASH_2)])
def test_streebog_gives_the_published_hashes(message: bytes, expected: str) -> None:
    assert streebog.streebog256(message)[::-1].hex() == expected
    assert hashes.streebog256(message) == bytes.fromhex(expected)[::-1].hex()


@given(st.binary(max_size=300))
def test_both_implementations_agree(data: bytes) -> None:
    assert hashes.streebog256(data) == streebog.streebog256(data).hex()


@pytest.mark.parametrize("length", [63, 64, 65, 127, 128, 192])
def test_carries_through_the_whole_sum_agree(length: int) -> None:
    data = b"\xff" * length

    assert hashes.streebog256(data) == streebog.streebog256(data).hex()


def test_sha256_is_lowercase_hexadecimal() -> None:
    assert hashes.sha256(b"abc") == (
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )
