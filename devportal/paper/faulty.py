"""Files with which something is wrong, and the DOCX that a document has before its PDF."""

from __future__ import annotations

import io
import zipfile
from functools import cache
from xml.sax.saxutils import escape

from reportlab.lib.pagesizes import A4
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from devportal.paper import layout

_ZIP_TIME = (2026, 11, 24, 12, 0, 0)
_CONTENT_TYPES = (
    '<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/'
    'package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.'
    'openxmlformats-package.relationships+xml"/><Override PartName="/word/document.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.'
    'main+xml"/></Types>'
)
_RELATIONS = (
    '<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="http://schemas.openxmlformats.'
    'org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.'
    'org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/>'
    "</Relationships>"
)


@cache
def encrypted_pdf() -> bytes:
    """A PDF that asks for a password before it can be opened."""
    layout.register_fonts()
    out = io.BytesIO()
    lock = StandardEncryption("пароль".encode().hex(), ownerPassword="owner", strength=128)
    canvas = Canvas(out, pagesize=A4, encrypt=lock, invariant=1)
    canvas.setFont(layout.FONT, 12)
    canvas.drawString(72, 760, "Соглашение о неразглашении: открывается по паролю")
    canvas.save()
    return out.getvalue()


def damaged_pdf(whole: bytes) -> bytes:
    """The first half of a PDF, as a broken transfer leaves it: no cross-reference table."""
    return whole[: len(whole) // 2]


def not_a_pdf() -> bytes:
    """An HTML page that only pretends to be a document."""
    page = "<!DOCTYPE html><html><body><h1>Коммерческое предложение</h1></body></html>"
    return page.encode()


@cache
def simple_docx(text: str) -> bytes:
    """A small Word document with one paragraph a line of `text`."""
    paragraphs = "".join(
        f'<w:p><w:r><w:t xml:space="preserve">{escape(line)}</w:t></w:r></w:p>'
        for line in text.splitlines()
    )
    body = (
        '<?xml version="1.0" encoding="UTF-8"?><w:document xmlns:w="http://schemas.'
        'openxmlformats.org/wordprocessingml/2006/main"><w:body>'
        f"{paragraphs}</w:body></w:document>"
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in (
            ("[Content_Types].xml", _CONTENT_TYPES),
            ("_rels/.rels", _RELATIONS),
            ("word/document.xml", body),
        ):
            archive.writestr(zipfile.ZipInfo(name, _ZIP_TIME), part)
    return out.getvalue()
