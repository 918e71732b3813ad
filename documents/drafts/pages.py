"""What the page «New document» draws: the file's card, the stamps on its pages, what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils.functional import Promise

from bitrix24.frame.session import check_signed_file, signed_file_token
from bitrix24.models import FrameSession
from documents.core import page_pictures
from documents.desk.chips import short_name
from documents.desk.frame_files import PAGE_MINUTES, PICTURE_DPI
from documents.drafts import services
from documents.drafts.answers import Answers, obstacle
from documents.models import Draft
from employees.balances import ledger
from employees.people.decorators import EmployeeRequest
from employees.people.directory import from_frame
from signing.base import Place
from signing.intake import NOTES, REMOVALS
from signx.errors import ErrorCode, SignXError

PAGE = "draft_page"
# Colours of the stamps, taken in turn; the number on the stamp says the same.
TONES = ("info", "ok", "turn", "warn")
_MM_PER_CSS_PIXEL = 25.4 / 96


@dataclass(frozen=True)
class Stamp:
    """A box in millimetres, as SVG wants its numbers; `where` is the page in words."""

    key: str
    tone: str
    name: str
    page: int
    x: str
    y: str
    width: str
    height: str


@dataclass(frozen=True)
class StampedPage:
    number: int
    width: int
    height: int
    width_mm: str
    height_mm: str
    address: str
    stamps: list[Stamp]


def page(request: EmployeeRequest, answers: Answers) -> dict[str, Any]:
    """Everything of the page; the preview itself is asked for by the page once it is there."""
    return {"answers": answers, "added": "", **file_card(answers.draft), **_costs(answers)}


def file_card(draft: Draft) -> dict[str, Any]:
    facts = draft.facts
    removed: list[str | Promise] = [REMOVALS[key] for key in facts.get("removed", ())]
    notes: list[str | Promise] = [NOTES[key] for key in facts.get("notes", ())]
    return {"draft": draft, "removed": removed, "notes": notes}


def preview(request: EmployeeRequest, answers: Answers) -> dict[str, Any]:
    """The pages that carry stamps, or all of them (`all` in the request)."""
    draft = answers.draft
    placement = services.place(
        draft,
        others=len(answers.parties),
        where=str(answers.form["coordinates"].value() or ""),
        title=str(answers.form["title"].value() or ""),
    )
    context = {"draft": draft, "problem": placement.problem, **_costs(answers)}
    if draft.state != Draft.State.READY or not draft.shown:
        return context
    pages = _pages(draft, request.frame, placement.places, answers.names)
    stamped = [one for one in pages if one.stamps]
    is_whole = "all" in request.POST or not stamped
    context |= {"sheets": pages if is_whole else stamped, "sheets_total": len(pages)}
    return context | {"stamps": [stamp for one in pages for stamp in one.stamps]}


def picture_response(ticket: str, number: int) -> HttpResponse:
    """Raises SignXError: LINK_INVALID, NOT_FOUND."""
    frame, named = check_signed_file(ticket, PAGE)
    public_id, _dot, digest = named.partition(".")
    draft = services.find(from_frame(frame), public_id)
    if not draft.shown or not draft.shown_sha256.startswith(digest):
        raise SignXError(ErrorCode.NOT_FOUND, "the draft has another file now")
    data, media_type = page_pictures.picture(draft.paper, number, PICTURE_DPI)
    response = HttpResponse(data, content_type=media_type)
    response["Cache-Control"] = "private, max-age=3600, immutable"
    return response


def _costs(answers: Answers) -> dict[str, Any]:
    left = ledger.available(answers.draft.portal)
    return {"left": left, "obstacle": obstacle(answers.draft, answers)}


def _pages(
    draft: Draft,
    frame: FrameSession,
    places: Mapping[str, tuple[Place, ...]],
    names: Mapping[str, str],
) -> list[StampedPage]:
    named = f"{draft.public_id}.{draft.shown_sha256[:16]}"
    ticket = signed_file_token(PAGE, named, frame, PAGE_MINUTES)
    boxes = [(key, box) for key, group in places.items() for box in group]
    return [
        StampedPage(
            number=sheet.number,
            width=sheet.width,
            height=sheet.height,
            width_mm=_mm(sheet.width * _MM_PER_CSS_PIXEL),
            height_mm=_mm(sheet.height * _MM_PER_CSS_PIXEL),
            address=reverse("documents:draft_picture", args=[ticket, sheet.number]),
            stamps=[
                _stamp(key, box, names.get(key, ""))
                for key, box in boxes
                if box.page_index == sheet.number - 1
            ],
        )
        for sheet in page_pictures.sheets_of(draft.paper)
    ]


def _stamp(key: str, box: Place, name: str) -> Stamp:
    return Stamp(
        key=key,
        tone=TONES[(int(key) - 1) % len(TONES)],
        name=short_name(name),
        page=box.page_index + 1,
        x=_mm(box.x_mm),
        y=_mm(box.y_mm),
        width=_mm(box.width_mm),
        height=_mm(box.height_mm),
    )


def _mm(length: float) -> str:
    """With a point, whatever the language of the page."""
    return f"{length:.2f}"
