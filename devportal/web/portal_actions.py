"""What people do on the portal's pages, and what the page around a frame does for BX24.js."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, jsonify, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from devportal import actions, cast
from devportal.application import installation
from devportal.application.frames import Frame, open_entry
from devportal.behaviour.doubts import DOUBTS
from devportal.behaviour.faults import FAULTS
from devportal.cast.papers import DEFAULT_TITLE
from devportal.errors import EntryRefused
from devportal.portals.crm_types import crm_type
from devportal.portals.portal import Portal
from devportal.processes import runner
from devportal.servers.tokens import ACCESS_LIFETIME_S
from devportal.web.control import strike_now
from devportal.web.links import link
from devportal.web.state import portal_or_first, viewer, world

portal_actions = Blueprint("portal_actions", __name__)


@portal_actions.post("/process/start")
def start() -> AnyResponse:
    """The button «Запустить процесс»."""
    form = request.form
    portal = portal_or_first()
    sent = {key[5:]: value for key, value in form.items() if key.startswith("send_") and value}
    status = {key[7:]: value for key, value in form.items() if key.startswith("status_") and value}
    document_id = int(form.get("document_id") or cast.CONTRACT)
    document = portal.documents.get(document_id) or abort(404)
    process = actions.start_process(
        world(),
        portal=portal,
        entity_type_id=document.entity_type_id,
        deal_id=document.entity_id,
        document_id=document_id,
        send=sent,
        status=status,
        started_by=viewer(portal).id,
        timeout_s=int(form.get("timeout_s") or 0),
    )
    return redirect(link(f"/process/{process.id}/"))


@portal_actions.post("/process/<process_id>/terminate")
def terminate(process_id: str) -> AnyResponse:
    """The button «Остановить»."""
    process = portal_or_first().processes.get(process_id) or abort(404)
    with world().lock:
        runner.terminate(world(), process)
    return redirect(link(f"/process/{process_id}/"))


@portal_actions.post("/crm/deal/details/<int:deal_id>/documents")
def add_document(deal_id: int) -> AnyResponse:
    """The button «Документ»: generate the contract, or take the chosen PDF as if generated."""
    sent = request.files.get("file")
    content = sent.read() if sent and sent.filename else None
    title = (sent.filename or "").rsplit(".", 1)[0] if sent and content else DEFAULT_TITLE
    actions.create_document(
        world(), content, title=title, deal_id=deal_id, portal=portal_or_first()
    )
    return redirect(link(f"/crm/deal/details/{deal_id}/", tab="documents"))


@portal_actions.post("/faults/set")
def set_faults() -> AnyResponse:
    """The form of probabilities, in per cent."""
    values = {
        name: min(100.0, max(0.0, float(request.form[name].replace(",", ".") or 0))) / 100
        for name in FAULTS
        if name in request.form
    }
    world().faults.set(values)
    return redirect(link("/faults/"))


@portal_actions.post("/ways/set")
def set_ways() -> AnyResponse:
    """The form of doubts."""
    world().ways.choose({name: request.form[name] for name in DOUBTS if name in request.form})
    return redirect(link("/faults/"))


@portal_actions.post("/faults/strike/<name>")
def strike(name: str) -> AnyResponse:
    """A fault that is an action, now."""
    if name not in FAULTS or not FAULTS[name].is_action:
        abort(404)
    strike_now(name)
    return redirect(link("/faults/"))


@portal_actions.post("/marketplace/reinstall")
def reinstall() -> AnyResponse:
    """The button «Установить» after the application was removed."""
    with world().lock:
        installation.put_back(portal_or_first())
    return redirect(link("/marketplace/app/"))


@portal_actions.post("/_frame/<sid>/init")
def frame_init(sid: str) -> Response:
    """What BX24.init learns about its frame."""
    frame, portal = _frame(sid)
    user = portal.users[frame.user_id]
    return jsonify(
        LANG=portal.language,
        DOMAIN=portal.domain,
        PROTOCOL=1 if world().config.scheme == "https" else 0,
        PATH="/rest",
        IS_ADMIN=user.is_admin,
        MEMBER_ID=portal.member_id,
        INSTALL=frame.is_installer,
        FIRST_RUN=frame.is_installer,
        PLACEMENT=frame.placement,
        PLACEMENT_OPTIONS=frame.options,
        APP_OPTIONS=portal.app.options,
        **_tokens(frame, portal),
    )


@portal_actions.post("/_frame/<sid>/auth")
def frame_auth(sid: str) -> Response:
    """BX24.refreshAuth: a fresh pair for the person in the frame."""
    frame, portal = _frame(sid)
    return jsonify(_tokens(frame, portal))


@portal_actions.post("/_frame/<sid>/install-finish")
def frame_install_finish(sid: str) -> Response:
    """BX24.installFinish; only the installer's frame may."""
    frame, portal = _frame(sid)
    if not frame.is_installer:
        abort(409)
    actions.finish_install(world(), portal, frame.user_id)
    return jsonify(ok=True)


@portal_actions.post("/_frame/<sid>/open")
def frame_open(sid: str) -> Response | tuple[Response, int]:
    """BX24.openApplication: the form of another frame, with the given options."""
    frame, portal = _frame(sid)
    body = request.get_json(silent=True)
    options = {str(key): value for key, value in body.items()} if isinstance(body, dict) else {}
    try:
        with world().lock:
            made = open_entry(world(), portal, portal.users[frame.user_id], options=options)
    except EntryRefused as refusal:
        return jsonify(error=str(refusal)), 409
    return jsonify(url=made.url, fields=made.fields, sid=made.frame.sid)


@portal_actions.get("/_frame/<sid>/choices")
def frame_choices(sid: str) -> Response:
    """What the pickers offer: employees, or CRM items of the types in `type`."""
    _, portal = _frame(sid)
    if "type" not in request.args:
        return jsonify(
            [_user_choice(portal, row.id) for row in portal.users.values() if row.active]
        )
    wanted = request.args["type"].split(",")
    rows = []
    for (kind, item_id), item in portal.crm.items():
        described = crm_type(kind)
        if described is not None and described.timeline in wanted:
            rows.append(_crm_choice(described.timeline, described.short, item_id, item))
    return jsonify(rows)


def _frame(sid: str) -> tuple[Frame, Portal]:
    frame: Frame | None = world().frames.get(sid)
    portal = portal_or_first()
    if frame is None or frame.member_id != portal.member_id:
        abort(404)
    return frame, portal


def _tokens(frame: Frame, portal: Portal) -> dict[str, Any]:
    token = world().auth.issue(portal, frame.user_id)
    return {
        "AUTH_ID": token.access_token,
        "REFRESH_ID": token.refresh_token,
        "AUTH_EXPIRES": ACCESS_LIFETIME_S,
    }


def _user_choice(portal: Portal, user_id: int) -> dict[str, Any]:
    user = portal.users[user_id]
    return {
        "id": str(user.id),
        "name": user.full_name,
        "photo": "",
        "position": user.position,
        "url": f"/company/personal/user/{user.id}/",
    }


def _crm_choice(kind: str, short: str, item_id: int, item: dict[str, Any]) -> dict[str, Any]:
    title = item.get("title") or f"{item['lastName']} {item['name']} {item['secondName']}"
    channels = [row["value"] for row in item.get("fm", [])]
    return {
        "id": f"{short}_{item_id}",
        "type": kind,
        "place": kind,
        "title": title,
        "desc": ", ".join(channels),
        "url": f"/crm/{kind}/details/{item_id}/",
        "image": "",
    }
