"""The grammar of stamp coordinates, typed by people into a robot's field.

    list  = item { ";" item }            1=-1:20:240; 2=@"Заказчик:"#1
    item  = key "=" where
    where = page ":" x ":" y [ ":" width ":" height ]  |  "@" text [ "#" number ]
    page  = number from 1 | negative number from the end | "*"

Lengths are millimetres from the top left corner of the page seen; a decimal comma is accepted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NoReturn

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from signx.errors import ErrorCode, SignXError

_KEY = re.compile(r"[0-9]{1,2}")
_PAGE = re.compile(r"\*|-?[0-9]{1,4}")
_LENGTH = re.compile(r"[0-9]{1,4}(?:[.,][0-9]{1,3})?")
_NUMBER = re.compile(r"[0-9]{1,4}")
_LONGEST = 2000
EVERY_PAGE = 0


@dataclass(frozen=True)
class OnPage:
    """A box on a page; `page` counts from 1, from the end below 0, EVERY_PAGE means each.

    No size means the usual one.
    """

    page: int
    x_mm: float
    y_mm: float
    size_mm: tuple[float, float] | None = None


@dataclass(frozen=True)
class BesideText:
    """Beside a text; `occurrence` counts from 1, and 0 means the last one in the document."""

    text: str
    occurrence: int = 0


Where = OnPage | BesideText


@dataclass(frozen=True)
class Coordinates:
    """Where each key's stamp goes; a key that is absent gets an automatic place."""

    places: dict[str, Where]


def parse(text: str) -> Coordinates:
    """Read what a person typed; empty text means automatic places for everyone.

    Raises SignXError(PARAMETER_INVALID) that tells the position of the mistake, counted from 1.
    """
    return _Parser(text[: _LONGEST + 1]).read()


def invalid(reason: str | Promise) -> SignXError:
    """The error of every mistake in the coordinates."""
    return SignXError(
        ErrorCode.PARAMETER_INVALID, "coordinates", parameter="coordinates", reason=reason
    )


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0

    def read(self) -> Coordinates:
        places: dict[str, Where] = {}
        if len(self.text) > _LONGEST:
            self.fail(_("too long"))
        self.skip_spaces()
        while self.position < len(self.text):
            start = self.position
            key = str(int(self.expect(_KEY, _("a number of the signer is expected"))))
            if key in places:
                self.position = start
                self.fail(_("this signer already has a place"))
            self.expect_sign("=")
            places[key] = self.read_where()
            if self.position < len(self.text):
                self.expect_sign(";")
        return Coordinates(places)

    def read_where(self) -> Where:
        if self.accept_sign("@"):
            return self.read_text()
        page = self.read_page()
        x_mm = self.read_next_length()
        y_mm = self.read_next_length()
        if not self.accept_sign(":"):
            return OnPage(page, x_mm, y_mm)
        width = self.read_length()
        return OnPage(page, x_mm, y_mm, (width, self.read_next_length()))

    def read_page(self) -> int:
        start = self.position
        page = self.expect(_PAGE, _("a page number, * or @text is expected"))
        if page == "*":
            return EVERY_PAGE
        if int(page) == 0:
            self.position = start
            self.fail(_("pages are counted from 1"))
        return int(page)

    def read_next_length(self) -> float:
        self.expect_sign(":")
        return self.read_length()

    def read_length(self) -> float:
        return float(
            self.expect(_LENGTH, _("a length in millimetres is expected")).replace(",", ".")
        )

    def read_text(self) -> BesideText:
        start = self.position
        text = self.read_quoted() if self.accept_sign('"') else self.read_bare()
        if not text.strip():
            self.position = start
            self.fail(_("a text after @ is expected"))
        occurrence = 0
        if self.accept_sign("#"):
            start = self.position
            occurrence = int(self.expect(_NUMBER, _("a number after # is expected")))
            if occurrence == 0:
                self.position = start
                self.fail(_("occurrences are counted from 1"))
        return BesideText(text.strip(), occurrence)

    def read_quoted(self) -> str:
        end = self.text.find('"', self.position)
        if end < 0:
            self.fail(_("the closing quotation mark is missing"))
        text = self.text[self.position : end]
        self.position = end + 1
        self.skip_spaces()
        return text

    def read_bare(self) -> str:
        """Up to the next semicolon; `#` and digits at the end are the occurrence."""
        end = self.text.find(";", self.position)
        end = len(self.text) if end < 0 else end
        text = self.text[self.position : end]
        numbered = re.search(r"#[0-9]{1,4}\s*$", text)
        if numbered:
            text = text[: numbered.start()]
        self.position += len(text)
        return text

    def expect(self, pattern: re.Pattern[str], reason: Promise | str) -> str:
        match = pattern.match(self.text, self.position)
        if not match:
            self.fail(reason)
        self.position = match.end()
        self.skip_spaces()
        return match.group()

    def expect_sign(self, sign: str) -> None:
        if not self.accept_sign(sign):
            self.fail(format_lazy(_("“{sign}” is expected"), sign=sign))

    def accept_sign(self, sign: str) -> bool:
        if not self.text.startswith(sign, self.position):
            return False
        self.position += len(sign)
        self.skip_spaces()
        return True

    def skip_spaces(self) -> None:
        while self.position < len(self.text) and self.text[self.position].isspace():
            self.position += 1

    def fail(self, reason: Promise | str) -> NoReturn:
        sentence = _("position {position}: {reason}.")
        raise invalid(format_lazy(sentence, position=self.position + 1, reason=reason))
