"""Inputs of robots: serializer fields that know how Bitrix24 declares them and how it fills them.

Source: Bitrix24 server, bizproc basetype/*: a value may come as text, as a list even where one
value is wanted, as an empty text, or not at all.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.fields import empty

from documents.crm.references import (
    ItemReference,
    PartyReference,
    SourceReference,
    UnreadableReference,
    read_item,
    read_party,
    read_source,
    read_user,
)
from robots.words import Words
from signing.placement import coordinates
from signx.errors import SignXError


class Parameter(ABC, serializers.Field):
    """One input: a single text. Subclasses turn the text into a value in `read`."""

    bitrix_type: ClassVar[str] = "string"
    default_error_messages = {
        "several": _("one value is expected, but several different ones were given."),
    }

    def __init__(self, *, title: Words, hint: Words, **options: Any) -> None:
        super().__init__(**options)
        self.title = title
        self.hint = hint

    def run_validation(self, data: Any = empty) -> Any:
        values = texts(data)
        if len(values) > 1:
            self.fail("several")
        return super().run_validation(values[0] if values else empty)

    def to_internal_value(self, data: str) -> Any:
        try:
            return self.read(data)
        except UnreadableReference as error:
            raise serializers.ValidationError(str(error.reason), code="invalid") from error

    def to_representation(self, value: Any) -> str:
        return str(value)

    @abstractmethod
    def read(self, text: str) -> Any:
        """The value of a text that is not empty. Raises UnreadableReference."""

    def declaration(self) -> dict[str, Any]:
        """This input as an item of PROPERTIES of bizproc.robot.add."""
        return {
            "Name": self.title.for_bitrix24(),
            "Description": self.hint.for_bitrix24(),
            "Type": self.bitrix_type,
            "Required": "Y" if self.required else "N",
            "Multiple": "N",
        }


class TextParameter(Parameter):
    def __init__(self, *, longest: int = 200, **options: Any) -> None:
        super().__init__(**options)
        self.longest = longest

    def read(self, text: str) -> str:
        if len(text) > self.longest:
            raise UnreadableReference(
                format_lazy(_("it is longer than {longest} characters."), longest=self.longest)
            )
        return text


class SourceParameter(Parameter):
    def read(self, text: str) -> SourceReference:
        return read_source(text)


class UserParameter(Parameter):
    bitrix_type = "user"

    def read(self, text: str) -> int:
        return read_user(text)


class PartyParameter(Parameter):
    def read(self, text: str) -> PartyReference:
        return read_party(text)


class ItemParameter(Parameter):
    def read(self, text: str) -> ItemReference:
        return read_item(text)


class CoordinatesParameter(Parameter):
    """Kept as text once it is known to be readable: places depend on the file."""

    def read(self, text: str) -> str:
        try:
            coordinates.parse(text)
        except SignXError as error:
            raise UnreadableReference(reason_of(error)) from error
        return text


class AgreementParameter(Parameter):
    """`Y`, `N`, or the file that is to be signed as the agreement."""

    def read(self, text: str) -> bool | SourceReference:
        decided = {"Y": True, "N": False}.get(text.upper())
        return read_source(text) if decided is None else decided


class NumberParameter(Parameter):
    """A whole number; Bitrix24 sends an empty one as `0` too."""

    bitrix_type = "int"

    def __init__(self, *, least: int, most: int, **options: Any) -> None:
        super().__init__(**options)
        self.least = least
        self.most = most

    def run_validation(self, data: Any = empty) -> Any:
        return super().run_validation(empty if texts(data) == ["0"] else data)

    def read(self, text: str) -> int:
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1
        if not self.least <= number <= self.most:
            raise UnreadableReference(
                format_lazy(
                    _("expected a whole number from {least} to {most}."),
                    least=self.least,
                    most=self.most,
                )
            )
        return number


class ChoiceParameter(Parameter):
    bitrix_type = "select"

    def __init__(self, *, options: Mapping[str, Words], default: str, **rest: Any) -> None:
        super().__init__(default=default, **rest)
        self.options = options

    def read(self, text: str) -> str:
        if text.lower() not in self.options:
            raise UnreadableReference(
                format_lazy(_("expected one of: {keys}."), keys=", ".join(self.options))
            )
        return text.lower()

    def declaration(self) -> dict[str, Any]:
        return super().declaration() | {
            "Required": "Y",
            "Default": self.default,
            # Options are {key: title} with no room for languages: the active one, the portal's.
            "Options": {key: str(words) for key, words in self.options.items()},
        }


def reason_of(error: SignXError) -> Promise | str:
    """Why a value was refused, from an error that another app raised about it."""
    reason = error.context.get("reason", error.sentence)
    return reason if isinstance(reason, Promise) else str(reason)


def texts(data: Any) -> list[str]:
    """The different texts that a property holds, in order; line breaks and edges do not count."""
    if data is empty or data is None:
        return []
    parts = list(data.values()) if isinstance(data, Mapping) else data
    if isinstance(parts, list | tuple):
        found = [text for part in parts for text in texts(part)]
        return list(dict.fromkeys(found))
    text = " ".join(str(parts).split())
    return [text] if text else []
