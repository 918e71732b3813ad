"""The order of the intake: open, refuse what cannot be made safe, remove, rewrite, look again."""

from __future__ import annotations

import io
from typing import Any

import pikepdf

from signing.cleaning import catalogue, checks, layers, leftovers, pages, rendering
from signing.cleaning.refusal import Refusal
from signing.geometry import frames_of


def clean(data: bytes, *, max_pages: int, max_pixels: int) -> tuple[dict[str, Any], bytes]:
    """The facts about a file and its clean bytes. Raises Refusal."""
    removed: set[str] = set()
    notes: set[str] = set()
    with _open(data) as document:
        if document.is_encrypted:
            notes.add("permissions")
        if document.get_warnings():
            notes.add("repaired")
        checks.refuse_unsignable(document)
        checks.refuse_too_many_pages(document, max_pages)
        removed |= layers.open_all(document)
        removed |= catalogue.strip(document)
        removed |= pages.strip(document)
        document.remove_unreferenced_resources()
        leftovers.refuse_active_content(document)
        frames = frames_of(document)
        result = _rewritten(document)
    checks.refuse_huge_pages(frames, max_pixels)
    seen = rendering.prove_readable(result)
    if not seen.has_text:
        notes.add("no_text")
    if not seen.has_all_fonts:
        notes.add("fonts_missing")
    facts = {
        "page_sizes_mm": [[round(side, 2) for side in frame.size_mm] for frame in frames],
        "removed": sorted(removed),
        "notes": sorted(notes),
        "has_text": seen.has_text,
    }
    return facts, result


def _open(data: bytes) -> pikepdf.Pdf:
    try:
        return pikepdf.open(io.BytesIO(data))
    except pikepdf.PasswordError as error:
        raise Refusal("password") from error
    except pikepdf.PdfError as error:
        raise Refusal("damaged") from error


def _rewritten(document: pikepdf.Pdf) -> bytes:
    """Only what the pages reach is written; earlier revisions and stray objects are left behind."""
    output = io.BytesIO()
    try:
        document.save(
            output,
            encryption=False,
            deterministic_id=True,
            object_stream_mode=pikepdf.ObjectStreamMode.generate,
        )
    except pikepdf.PdfError as error:
        raise Refusal("damaged") from error
    return output.getvalue()
