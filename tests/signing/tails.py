"""What can stand behind a signed file: honest revisions, and objects hidden from one reader.

A hidden object bears the number of the page's content. The list behind it does not name it, and
is spelled so that some programs read it while others rebuild it and find the object.
"""

from __future__ import annotations

import io
import re

import pikepdf
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.signers import PdfTimeStamper
from pyhanko.sign.timestamps import TimeStamper
from pyhanko.sign.validation.dss import DocumentSecurityStore

from signing.keys.certificates import certificates_of

EVIL = b"1 g 50 600 400 100 re f"
# How the number of the hidden object is spelled; %d stands for it.
HEADS = {
    "usual": b"%d 0 obj",
    "nul": b"%d\x000\x00obj",
    "remark": b"%d %%\n0 obj",
    "generation_of_six_digits": b"%d 000000 obj",
    "zeros": b"00000000000%d 0 obj",
}
LISTS = {
    "empty": b"xref\n0 0\n",
    "entry_of_19_bytes": b"xref\n0 1\n0000000000 65535 f\n",
    "free_entry": b"xref\n0 1\n0000000000 65535 f \n",
    "far_number": b"xref\n99999999 0\n",
    "negative_number": b"xref\n-1 0\n",
    "plus_sign": b"xref\n+0 +0\n",
    "remark": b"xref\n%x\n0 0\n",
    "form_feed": b"xref\x0c0\x0c0\x0c",
    "tab": b"xref\t0\t0\t\n",
    "nul_before": b"\x00\x00xref\n0 0\n",
}
TRAILERS = {
    "usual": b"<</Size %(size)d/Root %(root)d 0 R/Prev %(last)d>>",
    "huge_size": b"<</Size 99999999999/Root %(root)d 0 R/Prev %(last)d>>",
    "escaped_key": b"<</Size %(size)d/Root %(root)d 0 R/Pre#76 %(last)d>>",
    "junk_behind": b"<</Size %(size)d/Root %(root)d 0 R/Prev %(last)d>> <</Prev 0>>",
    "remark": b"<<%%x\n/Size %(size)d/Root %(root)d 0 R/Prev %(last)d>>",
}


def hidden(pdf: bytes, head: str = "nul", xref: str = "empty", trailer: str = "usual") -> bytes:
    """The file with an object that its last list does not name."""
    return _behind(pdf, _object(HEADS[head] % _content_number(pdf)), LISTS[xref], trailer)


def hidden_in_stream(pdf: bytes) -> bytes:
    """A listed object that nothing uses, with the hidden one among its bytes."""
    inner = _object(b"%d 0 obj" % _content_number(pdf))
    number = _facts(pdf)["size"]
    outer = b"%d 0 obj" % number + _stream(inner)
    place = len(_ended(pdf))
    listed = b"xref\n%d 1\n%010d 00000 n \n" % (number, place)
    return _behind(pdf, outer, listed, "usual", grown=1)


def with_validation_data(pdf: bytes, certificate_pem: str) -> bytes:
    """One more revision as a long-term (PAdES B-LT) writer adds it."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    certificates = certificates_of(certificate_pem)
    DocumentSecurityStore.supply_dss_in_writer(writer, None, certs=certificates)
    return _written(writer)


def with_packed_validation_data(pdf: bytes, certificate_pem: str) -> bytes:
    """The same by a writer that packs objects into streams."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    pack = writer.prepare_object_stream()
    (certificate,) = certificates_of(certificate_pem)
    data = generic.StreamObject(stream_data=certificate.dump())
    data.compress()
    listed = generic.ArrayObject([writer.add_object(data)])
    certificates = writer.add_object(listed, obj_stream=pack)
    store = generic.DictionaryObject({pdf_name("/Certs"): certificates})
    writer.root[pdf_name("/DSS")] = writer.add_object(store, obj_stream=pack)
    writer.update_root()
    return _written(writer)


def with_time_stamp(pdf: bytes, stamper: TimeStamper) -> bytes:
    """One more revision: a time stamp over the whole file."""
    output = io.BytesIO()
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    PdfTimeStamper(stamper).timestamp_pdf(writer, "sha256", output=output)
    return output.getvalue()


def signed_by_a_program_with_a_name(pdf: bytes) -> bytes:
    """A remark of the writer's before the last pointer, as some programs leave it."""
    body, pointer = pdf[: pdf.rindex(b"startxref")], pdf[pdf.rindex(b"startxref") :]
    return body + b"%iText-Core-8.0.2 (AGPL version)\n" + pointer


def with_other_line_ends(pdf: bytes) -> bytes:
    body, pointer = pdf[: pdf.rindex(b"startxref")], pdf[pdf.rindex(b"startxref") :]
    return body + pointer.replace(b"\n", b"\r\n")


def _written(writer: IncrementalPdfFileWriter) -> bytes:
    output = io.BytesIO()
    writer.write(output)
    return output.getvalue()


def _behind(pdf: bytes, objects: bytes, xref: bytes, trailer: str, grown: int = 0) -> bytes:
    facts = _facts(pdf)
    facts["size"] += grown
    body = _ended(pdf) + objects
    end = b"\nstartxref\n%d\n%%%%EOF\n" % len(body)
    return body + xref + b"trailer\n" + TRAILERS[trailer] % _as_bytes_keys(facts) + end


def _as_bytes_keys(facts: dict[str, int]) -> dict[bytes, int]:
    return {key.encode(): value for key, value in facts.items()}


def _ended(pdf: bytes) -> bytes:
    return pdf.rstrip(b"\r\n") + b"\n"


def _object(head: bytes) -> bytes:
    return head + _stream(EVIL)


def _stream(content: bytes) -> bytes:
    return b"<</Length %d>>\nstream\n%s\nendstream\nendobj\n" % (len(content), content)


def _facts(pdf: bytes) -> dict[str, int]:
    with pikepdf.open(io.BytesIO(pdf)) as document:
        size, root = int(document.trailer.Size), document.Root.objgen[0]
    return {"size": size, "root": root, "last": int(re.findall(rb"startxref\s+(\d+)", pdf)[-1])}


def _content_number(pdf: bytes) -> int:
    with pikepdf.open(io.BytesIO(pdf)) as document:
        content = document.pages[0].obj.Contents
        number: int = (content[0] if isinstance(content, pikepdf.Array) else content).objgen[0]
    return number
