"""What the holder of a link may look at and take away: pages, text, files, the agreement."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from documents.access.links import LinkState
from documents.core import files
from documents.core.agreement_offers import offer_for
from documents.core.agreement_papers import pdf_for
from documents.core.page_pictures import picture, sheets_of, text_runs, texts
from documents.models import Document, StoredFile
from documents.signer import services
from documents.signer.access import Access, signing_page
from signing.pages import TextRun
from signx.errors import ErrorCode, SignXError

READABLE = frozenset({LinkState.READY, LinkState.SIGNED})
FINISHED = frozenset({LinkState.SIGNED, LinkState.ANNULLED})
# Made for the parties once everybody has signed.
RESULTS = frozenset({StoredFile.Kind.SIGNED, StoredFile.Kind.REPORT, StoredFile.Kind.AGREEMENT})
# Pictures of one hash never change; only this browser may keep them.
PICTURE_CACHING = "private, max-age=86400, immutable"


@require_safe
@signing_page
def page_picture(request: HttpRequest, access: Access, number: int, dpi: int) -> HttpResponse:
    content, media_type = picture(_readable(access), number, dpi)
    response = HttpResponse(content, content_type=media_type)
    response.headers["Cache-Control"] = PICTURE_CACHING
    return response


@require_safe
@signing_page
def page_text(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """The text layer of one page: an SVG part with invisible, selectable words in their places."""
    stored = _readable(access)
    runs = text_runs(stored, number)
    sheet = sheets_of(stored)[number - 1]
    context = {"sheet": sheet, "words": [_word(run, sheet.width, sheet.height) for run in runs]}
    response = render(request, "signer/_text_layer.html", context)
    response.headers["Cache-Control"] = PICTURE_CACHING
    return response


@require_safe
@signing_page
def whole_text(request: HttpRequest, access: Access) -> HttpResponse:
    """All words as a plain page: for screen readers and small screens, works without scripts."""
    stored = _readable(access)
    numbers = [sheet.number for sheet in sheets_of(stored)]
    pages = [_lines(runs) for runs in texts(stored, numbers)]
    context = {"access": access, "document": access.document, "token": access.token, "pages": pages}
    return render(request, "signer/text.html", context)


@require_safe
@signing_page
def download(request: HttpRequest, access: Access, kind: str) -> HttpResponse:
    """A file of the document: the shown one while reading, the results when all have signed."""
    if kind == StoredFile.Kind.SHOWN:
        return attachment(_readable(access))
    # An annulled document's files stay the parties': that it was signed is true.
    is_made = access.document.status in {Document.Status.COMPLETED, Document.Status.ANNULLED}
    stored = access.document.files.filter(kind=kind).first() if kind in RESULTS else None
    if stored is None or not is_made or access.state not in FINISHED:
        raise SignXError(ErrorCode.NOT_FOUND, kind)
    return attachment(stored)


@require_safe
@signing_page
def agreement_file(request: HttpRequest, access: Access) -> HttpResponse:
    """The agreement before it is accepted, as a PDF."""
    offer = offer_for(access.signer)
    if offer is None or access.state not in READABLE:
        raise SignXError(ErrorCode.NOT_FOUND, "agreement")
    content = files.content_of(offer.own_file) if offer.own_file else pdf_for(access.signer)
    response = HttpResponse(content, content_type="application/pdf")
    response.headers["Content-Disposition"] = 'inline; filename="agreement.pdf"'
    return response


def attachment(stored: StoredFile) -> HttpResponse:
    """A file to be saved, under the name people know it by; a damaged one is never given away."""
    name = stored.name if stored.name.lower().endswith(".pdf") else f"{stored.name}.pdf"
    response = HttpResponse(files.content_of(stored), content_type="application/pdf")
    response.headers["Content-Disposition"] = str(content_disposition_header(True, name))
    return response


def _readable(access: Access) -> StoredFile:
    if access.state not in READABLE:
        raise SignXError(ErrorCode.NOT_FOUND, access.state.value)
    return services.shown_file(access.document)


def _word(run: TextRun, width: int, height: int) -> dict[str, Any]:
    """Attributes of one SVG text; the base line lies about a fifth above the bottom of the box."""
    return {
        "text": run.text,
        "x": round(run.x * width, 1),
        "y": round((run.y + run.height * 0.8) * height, 1),
        "length": round(run.width * width, 1),
        "size": round(run.height * height, 1),
    }


def _lines(runs: Sequence[TextRun]) -> list[str]:
    """Runs that stand on one line, joined in reading order."""
    rows = groupby(runs, key=lambda run: round(run.y + run.height / 2, 2))
    return [" ".join(run.text.strip() for run in row) for _height, row in rows]
