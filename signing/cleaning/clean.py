"""The order of the intake: open, refuse what cannot be made safe, remove, rewrite, look again."""

from __future__ import annotations

import io
from typing import Any

import pikepdf
import pypdfium2

from signing.cleaning import (
    boxes,
    catalogue,
    checks,
    extras,
    layers,
    leftovers,
    pages,
    rendering,
)
from signing.cleaning.refusal import Refusal
from signing.geometry import PageFrame


def clean(
    data: bytes, *, max_pages: int, max_pixels: int, picture_seconds: float
) -> tuple[dict[str, Any], bytes]:
    """The facts about a file and its clean bytes. Raises Refusal."""
    removed: set[str] = set()
    notes: set[str] = set()
    try:
        with _open(data) as document:
            frames, has_hidden = _stripped(document, max_pages, removed, notes)
            result = _rewritten(document)
        checks.refuse_huge_pages(frames, max_pixels)
        checks.prove_sound(result, len(frames))
        if has_hidden:
            rendering.refuse_other_look(data, result)
        seen = rendering.prove_readable(result, picture_seconds)
    except (pikepdf.PikepdfError, pypdfium2.PdfiumError) as error:
        raise Refusal("damaged") from error
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


def _stripped(
    document: pikepdf.Pdf, max_pages: int, removed: set[str], notes: set[str]
) -> tuple[list[PageFrame], bool]:
    """Refuse or remove, in this order; give back the pages' frames and whether a layer was hidden.

    What was removed and what is to be told go into the two sets.
    """
    if document.is_encrypted:
        notes.add("permissions")
    checks.refuse_too_many_pages(document, max_pages)
    checks.refuse_unsignable(document)
    checks.read_pages(document)
    if document.get_warnings():
        notes.add("repaired")
    flattened, has_hidden = layers.flatten(document)
    removed |= flattened
    removed |= catalogue.strip(document)
    removed |= pages.strip(document)
    removed |= extras.strip(document)
    document.remove_unreferenced_resources()
    frames = boxes.settle(document)
    pages.plant_tree(document)
    leftovers.refuse_active_content(document)
    return frames, has_hidden


def _open(data: bytes) -> pikepdf.Pdf:
    try:
        return pikepdf.open(io.BytesIO(data))
    except pikepdf.PasswordError as error:
        raise Refusal("password") from error
    except pikepdf.PdfError as error:
        # A certificate or a rights server is asked for instead of a password.
        is_locked = b"/Encrypt" in data and "ncrypt" in str(error)
        raise Refusal("password" if is_locked else "damaged") from error


def _rewritten(document: pikepdf.Pdf) -> bytes:
    """Only what the pages reach is written; earlier revisions and stray objects are left behind."""
    output = io.BytesIO()
    # A repaired file may lack the entry, and then the writer leaves it out as well.
    document.trailer["/Size"] = 1
    document.save(
        output,
        encryption=False,
        deterministic_id=True,
        object_stream_mode=pikepdf.ObjectStreamMode.generate,
    )
    return output.getvalue()
