"""The order of the intake: open, refuse what cannot be made safe, remove, rewrite, look again."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any

import pikepdf
import pypdfium2

from signing.cleaning import (
    boxes,
    catalogue,
    checks,
    extras,
    leftovers,
    pages,
    rendering,
    signed,
    streams,
)
from signing.cleaning.layers import flattening
from signing.cleaning.refusal import Refusal
from signing.geometry import PageFrame


@dataclass
class _Findings:
    """What the cleaning met: keys of REMOVALS and NOTES, the pages' frames, what to look at."""

    removed: set[str] = field(default_factory=set)
    notes: set[str] = field(default_factory=set)
    frames: list[PageFrame] = field(default_factory=list)
    has_hidden: bool = False
    is_signed: bool = False

    def doubt_of_look(self) -> str:
        """Why the pages may look different now, as a cause; empty for no reason."""
        if self.has_hidden:
            return "layers"
        return "printing" if "printing" in self.removed else ""


def clean(
    data: bytes,
    *,
    max_pages: int,
    max_pixels: int,
    picture_seconds: float,
    trial_seconds: float,
    keeps_signatures: bool = False,
) -> tuple[dict[str, Any], bytes]:
    """The facts about a file and its clean bytes. Raises Refusal.

    With `keeps_signatures` a signed file is given back as it is, where cleaning changes nothing.
    """
    found = _Findings()
    signatures: list[dict[str, Any]] = []
    try:
        with _open(data) as document:
            _strip(document, found, max_pages, keeps_signatures=keeps_signatures)
            result = _rewritten(document)
        checks.refuse_huge_pages(found.frames, max_pixels)
        checks.prove_sound(result, len(found.frames))
        if found.is_signed:
            signed.refuse_unclean(data, result, found.removed)
            signatures, result = signed.proven_signatures(data, trial_seconds), data
        elif (doubt := found.doubt_of_look()) and not rendering.is_same_look(data, result):
            raise Refusal(doubt)
        seen = rendering.prove_readable(result, picture_seconds)
        if not found.is_signed:
            _prove_sealable(result, trial_seconds)
    except (pikepdf.PikepdfError, pypdfium2.PdfiumError) as error:
        raise Refusal("damaged") from error
    if not seen.has_text:
        found.notes.add("no_text")
    if not seen.has_all_fonts:
        found.notes.add("fonts_missing")
    facts = {
        "page_sizes_mm": [[round(side, 2) for side in frame.size_mm] for frame in found.frames],
        "removed": sorted(found.removed),
        "notes": sorted(found.notes),
        "has_text": seen.has_text,
        "signatures": signatures,
    }
    return facts, result


def _strip(
    document: pikepdf.Pdf, found: _Findings, max_pages: int, *, keeps_signatures: bool
) -> None:
    """Refuse or remove, in this order."""
    if document.is_encrypted:
        found.notes.add("permissions")
    checks.refuse_too_many_pages(document, max_pages)
    found.is_signed = checks.refuse_unsignable(document)
    if found.is_signed and not keeps_signatures:
        raise Refusal("signed")
    checks.read_pages(document)
    if found.is_signed:
        signed.set_aside(document)
    if document.get_warnings():
        found.notes.add("repaired")
    flattened, found.has_hidden = flattening.flatten(document)
    found.removed |= flattened
    found.removed |= catalogue.strip(document)
    found.removed |= pages.strip(document, is_signed=found.is_signed)
    found.removed |= extras.strip(document)
    document.remove_unreferenced_resources()
    streams.refuse_unreadable(document)
    found.frames = boxes.normalise(document)
    pages.plant_tree(document)
    leftovers.refuse_active_content(document)


def _prove_sealable(result: bytes, seconds: float) -> None:
    # Late, see there.
    from signing.cleaning import trial

    if not trial.is_sealable(result, seconds):
        raise Refusal("unsealable")


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
