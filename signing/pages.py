"""Pictures, text and sizes of the pages of a clean file, each made in a child process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from signing.viewing.picture import LARGEST_DPI
from signing.viewing.sandbox import SECONDS, ask

__all__ = ["LARGEST_DPI", "PageImage", "TextRun", "page_sizes", "page_texts", "render_page"]


@dataclass(frozen=True)
class PageImage:
    """A picture of one page, ready to be sent."""

    data: bytes
    media_type: str


@dataclass(frozen=True)
class TextRun:
    """A piece of one line; the box is given as fractions of the page seen, from its top left."""

    text: str
    x: float
    y: float
    width: float
    height: float


def render_page(
    pdf: bytes, page_index: int, *, dpi: int = 144, seconds: int = SECONDS
) -> PageImage:
    """The page as a person sees it, stamps included: palette PNG, or WebP for photographs.

    The picture is smaller than asked where a page at `dpi` would pass 40 million pixels.
    Raises SignXError as `signing.viewing.sandbox.ask` does.
    """
    facts, data = ask("picture", pdf, indexes=[page_index], dpi=dpi, seconds=seconds)
    return PageImage(data, facts["media_type"])


def page_texts(pdf: bytes, page_indexes: Sequence[int]) -> list[list[TextRun]]:
    """The text of each page in reading order of the file, a run for each piece of a line."""
    facts, _body = ask("texts", pdf, indexes=page_indexes)
    return [[TextRun(*run) for run in runs] for runs in facts["texts"]]


def page_sizes(pdf: bytes) -> list[tuple[float, float]]:
    """Width and height of every page seen, in points."""
    facts, _body = ask("sizes", pdf)
    return [(width, height) for width, height in facts["sizes"]]
