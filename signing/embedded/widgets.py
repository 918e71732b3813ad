"""The pictures of a party's widgets, drawn into the revision that is about to be signed."""

from __future__ import annotations

from collections.abc import Iterator

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from signing.base import StampText
from signing.embedded.appearance import FONT_NAMES, stamp_operators, turned_matrix
from signing.embedded.fields import copy_prefix, field_name
from signx.errors import ErrorCode, SignXError

# Width, height and turn: equal boxes share one picture.
_Shape = tuple[float, float, int]


def draw_stamps(writer: IncrementalPdfFileWriter, key: str, stamp: StampText) -> None:
    """Give every widget of the party its picture; equal boxes share one stream.

    Raises SignXError(DOCUMENT_INVALID) when the file has no field for the party.
    """
    fonts = _fonts(writer)
    drawn: dict[_Shape, generic.IndirectObject] = {}
    widgets = list(_widgets(writer, key))
    if not widgets:
        raise SignXError(ErrorCode.DOCUMENT_INVALID, f"no signature field for key {key}")
    for widget in widgets:
        shape = _shape(widget)
        if shape not in drawn:
            drawn[shape] = writer.add_object(_picture(stamp, shape, fonts))
        widget["/AP"] = generic.DictionaryObject({pdf_name("/N"): drawn[shape]})
        writer.update_container(widget)


def _widgets(writer: IncrementalPdfFileWriter, key: str) -> Iterator[generic.DictionaryObject]:
    for reference in writer.root["/AcroForm"]["/Fields"]:
        field = reference.get_object()
        name = str(field.get("/T", ""))
        if name == field_name(key) or name.startswith(copy_prefix(key)):
            yield field


def _fonts(writer: IncrementalPdfFileWriter) -> generic.DictionaryObject:
    try:
        shared = writer.root["/AcroForm"]["/DR"]["/Font"]
        return generic.DictionaryObject(
            {pdf_name(f"/{name}"): shared.raw_get(f"/{name}") for name in FONT_NAMES.values()}
        )
    except KeyError as error:
        raise SignXError(ErrorCode.DOCUMENT_INVALID, "the file was not prepared") from error


def _shape(widget: generic.DictionaryObject) -> _Shape:
    """The size of the box as the person sees it, and the turn of its page."""
    left, bottom, right, top = (float(number) for number in widget["/Rect"])
    turn = _turn(widget["/P"])
    width, height = round(right - left, 2), round(top - bottom, 2)
    return (height, width, turn) if turn in (90, 270) else (width, height, turn)


def _turn(page: generic.DictionaryObject) -> int:
    node = page
    while "/Rotate" not in node and "/Parent" in node:
        node = node["/Parent"]
    return int(node.get("/Rotate", 0)) % 360


def _picture(
    stamp: StampText, shape: _Shape, fonts: generic.DictionaryObject
) -> generic.StreamObject:
    width, height, turn = shape
    numbers = [generic.FloatObject(round(number, 3)) for number in (0, 0, width, height)]
    matrix = [generic.NumberObject(number) for number in turned_matrix(turn)]
    stream = generic.StreamObject(
        {
            pdf_name("/Type"): pdf_name("/XObject"),
            pdf_name("/Subtype"): pdf_name("/Form"),
            pdf_name("/BBox"): generic.ArrayObject(numbers),
            pdf_name("/Matrix"): generic.ArrayObject(matrix),
            pdf_name("/Resources"): generic.DictionaryObject({pdf_name("/Font"): fonts}),
        },
        stream_data=stamp_operators(stamp, width, height),
    )
    stream.compress()
    return stream
