"""The child process that looks into a file: pictures, words, sizes and ink. See `signing.child`."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pikepdf
import pypdfium2

from signing import child
from signing.geometry import frames_of
from signing.viewing import picture, words

Answer = tuple[dict[str, Any], bytes]
# A grey lighter than this is paper.
_PAPER = 245


def main() -> None:
    argument, pdf = child.begin()
    document = pypdfium2.PdfDocument(pdf)
    if all(-1 <= index < len(document) for index in argument.get("indexes", ())):
        child.answer(*_TASKS[argument["task"]](document, argument, pdf))
    else:
        child.answer({"is_off_file": True})


def _picture(document: pypdfium2.PdfDocument, argument: dict[str, Any], _pdf: bytes) -> Answer:
    document.init_forms()
    drawn = picture.draw(document[argument["indexes"][0]], argument["dpi"])
    data, media_type = picture.encoded(drawn)
    return {"media_type": media_type}, data


def _sizes(document: pypdfium2.PdfDocument, _argument: dict[str, Any], _pdf: bytes) -> Answer:
    return {"sizes": [document.get_page_size(index) for index in range(len(document))]}, b""


def _texts(document: pypdfium2.PdfDocument, argument: dict[str, Any], _pdf: bytes) -> Answer:
    return {"texts": [words.runs_of(document[index]) for index in argument["indexes"]]}, b""


def _ink(document: pypdfium2.PdfDocument, argument: dict[str, Any], _pdf: bytes) -> Answer:
    """The last page's index, its size in points, and a byte for each row of it: 1 is ink."""
    index = len(document) - 1
    page = document[index]
    drawn = page.render(scale=argument["dpi"] / 72, grayscale=True).to_pil().convert("L")
    pixels, width = drawn.tobytes(), drawn.width
    rows = range(0, len(pixels), width)
    inked = bytes(min(pixels[row : row + width]) < _PAPER for row in rows)
    return {"index": index, "size": page.get_size()}, inked


def _find(document: pypdfium2.PdfDocument, argument: dict[str, Any], pdf: bytes) -> Answer:
    """The box of a text, the size of its page and the boxes of all texts there."""
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        frames = frames_of(opened)
    anchor = words.find(document, frames, argument["text"], argument["occurrence"])
    if anchor is None:
        return {"anchor": None}, b""
    index = anchor.page_index
    texts = [vars(box) for box in words.text_boxes(document, frames[index], index)]
    return {"anchor": vars(anchor), "page_size": frames[index].size_mm, "texts": texts}, b""


_TASKS: dict[str, Callable[[pypdfium2.PdfDocument, dict[str, Any], bytes], Answer]] = {
    "picture": _picture,
    "sizes": _sizes,
    "texts": _texts,
    "ink": _ink,
    "find": _find,
}

if __name__ == "__main__":
    main()
