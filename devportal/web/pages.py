"""The portal as people see it: menu, cards, frames, mailbox, faults."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from flask import Blueprint, Response, abort, g, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from devportal import cast
from devportal.application.frames import MAIN, Entry, deal_options, open_entry
from devportal.behaviour.doubts import DOUBTS
from devportal.behaviour.faults import FAULTS
from devportal.clock import local_text
from devportal.errors import EntryRefused
from devportal.portals.portal import COMPANY, CONTACT, DEAL, Placement, Portal
from devportal.portals.process import CREATE_DOCUMENT
from devportal.processes import runner
from devportal.web.links import bbcode, link, money_text, size_text
from devportal.web.rest_routes import file_response
from devportal.web.state import (
    portal_of_host,
    portal_or_first,
    viewer,
    viewer_or_director,
    world,
)

pages = Blueprint("pages", __name__)
pages.add_app_template_filter(bbcode)
pages.add_app_template_filter(size_text)
pages.add_app_template_filter(money_text)
pages.add_app_template_filter(local_text, "moment")

_DEAL_TAB = "CRM_DEAL_DETAIL_TAB"
_OWN_STEPS = {CREATE_DOCUMENT: "Создание документа CRM"}


@pages.before_request
def hold_still() -> None:
    """Nothing changes while a page is drawn."""
    world().lock.acquire()
    g.is_holding = True


@pages.teardown_request
def release(problem: BaseException | None) -> None:
    """Release what `hold_still` took."""
    if g.pop("is_holding", False):
        world().lock.release()


@pages.before_request
def check_host_and_person() -> AnyResponse | None:
    """Pages live under the portal's own name: frames check who embeds them."""
    portal = portal_of_host()
    if portal is None:
        here = world()
        path = request.full_path.rstrip("?")
        return redirect(f"{here.config.scheme}://{here.portal.domain}{path}")
    viewer(portal)
    return None


@pages.app_context_processor
def surroundings() -> dict[str, Any]:
    """What every page shows around itself."""
    portal = portal_or_first()
    user = viewer_or_director(portal)
    return {
        "portal": portal,
        "user": user,
        "link": link,
        "colleagues": [row for row in portal.users.values() if row.active],
        "unread": sum(row.user_id == user.id for row in portal.notifications),
        "letter_count": len(world().mailbox.letters()),
        "app_title": world().config.app_title,
        "in_slider": bool(request.args.get("slider")),
        "step_title": partial(_step_title, portal),
        "active_faults": {
            name: value for name, value in world().faults.probabilities.items() if value
        },
    }


@pages.get("/")
def home() -> str:
    """Where to go from here."""
    portal = portal_or_first()
    running = [row for row in portal.processes.values() if not row.is_finished]
    return render_template("home.html", page="home", running=len(running), deals=_deals(portal))


@pages.get("/crm/deal/")
def deals() -> str:
    """The list of deals."""
    return render_template("deals.html", page="deals", deals=_deals(portal_or_first()))


@pages.get("/crm/deal/details/<int:deal_id>/")
def deal(deal_id: int) -> str:
    """A deal's card: timeline, documents and the application's tab."""
    portal = portal_or_first()
    item = portal.item(DEAL, deal_id) or abort(404)
    tabs = [row for row in portal.app.placements if row.code == _DEAL_TAB]
    tab = request.args.get("tab", "timeline")
    shown = {
        "deal": item,
        "contact": portal.item(CONTACT, item["contactId"]),
        "company": portal.item(COMPANY, item["companyId"]),
        "responsible": portal.users[item["assignedById"]],
        "tab": tab,
        "app_tabs": [row.title_in(portal.language) for row in tabs if portal.app.is_installed],
        "comments": reversed(portal.comments_on("deal", deal_id)),
        "files": portal.disk.objects,
        "documents": _documents(portal, deal_id),
        "now": world().clock.now(),
    }
    return render_template(
        "deal.html", page="deals", **shown, **_tab_frame(portal, tabs, tab, deal_id)
    )


@pages.get("/marketplace/app/")
@pages.get("/marketplace/view/<code>/")
def application(code: str = "") -> str:
    """The application in its frame: the installer first, its main page afterwards."""
    portal = portal_or_first()
    params = {key[7:-1]: value for key, value in request.args.items() if key.startswith("params[")}
    placement = "REST_APP_URI" if params and _has_place(portal, "REST_APP_URI") else MAIN
    return render_template("app.html", page="app", **_frame(portal, placement, params))


@pages.get("/process/")
def processes() -> str:
    """Start a process; the latest runs."""
    portal = portal_or_first()
    runs = sorted(portal.processes.values(), key=lambda row: row.started_at, reverse=True)
    return render_template(
        "processes.html",
        page="process",
        runs=runs,
        deals=_deals(portal),
        documents=portal.documents.values(),
        chosen_deal=int(request.args.get("deal") or cast.DEAL_MAIN),
        chosen_document=int(request.args.get("document") or cast.CONTRACT),
    )


@pages.get("/process/<process_id>/")
def process(process_id: str) -> str:
    """One run with every value that came back; the page refreshes itself."""
    portal = portal_or_first()
    runner.close_overdue(world(), portal)
    run = portal.processes.get(process_id) or abort(404)
    part = "_steps.html" if request.args.get("part") else "process.html"
    return render_template(
        part, page="process", run=run, item=portal.item(run.entity_type_id, run.entity_id)
    )


@pages.get("/notifications/")
def notifications() -> str:
    """The bell of the person who looks."""
    portal = portal_or_first()
    user = viewer(portal)
    rows = [row for row in reversed(portal.notifications) if row.user_id == user.id]
    return render_template("notifications.html", page="notifications", notices=rows)


@pages.get("/mail/")
def mail() -> str:
    """Everybody's letters, newest first."""
    letters = list(reversed(world().mailbox.letters(request.args.get("to", ""))))
    return render_template("mail.html", page="mail", letters=letters)


@pages.get("/mail/<int:letter_id>/")
def letter(letter_id: int) -> str:
    """One letter."""
    found = world().mailbox.letter(letter_id) or abort(404)
    return render_template("letter.html", page="mail", letter=found)


@pages.get("/mail/<int:letter_id>/attachments/<int:index>")
def attachment(letter_id: int, index: int) -> Response:
    """A file from a letter."""
    found = world().mailbox.letter(letter_id) or abort(404)
    if index >= len(found.attachments):
        abort(404)
    part = found.attachments[index]
    return file_response(part.name, part.content, part.content_type)


@pages.get("/faults/")
def faults() -> str:
    """Switches of misbehaviour."""
    table = world().faults
    return render_template(
        "faults.html",
        page="faults",
        faults=FAULTS.values(),
        probabilities=table.probabilities,
        struck=table.struck,
        doubts=DOUBTS.values(),
        ways=world().ways.all,
    )


@pages.get("/requests/")
def requests_page() -> str:
    """The latest requests of the application, and the portal's calls to it."""
    here = world()
    rows = list(reversed(here.requests.rows[-100:]))
    return render_template(
        "requests.html", page="requests", rows=rows, sent=list(reversed(here.sent[-50:]))
    )


@pages.get("/disk/file/<int:disk_id>/")
def disk_file(disk_id: int) -> Response:
    """Download a Disk file in the browser."""
    item = portal_or_first().disk.objects.get(disk_id)
    if item is None or item.content is None:
        abort(404)
    is_pdf = item.name.lower().endswith(".pdf")
    kind = "application/pdf" if is_pdf else "application/octet-stream"
    return file_response(item.name, item.content, kind, inline=is_pdf)


@pages.get("/crm/documents/<int:document_id>/pdf")
def document_pdf(document_id: int) -> Response:
    """The PDF of a generated document in the browser."""
    document = portal_or_first().documents.get(document_id) or abort(404)
    return file_response(f"{document.title}.pdf", document.pdf(), "application/pdf", inline=True)


@pages.app_errorhandler(404)
def not_found(problem: Exception) -> tuple[str, int]:
    """Any page that is not there."""
    return render_template("message.html", title="Страница не найдена", text=""), 404


def _deals(portal: Portal) -> list[dict[str, Any]]:
    rows = [dict(item) for (kind, _), item in portal.crm.items() if kind == DEAL]
    for row in rows:
        contact = portal.item(CONTACT, row["contactId"])
        row["contact"] = f"{contact['name']} {contact['lastName']}" if contact else ""
    return rows


def _step_title(portal: Portal, code: str) -> str:
    """A robot's name in the portal's language; `kz` falls back to `en`, never to `ru`."""
    name = portal.app.robots.get(code, {}).get("NAME")
    if not isinstance(name, dict):
        return str(name or _OWN_STEPS.get(code, code))
    fallback = "ru" if portal.language == "ua" else ""
    found = (name.get(key) for key in (portal.language, fallback, "en", "*"))
    return str(next(filter(None, found), ""))


def _documents(portal: Portal, deal_id: int) -> list[Any]:
    return [
        row
        for row in reversed(portal.documents.values())
        if (row.entity_type_id, row.entity_id) == (DEAL, deal_id)
    ]


def _has_place(portal: Portal, code: str) -> bool:
    return any(row.code == code for row in portal.app.placements)


def _tab_frame(portal: Portal, tabs: list[Placement], tab: str, deal_id: int) -> dict[str, Any]:
    if not tab.startswith("app"):
        return {}
    number = int(tab[3:] or 0) if tab[3:].isdigit() else 0
    handler = tabs[number].url if number < len(tabs) else ""
    return _frame(portal, _DEAL_TAB, deal_options(deal_id), handler)


def _frame(
    portal: Portal, placement: str, options: Mapping[str, Any], handler: str = ""
) -> dict[str, Any]:
    """What `_frame.html` needs: an entry, or why there is none."""
    user = viewer(portal)
    with world().lock:
        try:
            entry: Entry = open_entry(
                world(), portal, user, placement=placement, options=dict(options), handler=handler
            )
        except EntryRefused as refusal:
            return {"refusal": str(refusal)}
    way = world().ways.of("frame_name")
    return {"entry": entry, "scheme": world().config.scheme, "frame_name": way}
