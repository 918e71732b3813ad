"""Files that other programs have signed before they come to us."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import datetime

import pikepdf
import time_machine
from pikepdf import Array, Dictionary, Name, String
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner

from signing.keys import authority
from signing.keys.authority import KeyPairPem
from tests.signing.outside import person, signature_of

NAME = "Лапина Ольга Игоревна"
_NUMBERS = b"[0 1111111111 2222222222 3333333333]"
_DIGITS = 12_000


def by_pyhanko(
    pdf: bytes,
    at: datetime,
    *,
    field: str = "Signature1",
    box: tuple[int, int, int, int] | None = (300, 20, 500, 60),
    permission: fields.MDPPerm | None = None,
    lock: fields.FieldMDPSpec | None = None,
    pair: KeyPairPem | None = None,
) -> bytes:
    """As pyHanko's documentation shows; `permission` certifies, `lock` goes with the field."""
    key = authority.load(pair or person(at, "P-256")[0])
    metadata = PdfSignatureMetadata(
        field_name=field,
        name=NAME,
        subfilter=fields.SigSeedSubFilter.PADES,
        certify=permission is not None,
        docmdp_permissions=permission or fields.MDPPerm.FILL_FORMS,
    )
    new_field = fields.SigFieldSpec(field, box=box, field_mdp_spec=lock)
    output = io.BytesIO()
    with time_machine.travel(at, tick=False):
        PdfSigner(metadata, signer=key.signer, new_field_spec=new_field).sign_pdf(
            IncrementalPdfFileWriter(io.BytesIO(pdf)), output=output
        )
    return output.getvalue()


def by_hand(
    pdf: bytes, at: datetime, dress: Callable[[pikepdf.Pdf, pikepdf.Object], None] | None = None
) -> bytes:
    """As an older program does it: everything rewritten, the form inside the catalogue, a plain
    cross-reference table, PKCS#7 by the `cryptography` package, no PAdES.

    `dress` may give the widget a picture."""
    pair, _authority = person(at)
    with pikepdf.open(io.BytesIO(pdf)) as document:
        signature = Dictionary(
            Type=Name.Sig,
            Filter=Name("/Adobe.PPKLite"),
            SubFilter=Name("/adbe.pkcs7.detached"),
            Name=String(NAME),
            M=String(at.strftime("D:%Y%m%d%H%M%S+00'00'")),
            ByteRange=Array([0, 1111111111, 2222222222, 3333333333]),
            Contents=String(bytes(_DIGITS // 2)),
        )
        widget = document.make_indirect(
            Dictionary(
                Type=Name.Annot,
                Subtype=Name.Widget,
                FT=Name.Sig,
                T=String("Подпись"),
                V=document.make_indirect(signature),
                Rect=Array([0, 0, 0, 0]),
                F=132,
                P=document.pages[0].obj,
            )
        )
        if dress is not None:
            dress(document, widget)
        document.pages[0].obj.Annots = Array([widget])
        document.Root.AcroForm = Dictionary(Fields=Array([widget]), SigFlags=3)
        output = io.BytesIO()
        document.save(
            output, object_stream_mode=pikepdf.ObjectStreamMode.disable, deterministic_id=True
        )
    return _filled(output.getvalue(), pair, at)


def _filled(whole: bytes, pair: KeyPairPem, at: datetime) -> bytes:
    start = whole.index(b"<" + b"0" * _DIGITS + b">")
    end = start + _DIGITS + 2
    numbers = b"[0 %d %d %d]" % (start, end, len(whole) - end)
    mark = _NUMBERS.replace(b"[", b"[ ").replace(b"]", b" ]")
    mark = mark if mark in whole else _NUMBERS
    assert mark in whole
    whole = whole.replace(mark, numbers.ljust(len(mark)))
    with time_machine.travel(at, tick=False):
        digits = signature_of(pair, whole[:start] + whole[end:]).hex().encode()
    return whole[: start + 1] + digits.ljust(_DIGITS, b"0") + whole[end - 1 :]
