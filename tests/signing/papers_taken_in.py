"""What goes onto the papers of the intake's tests, and how to look at what comes back."""

from __future__ import annotations

import io
from collections.abc import Callable

import pikepdf
import pypdfium2
import pytest
from pikepdf import Array, Dictionary, Name

from signing.intake import Limits, take_in
from signx.errors import ErrorCode, SignXError

SCRIPT = Dictionary(S=Name.JavaScript, JS=b"app.alert(1)")
Change = Callable[[pikepdf.Pdf], None]


def refusal_of(pdf: bytes, limits: Limits | None = None) -> SignXError:
    with pytest.raises(SignXError) as caught:
        take_in(pdf, limits or Limits())
    assert caught.value.code is ErrorCode.DOCUMENT_INVALID
    assert caught.value.sentence.startswith("This file cannot be signed: ")
    return caught.value


def square(document: pikepdf.Pdf, colour: bytes) -> pikepdf.Object:
    stream = pikepdf.Stream(document, colour + b" rg 0 0 60 30 re f")
    stream.Type, stream.Subtype, stream.BBox = Name.XObject, Name.Form, Array([0, 0, 60, 30])
    return document.make_indirect(stream)


def annotation(document: pikepdf.Pdf, **entries: object) -> pikepdf.Object:
    return document.make_indirect(
        Dictionary(Type=Name.Annot, Rect=Array([100, 100, 160, 130]), F=4, **entries)
    )


def pixel(pdf: bytes, x: int, y: int) -> tuple[int, ...]:
    image = pypdfium2.PdfDocument(pdf)[0].render().to_pil().convert("RGB")
    return image.getpixel((x, image.height - y))


def reachable_text(pdf: bytes) -> str:
    with pikepdf.open(io.BytesIO(pdf)) as document:
        return "".join(repr(item) for item in document.objects)
