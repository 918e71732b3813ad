"""Files and page pictures inside the frame: fetched by signed addresses, because neither an image
nor a download can carry the session's header."""

from __future__ import annotations

import io
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from django.http import FileResponse, HttpResponse
from django.urls import reverse

from bitrix24.frame.session import check_signed_file, signed_file_token, signed_file_url
from bitrix24.models import FrameSession
from documents.access.visibility import visible_to
from documents.core import files, page_pictures
from documents.models import StoredFile
from employees.people.directory import from_frame
from signx.errors import ErrorCode, SignXError

logger = logging.getLogger(__name__)

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
    measured = page_pictures.sheets_of(stored)
    ticket = signed_file_token(PAGE, stored.pk, frame, PAGE_MINUTES)
    shown = list(islice(measured, limit))
    drawn = [
        FrameSheet(
            number=sheet.number,
            width=sheet.width,
            height=sheet.height,
            address=reverse("documents:page_picture", args=[ticket, sheet.number]),
            text=text,
        )
        for sheet, text in zip(shown, _texts(stored, shown), strict=True)
    ]
    return FrameSheets(drawn, len(measured))


def _texts(stored: StoredFile, shown: Sequence[page_pictures.Sheet]) -> list[str]:
    """The words of each page; without them the card still has its pictures and the file."""
    try:
        pages = page_pictures.texts(stored, [sheet.number for sheet in shown])
    except SignXError as error:
        if error.code not in (ErrorCode.DOCUMENT_INVALID, ErrorCode.SERVICE_BUSY):
            raise
        logger.warning("no text of file %s: %s", stored.pk, error)
        return [""] * len(shown)
    return [" ".join(run.text for run in runs) for runs in pages]


def file_address(stored: StoredFile, frame: FrameSession) -> str:
    """Where the file can be downloaded for five minutes."""
    return signed_file_url(
        DOWNLOAD, stored.pk, frame, DOWNLOAD_MINUTES, route="documents:stored_file"
    )


def file_response(ticket: str) -> FileResponse:
    """Raises SignXError: LINK_INVALID, NOT_FOUND."""
    stored = _stored(ticket, DOWNLOAD)
    content = io.BytesIO(files.content_of(stored))  # checked against its hash
    response = FileResponse(content, as_attachment=True, filename=stored.name)
    response["Content-Type"] = "application/pdf"
    response["Cache-Control"] = "no-store"
    return response


def picture_response(ticket: str, number: int) -> HttpResponse:
    """Raises SignXError: LINK_INVALID, NOT_FOUND."""
    data, media_type = page_pictures.picture(_stored(ticket, PAGE), number, PICTURE_DPI)
    response = HttpResponse(data, content_type=media_type)
    response["Cache-Control"] = "private, max-age=3600, immutable"
    return response


def _stored(ticket: str, purpose: str) -> StoredFile:
    """The file, if the session lives and its owner may still see the document."""
    frame, pk = check_signed_file(ticket, purpose)
    visible = visible_to(from_frame(frame))
    stored = StoredFile.objects.select_related("document").filter(pk=pk, document__in=visible)
    found = stored.exclude(file="").first()
    if found is None:
        raise SignXError(ErrorCode.NOT_FOUND, "no such file for this reader")
    return found
