"""Check and clean an incoming PDF, once, before anything is shown or signed.

The work is done in a child process with limits on time and memory (`signing.child`): native
parsers meet hostile bytes there, and may die there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from signing import child
from signing.hashes import sha256
from signx.errors import ErrorCode, SignXError


@dataclass(frozen=True)
class Limits:
    """What an incoming file may cost. `pixels` bounds one page at 36 dots per inch;
    `picture_seconds` is the processor time of the slowest page at its largest."""

    bytes: int = 50 * 1024 * 1024
    pages: int = 300
    pixels: int = 40_000_000
    seconds: int = 30
    picture_seconds: float = 6
    memory_mb: int = 1024


@dataclass(frozen=True)
class Intake:
    """A clean file and what is known about it.

    `removed` and `notes` hold the keys of REMOVALS and NOTES. `fonts_missing` in the notes means
    that another computer may show other letters.
    """

    pdf: bytes
    page_count: int
    page_sizes_mm: tuple[tuple[float, float], ...]
    source_sha256: str
    clean_sha256: str
    removed: tuple[str, ...]
    has_text: bool
    notes: tuple[str, ...]


REFUSALS = {
    "empty": _("the file is empty."),
    "too_big": _("the file is bigger than {limit} MB."),
    "not_pdf": _("it is not a PDF file. Save it as PDF and send it again."),
    "damaged": _("the file is damaged and cannot be read in full. Save it as PDF again."),
    "password": _("the file opens only with a password. Remove the password and send it again."),
    "signed": _("the file already holds an electronic signature, and cleaning would break it."),
    "xfa": _("it is an XFA form, which other programs show differently. Print it to PDF."),
    "form_undrawn": _("its form fields are filled but not drawn. Print it to PDF and send that."),
    "layers": _("it has layers that programs show differently. Print it to PDF and send that."),
    "portfolio": _("it is a collection of files. Send the one document that is to be signed."),
    "external": _("part of its content lies outside the file, so it could change later."),
    "active": _("it holds active content that could not be removed."),
    "no_pages": _("it has no pages."),
    "too_many_pages": _("it has more than {limit} pages."),
    "page_too_big": _("page {page} is too large to be shown."),
    "too_heavy": _("it takes too much time or memory to read. Simplify it, or print it to PDF."),
}
REMOVALS: dict[str, Promise] = {
    "scripts": _("scripts"),
    "actions": _("actions that run by themselves or start programs"),
    "attachments": _("attached files"),
    "layers": _("layers: what the screen shows became part of the page, the rest is gone"),
    "form": _("form fields: their contents became part of the page"),
    "comments": _("comments and marks: the visible ones became part of the page"),
    "links": _("links that lead to files, programs or unusual addresses"),
    "alternates": _("pictures that differ between screen and print"),
    "private": _("private data of other programs"),
    "media": _("sound, video and 3D"),
    "external": _("references to other files"),
}
NOTES: dict[str, Promise] = {
    "permissions": _("The restrictions of the file's owner (no printing, no changes) were lifted."),
    "repaired": _("Small damage in the file was repaired."),
    "fonts_missing": _("Some fonts are not in the file: letters may look different elsewhere."),
    "no_text": _("The pages are pictures without text."),
}


def take_in(pdf: bytes, limits: Limits = Limits()) -> Intake:
    """The clean file. Raises SignXError: DOCUMENT_INVALID with the reason in words, INTERNAL_ERROR
    when the cleaning was killed or got no processor."""
    _check_outside(pdf, limits)
    facts, clean = _run_child(pdf, limits)
    return Intake(
        pdf=clean,
        page_count=len(facts["page_sizes_mm"]),
        page_sizes_mm=tuple((width, height) for width, height in facts["page_sizes_mm"]),
        source_sha256=sha256(pdf),
        clean_sha256=sha256(clean),
        removed=tuple(facts["removed"]),
        has_text=bool(facts["has_text"]),
        notes=tuple(facts["notes"]),
    )


def _check_outside(pdf: bytes, limits: Limits) -> None:
    if not pdf:
        raise refusal("empty")
    if len(pdf) > limits.bytes:
        raise refusal("too_big", limit=limits.bytes // (1024 * 1024))
    # Readers accept the header anywhere in the first kilobyte.
    if b"%PDF-" not in pdf[:1024]:
        raise refusal("not_pdf")


def _run_child(pdf: bytes, limits: Limits) -> tuple[dict[str, Any], bytes]:
    try:
        facts, clean = child.run(
            "signing.cleaning.worker",
            {
                "pages": limits.pages,
                "pixels": limits.pixels,
                "picture_seconds": limits.picture_seconds,
            },
            pdf,
            seconds=limits.seconds,
            memory_mb=limits.memory_mb,
        )
    except child.ChildDied as error:
        if error.is_waiting:  # the file is not to blame: worth another try
            raise SignXError(ErrorCode.INTERNAL_ERROR, f"cleaning: {error}") from error
        raise refusal("too_heavy" if error.at_limit else "damaged", died=str(error)) from error
    if "refused" in facts:
        raise refusal(facts["refused"], **facts["context"])
    return facts, clean


def refusal(cause: str, *, died: str = "", **context: int) -> SignXError:
    """DOCUMENT_INVALID with one of REFUSALS as its reason; `died` is for the log."""
    return SignXError(
        ErrorCode.DOCUMENT_INVALID,
        f"{cause} ({died})" if died else cause,
        reason=format_lazy(REFUSALS[cause], **context),
    )
