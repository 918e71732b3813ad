"""Tax numbers as people type them, told from a slip of the pen by their check digits."""

from __future__ import annotations

from collections.abc import Sequence

# Source: order of the Federal Tax Service MMV-7-6/435@ of 29.06.2012: the last digit of ten, the
# last two of twelve.
_TEN = (2, 4, 10, 3, 5, 9, 4, 6, 8)
_ELEVENTH = (7, *_TEN)
_TWELFTH = (3, *_ELEVENTH)
_RUSSIAN = "ru"


def is_tax_number(text: str, country: str) -> bool:
    """Whether it may be a tax number; `country` is the language code of the portal. Numbers of
    other countries than Russia are only counted: 8 to 15 digits."""
    if not (text.isascii() and text.isdigit()):
        return False
    if country != _RUSSIAN:
        return 8 <= len(text) <= 15
    digits = [int(letter) for letter in text]
    if len(digits) == 10:
        return _check(digits, _TEN) == digits[9]
    if len(digits) == 12:
        return [_check(digits, _ELEVENTH), _check(digits, _TWELFTH)] == digits[10:]
    return False


def _check(digits: Sequence[int], weights: Sequence[int]) -> int:
    return sum(digit * weight for digit, weight in zip(digits, weights, strict=False)) % 11 % 10
