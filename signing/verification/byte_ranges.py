"""Strict rules for /ByteRange, read from the raw bytes before any parser is trusted.

A signature covers everything except its own hexadecimal string: range one starts at 0 and ends
where the string begins, range two starts where it ends. Whatever else a file says there is an
attack (universal forgery, signature wrapping) or damage, never "no signature".
Source: ISO 32000-2, 12.8.1; pdf-insecurity.org.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from asn1crypto import parser

_MARK = re.compile(rb"/ByteRange\s*(\[[^\]]{0,200}\]?)?")
_FOUR = re.compile(rb"\[\s*(\d{1,12})\s+(\d{1,12})\s+(\d{1,12})\s+(\d{1,12})\s*\]")
_HEX_STRING = re.compile(rb"<[0-9A-Fa-f]*>")


@dataclass(frozen=True)
class SignedRange:
    """The second of the two signed ranges; `end` is the first byte after the signed revision."""

    second_start: int
    end: int


def read_ranges(data: bytes) -> tuple[list[SignedRange], bool]:
    """All sound ranges by their end, and whether every one in the file is sound."""
    ranges, all_sound = [], True
    for mark in _MARK.finditer(data):
        found = _sound_range(data, mark.group(1) or b"")
        if found is None:
            all_sound = False
        else:
            ranges.append(found)
    ends = [found.end for found in ranges]
    return sorted(ranges, key=lambda found: found.end), all_sound and len(set(ends)) == len(ends)


def ends_at_revision(data: bytes, end: int) -> bool:
    """Whether a signed revision ends with the end-of-file mark, as a whole revision does."""
    return data[:end].rstrip(b"\r\n").endswith(b"%%EOF")


def _sound_range(data: bytes, text: bytes) -> SignedRange | None:
    match = _FOUR.fullmatch(text)
    if not match:
        return None
    start, first_length, second_start, second_length = (int(part) for part in match.groups())
    end = second_start + second_length
    if start != 0 or first_length >= second_start or end > len(data) or not second_length:
        return None
    if not _HEX_STRING.fullmatch(data, first_length, second_start):
        return None
    if not _is_padded_with_zeros(data[first_length + 1 : second_start - 1]):
        return None
    return SignedRange(second_start, end)


def _is_padded_with_zeros(digits: bytes) -> bool:
    """The string is not signed itself, so nothing may hide behind the encoded signature."""
    raw = bytes.fromhex(digits.decode("ascii") + "0" * (len(digits) % 2))
    try:
        _class, _method, _tag, header, content, trailer = parser.parse(raw, strict=False)
    except ValueError:
        return False
    return not any(raw[len(header) + len(content) + len(trailer) :])
