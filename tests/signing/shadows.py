"""Shadow attacks: a file prepared before it is signed, so that it can be turned afterwards.

Each one has two halves: what the attacker gives to be signed, and the revision that turns the
signed file. Source: pdf-insecurity.org, “Shadow Attacks” (2020).
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass

import pikepdf
from pikepdf import Dictionary, Name
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from tests.signing import papers

COVER = b"q 1 g 40 690 500 80 re f Q"
SECRET = b"BT /F1 12 Tf 60 700 Td (1 000 000 RUB) Tj ET"


@dataclass(frozen=True)
class Shadow:
    """`prepared` is given to be signed; `turn` changes the signed file; `trace` stands in the
    prepared file and may not be left in a clean one."""

    name: str
    prepared: Callable[[], bytes]
    turn: Callable[[bytes], bytes]
    trace: bytes


def _covered() -> bytes:
    """The true text lies under a white sheet that is an object of its own."""

    def change(pdf: pikepdf.Pdf) -> None:
        cover = pdf.make_stream(COVER, Type=Name.XObject, Subtype=Name.Form)
        cover.BBox = [0, 0, 595, 842]
        page = pdf.pages[0]
        page.add_resource(cover, Name.XObject, Name("/Cover"))
        page.contents_add(SECRET)
        page.contents_add(b"/Cover Do")

    return papers.changed(papers.contract(), change)


def _uncover(signed: bytes) -> bytes:
    def change(writer: IncrementalPdfFileWriter) -> None:
        page = writer.root["/Pages"]["/Kids"][0].get_object()
        cover = page["/Resources"]["/XObject"].raw_get("/Cover")
        empty = generic.StreamObject(
            {
                pdf_name("/Type"): pdf_name("/XObject"),
                pdf_name("/Subtype"): pdf_name("/Form"),
                pdf_name("/BBox"): generic.ArrayObject(map(generic.NumberObject, (0, 0, 1, 1))),
            },
            stream_data=b" ",
        )
        writer.objects[(cover.generation, cover.idnum)] = empty

    return _revised(signed, change)


def _with_field() -> bytes:
    """The sum stands in a form field, whose value may be changed without touching the page."""

    def change(pdf: pikepdf.Pdf) -> None:
        look = pdf.make_stream(b"BT /Helv 12 Tf 2 4 Td (100) Tj ET", Type=Name.XObject)
        look.Subtype, look.BBox = Name.Form, [0, 0, 200, 20]
        look.Resources = Dictionary(Font=Dictionary(Helv=_helvetica()))
        field = Dictionary(Type=Name.Annot, Subtype=Name.Widget, FT=Name.Tx, T="Sum", V="100", F=4)
        field.Rect, field.AP = [60, 600, 260, 620], Dictionary(N=look)
        widget = pdf.make_indirect(field)
        pdf.pages[0].Annots = pikepdf.Array([widget])
        pdf.Root.AcroForm = Dictionary(Fields=[widget], DA="/Helv 12 Tf")

    return papers.changed(papers.contract(), change)


def _refill(signed: bytes) -> bytes:
    def change(writer: IncrementalPdfFileWriter) -> None:
        for reference in writer.root["/AcroForm"]["/Fields"]:
            field = reference.get_object()
            if field.get("/FT") == "/Tx":
                field["/V"] = generic.pdf_string("1000000")
                writer.update_container(field)

    return _revised(signed, change)


def _with_stowaway() -> bytes:
    """A second page content travels in the file, reached by nothing."""

    def change(pdf: pikepdf.Pdf) -> None:
        stowaway = pdf.make_indirect(pdf.make_stream(SECRET, Stowaway=True))
        # Kept by the writer only because something private leads to it.
        pdf.pages[0].obj.PieceInfo = Dictionary(Attacker=Dictionary(Private=stowaway))

    return papers.changed(papers.contract(), change)


def _swap(signed: bytes) -> bytes:
    def change(writer: IncrementalPdfFileWriter) -> None:
        page = writer.root["/Pages"]["/Kids"][0].get_object()
        page["/Contents"] = page["/PieceInfo"]["/Attacker"].raw_get("/Private")
        writer.update_container(page)

    return _revised(signed, change)


def _helvetica() -> Dictionary:
    return Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)


def _revised(pdf: bytes, change: Callable[[IncrementalPdfFileWriter], None]) -> bytes:
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    change(writer)
    output = io.BytesIO()
    writer.write(output)
    return output.getvalue()


SHADOWS = (
    Shadow("hide", _covered, _uncover, b""),
    Shadow("replace", _with_field, _refill, b"/AcroForm"),
    Shadow("hide and replace", _with_stowaway, _swap, b"/Stowaway"),
)
