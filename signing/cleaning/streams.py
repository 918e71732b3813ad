"""Every stream that the pages use can be read in full, and says all that drawing it takes.

A program that meets less leaves the rest out in silence, each its own part of it.
Source: ISO 32000-2, 7.4, 8.9.5 and 8.10.
"""

from __future__ import annotations

import re

import pikepdf

from signing.cleaning.refusal import Refusal
from signing.cleaning.walk import meaningful_dictionaries, word

_DECODED_HERE = {
    "/FlateDecode", "/LZWDecode", "/ASCII85Decode", "/ASCIIHexDecode", "/RunLengthDecode",
    "/Fl", "/LZW", "/A85", "/AHx", "/RL",
}  # fmt: skip
_OF_PICTURES = {"/DCTDecode", "/JPXDecode", "/JBIG2Decode", "/CCITTFaxDecode", "/DCT", "/CCF"}
_COMPONENTS = {
    "/DeviceGray": 1, "/G": 1, "/CalGray": 1, "/Indexed": 1, "/I": 1, "/Separation": 1,
    "/DeviceRGB": 3, "/RGB": 3, "/CalRGB": 3, "/Lab": 3, "/DeviceCMYK": 4, "/CMYK": 4,
}  # fmt: skip
_DEPTHS = {1, 2, 4, 8, 16}
# Unpacking a larger picture would take more memory than all the rest; its drawing is proof enough.
_LARGEST_READ = 64 * 1024 * 1024
_INLINE = re.compile(rb"(?:^|[\s>\])])BI[\s/]")


def refuse_unreadable(document: pikepdf.Pdf) -> None:
    """Raises Refusal or PdfError for what a program would have to guess."""
    for stream in meaningful_dictionaries(document):
        if not isinstance(stream, pikepdf.Stream):
            continue
        kind = word(stream.get("/Subtype"))
        if kind == "/PS" or "/PS" in (word(stream.get("/Subtype2")), *stream.keys()):
            raise Refusal("active")
        if kind == "/Form" and not _are_numbers(stream.get("/BBox"), 4):
            raise Refusal("damaged")
        needed = _bytes_of_picture(stream) if kind == "/Image" else 0
        content = _content(stream) if needed <= _LARGEST_READ else None
        if content is not None and len(content) < needed:
            raise Refusal("damaged")
        if kind == "/Form" and content is not None and _INLINE.search(content):
            _read_inline(document, stream)
    for page in document.pages:
        if any(_INLINE.search(part) for part in _contents(page)):
            _read_inline(document, page)


def _content(stream: pikepdf.Object) -> bytes | None:
    """None for what only a decoder of pictures unpacks. Raises PdfError."""
    names = _names(stream.get("/Filter"))
    unknown = [name for name in names if name not in _DECODED_HERE]
    if not unknown:
        return stream.read_bytes()
    if unknown == names[-1:] and unknown[0] in _OF_PICTURES:
        return None
    raise Refusal("damaged")


def _contents(page: pikepdf.Page) -> list[bytes]:
    contents = page.obj.get("/Contents")
    streams = contents if isinstance(contents, pikepdf.Array) else [contents]
    return [stream.read_bytes() for stream in streams if isinstance(stream, pikepdf.Stream)]


def _bytes_of_picture(picture: pikepdf.Object) -> int:
    """How many bytes its rows take; 0 where the coding tells."""
    width, height = picture.get("/Width"), picture.get("/Height")
    if not isinstance(width, int) or not isinstance(height, int) or min(width, height) < 1:
        raise Refusal("damaged")
    if _OF_PICTURES & set(_names(picture.get("/Filter"))):
        return 0
    if picture.get("/ImageMask") is True:
        components, depth = 1, 1
    else:
        components = _components(picture.get("/ColorSpace"))
        depth = picture.get("/BitsPerComponent")
    if depth not in _DEPTHS or not components:
        raise Refusal("damaged")
    if "/Decode" in picture and not _are_numbers(picture["/Decode"], 2 * components):
        raise Refusal("damaged")
    return (width * components * depth + 7) // 8 * height


def _components(space: object) -> int:
    if isinstance(space, pikepdf.Name):
        return _COMPONENTS.get(word(space), 0)
    if not isinstance(space, pikepdf.Array) or not len(space):
        return 0
    kind = word(space[0])
    if kind == "/ICCBased" and len(space) > 1 and isinstance(space[1], pikepdf.Stream):
        count = space[1].get("/N")
        return count if isinstance(count, int) else 0
    if kind == "/DeviceN" and len(space) > 1 and isinstance(space[1], pikepdf.Array):
        return len(space[1])
    return _COMPONENTS.get(kind, 0)


def _read_inline(document: pikepdf.Pdf, drawing: pikepdf.Page | pikepdf.Object) -> None:
    """Pictures among the drawing operators. Raises PdfError, or Refusal."""
    try:
        instructions = pikepdf.parse_content_stream(drawing)
    except pikepdf.PdfParsingError as error:
        raise Refusal("damaged") from error
    for instruction in instructions:
        picture = getattr(instruction, "iimage", None)
        if picture is not None and set(picture.filters) <= _DECODED_HERE:
            coded = pikepdf.Stream(document, picture.read_raw_bytes())
            coded.Filter = pikepdf.Array([pikepdf.Name(name) for name in picture.filters])
            if any(picture.decode_parms):
                coded.DecodeParms = pikepdf.Array(picture.decode_parms)
            coded.read_bytes()


def _names(value: object) -> list[str]:
    if isinstance(value, pikepdf.Array):
        return [word(one) for one in value]
    return [] if value is None else [word(value)]


def _are_numbers(value: object, count: int) -> bool:
    if not isinstance(value, pikepdf.Array) or len(value) != count:
        return False
    try:
        return all(float(one) == float(one) for one in value)
    except (TypeError, ValueError):
        return False
