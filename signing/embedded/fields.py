"""All signature fields of a document, made in their boxes before the first signature.

One key may have several places, but a signature field has exactly one box (ISO 32000-2,
12.7.5.5). So the last place is the signature field, and every other place is a read-only push
button whose picture is filled in the same revision: form filling, which the certification allows
and the last field's lock ends.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence

import pikepdf
from pikepdf import Array, Dictionary, Name, String

from signing.base import Place
from signing.embedded.fonts import form_fonts
from signing.geometry import PageFrame, frames_of
from signx.errors import ErrorCode, SignXError

FIELD_PREFIX = "SIGNX_"
COPY_MARK = "_copy_"
# Annotation flags Print and Locked; field flags ReadOnly and Pushbutton
# (ISO 32000-2, tables 167, 227 and 229).
_WIDGET_FLAGS = (1 << 2) | (1 << 7)
_COPY_FLAGS = (1 << 0) | (1 << 16)
# SignaturesExist and AppendOnly (ISO 32000-2, table 225).
_SIGNATURE_FLAGS = 3


def field_name(key: str) -> str:
    """The name of the signature field of a party."""
    return f"{FIELD_PREFIX}{key}"


def copy_prefix(key: str) -> str:
    """What the names of the further stamps of a party begin with."""
    return f"{FIELD_PREFIX}{key}{COPY_MARK}"


def prepare(pdf: bytes, places: Mapping[str, Sequence[Place]]) -> bytes:
    """The file with a signature field per key, in the order of signing, and the stamps' fonts.

    The last key's field carries the lock: once it is signed, nothing may change.
    Takes a clean file without a form (`signing.intake`); raises SignXError(DOCUMENT_INVALID).
    """
    if not places or not all(places.values()):
        raise ValueError("every key needs a place")
    with pikepdf.open(io.BytesIO(pdf)) as document:
        if "/AcroForm" in document.Root:
            raise SignXError(ErrorCode.DOCUMENT_INVALID, "the file still has a form")
        frames = frames_of(document)
        last_key = list(places)[-1]
        fields = []
        for key, boxes in places.items():
            fields += list(_copies(document, frames, key, boxes[:-1]))
            fields.append(_signature_field(document, frames, key, boxes[-1], key == last_key))
        document.Root.AcroForm = document.make_indirect(
            Dictionary(
                Fields=Array(fields),
                SigFlags=_SIGNATURE_FLAGS,
                DR=Dictionary(Font=form_fonts(document)),
            )
        )
        output = io.BytesIO()
        # The field lock's /P came with PDF 2.0.
        document.save(
            output,
            force_version="2.0",
            deterministic_id=True,
            object_stream_mode=pikepdf.ObjectStreamMode.generate,
        )
    return output.getvalue()


def _signature_field(
    document: pikepdf.Pdf, frames: list[PageFrame], key: str, place: Place, is_last: bool
) -> pikepdf.Object:
    widget = _widget(document, frames, place)
    widget.FT = Name.Sig
    widget.T = String(field_name(key))
    widget.TU = String(f"SIGNX {key}")
    if is_last:
        lock = Dictionary(Type=Name.SigFieldLock, Action=Name.All, P=1)
        widget.Lock = document.make_indirect(lock)
    return _on_page(document, place, widget)


def _copies(
    document: pikepdf.Pdf, frames: list[PageFrame], key: str, places: Sequence[Place]
) -> Iterator[pikepdf.Object]:
    for number, place in enumerate(places, start=1):
        widget = _widget(document, frames, place)
        widget.FT = Name.Btn
        widget.Ff = _COPY_FLAGS
        widget.T = String(f"{copy_prefix(key)}{number}")
        yield _on_page(document, place, widget)


def _widget(document: pikepdf.Pdf, frames: list[PageFrame], place: Place) -> Dictionary:
    rectangle = frames[place.page_index].to_pdf(place)
    return Dictionary(
        Type=Name.Annot,
        Subtype=Name.Widget,
        F=_WIDGET_FLAGS,
        P=document.pages[place.page_index].obj,
        Rect=Array([round(number, 3) for number in rectangle]),
    )


def _on_page(document: pikepdf.Pdf, place: Place, widget: Dictionary) -> pikepdf.Object:
    page = document.pages[place.page_index].obj
    reference = document.make_indirect(widget)
    if "/Annots" not in page:
        page.Annots = document.make_indirect(Array())
    page.Annots.append(reference)
    return reference
