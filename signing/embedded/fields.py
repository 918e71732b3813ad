"""All signature fields of a document, made in their boxes before the first signature.

One key may have several places, but a signature field has exactly one box (ISO 32000-2,
12.7.5.5). So the last place is the signature field, and every other place is a read-only push
button whose picture is filled in the same revision: form filling, which the certification allows
and the last field's lock ends.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import pikepdf
from pyhanko.pdf_utils.generic import (
    ArrayObject,
    DictionaryObject,
    FloatObject,
    IndirectObject,
    NumberObject,
    pdf_name,
    pdf_string,
)

from signing.base import Place
from signing.embedded.fonts import form_fonts
from signing.embedded.revision import RevisionWriter
from signing.geometry import PageFrame, frames_of

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


def add_fields(pdf: bytes, places: Mapping[str, Sequence[Place]]) -> bytes:
    """The file with a signature field per key, in the order of signing, and the stamps' fonts.

    The last key's field carries the lock: once it is signed, nothing may change. Only bytes are
    added, so that signatures which the file already holds stay what they are.
    Takes a file from the intake (`signing.intake`); raises SignXError(DOCUMENT_INVALID).
    """
    if not places or not all(places.values()):
        raise ValueError("every key needs a place")
    with pikepdf.open(io.BytesIO(pdf)) as document:
        frames = frames_of(document)
    writer = RevisionWriter.over(pdf, FIELD_PREFIX)
    # The field lock's /P came with PDF 2.0.
    writer.ensure_output_version((2, 0))
    form = _form(writer)
    last_key = list(places)[-1]
    for key, boxes in places.items():
        for number, box in enumerate(boxes[:-1], start=1):
            _add(writer, form, box, frames, _copy(key, number))
        _add(writer, form, boxes[-1], frames, _signature_field(writer, key, key == last_key))
    output = io.BytesIO()
    writer.write(output)
    writer.prev.stream.close()
    return output.getvalue()


def _form(writer: RevisionWriter) -> DictionaryObject:
    """The form of the file, made if there is none, with our fonts among its resources."""
    if "/AcroForm" not in writer.root:
        writer.root[pdf_name("/AcroForm")] = writer.add_object(DictionaryObject())
        writer.update_root()
    form: DictionaryObject = writer.root["/AcroForm"]
    form[pdf_name("/SigFlags")] = NumberObject(_SIGNATURE_FLAGS)
    if "/Fields" not in form:
        form[pdf_name("/Fields")] = ArrayObject()
    # A dictionary of its own: one that the file has may be shared with its pages.
    resources = DictionaryObject(form.get("/DR", {}))
    fonts = DictionaryObject(resources.get("/Font", {}))
    fonts.update(form_fonts(writer))
    resources[pdf_name("/Font")] = fonts
    form[pdf_name("/DR")] = resources
    writer.update_container(form)
    return form


def _add(
    writer: RevisionWriter,
    form: DictionaryObject,
    place: Place,
    frames: Sequence[PageFrame],
    field: DictionaryObject,
) -> None:
    """The field as a widget on its page and in the form."""
    page: IndirectObject = writer.find_page_for_modification(place.page_index)[0]
    rectangle = frames[place.page_index].to_pdf(place)
    field.update(
        {
            pdf_name("/Type"): pdf_name("/Annot"),
            pdf_name("/Subtype"): pdf_name("/Widget"),
            pdf_name("/F"): NumberObject(_WIDGET_FLAGS),
            pdf_name("/P"): page,
            pdf_name("/Rect"): ArrayObject([FloatObject(round(side, 3)) for side in rectangle]),
        }
    )
    reference = writer.add_object(field)
    form["/Fields"].append(reference)
    writer.update_container(form["/Fields"])
    writer.register_annotation(page, reference)


def _signature_field(writer: RevisionWriter, key: str, is_last: bool) -> DictionaryObject:
    field = DictionaryObject(
        {
            pdf_name("/FT"): pdf_name("/Sig"),
            pdf_name("/T"): pdf_string(field_name(key)),
            pdf_name("/TU"): pdf_string(f"SIGNX {key}"),
        }
    )
    if is_last:
        field[pdf_name("/Lock")] = writer.add_object(
            DictionaryObject(
                {
                    pdf_name("/Type"): pdf_name("/SigFieldLock"),
                    pdf_name("/Action"): pdf_name("/All"),
                    pdf_name("/P"): NumberObject(1),
                }
            )
        )
    return field


def _copy(key: str, number: int) -> DictionaryObject:
    return DictionaryObject(
        {
            pdf_name("/FT"): pdf_name("/Btn"),
            pdf_name("/Ff"): NumberObject(_COPY_FLAGS),
            pdf_name("/T"): pdf_string(f"{copy_prefix(key)}{number}"),
        }
    )
