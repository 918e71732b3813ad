"""Files and page pictures inside the frame: fetched by signed addresses, because neither an image
nor a download can carry the session's header."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

from django.http import FileResponse, HttpResponse
from django.urls import reverse

from bitrix24.auth import check_signed_file, signed_file_token, signed_file_url
from bitrix24.models import FrameSession
from documents import signer_pages
from documents.listing import visible_to
from documents.models import StoredFile
from employees.services import from_frame
from signx.errors import ErrorCode, SignXError

DOWNLOAD, PAGE = "document_file", "document_page"
DOWNLOAD_MINUTES, PAGE_MINUTES = 5, 60
PICTURE_DPI = 144


@dataclass(frozen=True)
class FrameSheet:
    """A page as the card draws it: size in CSS pixels, its words for those who do not see it."""

    number: int
    width: int
    height: int
    address: str
    text: str


@dataclass(frozen=True)
class FrameSheets:
    """The first pages of a file, and how many there are in all."""

    shown: list[FrameSheet]
    total: int


def sheets(stored: StoredFile, frame: FrameSession, limit: int | None) -> FrameSheets:
    measured = signer_pages.sheets_of(stored)
    ticket = signed_file_token(PAGE, stored.pk, frame, PAGE_MINUTES)
    shown = [
        FrameSheet(
            number=sheet.number,
            width=sheet.width,
            height=sheet.height,
            address=reverse("documents:page_picture", args=[ticket, sheet.number]),
            text=" ".join(run.text for run in signer_pages.text_runs(stored, sheet.number)),
        )
        for sheet in islice(measured, limit)
    ]
    return FrameSheets(shown, len(measured))


def file_address(stored: StoredFile, frame: FrameSession) -> str:
    """Where the file can be downloaded for five minutes."""
    return signed_file_url(
        DOWNLOAD, stored.pk, frame, DOWNLOAD_MINUTES, route="documents:stored_file"
    )


def file_response(ticket: str) -> FileResponse:
    """Raises SignXError: LINK_INVALID, NOT_FOUND."""
    stored = _stored(ticket, DOWNLOAD)
    response = FileResponse(stored.file.open("rb"), as_attachment=True, filename=stored.name)
    response["Content-Type"] = "application/pdf"
    response["Cache-Control"] = "no-store"
    return response


def picture_response(ticket: str, number: int) -> HttpResponse:
    """Raises SignXError: LINK_INVALID, NOT_FOUND."""
    data, media_type = signer_pages.picture(_stored(ticket, PAGE), number, PICTURE_DPI)
    response = HttpResponse(data, content_type=media_type)
    response["Cache-Control"] = "private, max-age=3600, immutable"
    return response


def _stored(ticket: str, purpose: str) -> StoredFile:
    """The file, if the session lives and its owner may still see the document."""
    frame, pk = check_signed_file(ticket, purpose)
    visible = visible_to(from_frame(frame))
    stored = StoredFile.objects.select_related("document").filter(pk=pk, document__in=visible)
    found = stored.first()
    if found is None:
        raise SignXError(ErrorCode.NOT_FOUND, "no such file for this reader")
    return found
