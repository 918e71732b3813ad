"""The control API of one portal: its application, cards, files, events and forged calls."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, jsonify, request

from devportal import actions, cast
from devportal.application import installation
from devportal.application.frames import MAIN, deal_options, open_entry
from devportal.cast.portals import new_item
from devportal.errors import EntryRefused
from devportal.portals.crm_types import crm_type
from devportal.portals.portal import DEAL, Portal
from devportal.processes import robot_calls, runner
from devportal.web.control import given, missing_value, nothing_there, wrong_value
from devportal.web.rest_routes import file_response
from devportal.web.shapes import comment_json, document_json, notification_json
from devportal.web.state import chosen_portal, viewer, world

control_portal = Blueprint("control_portal", __name__, url_prefix="/_dev")
control_portal.register_error_handler(404, nothing_there)
control_portal.register_error_handler(KeyError, missing_value)
control_portal.register_error_handler(ValueError, wrong_value)


@control_portal.get("/world")
def ids() -> Response:
    """Portals, people, documents and what the application has registered."""
    with world().lock:
        config = world().config
        return jsonify(
            now=world().clock.now(),
            client_id=config.client_id,
            auth_url=config.auth_base,
            app_url=config.app_url,
            portals=[_portal_json(portal) for portal in world().portals],
        )


@control_portal.get("/notifications")
def notifications() -> Response:
    """Notices of a portal; `user` picks one person."""
    user = request.args.get("user", "")
    rows = chosen_portal().notifications
    return jsonify([notification_json(row) for row in rows if user in ("", str(row.user_id))])


@control_portal.get("/deals/<int:deal_id>")
def deal(deal_id: int) -> Response:
    """A deal with its timeline and its documents."""
    portal = chosen_portal()
    item = portal.item(DEAL, deal_id)
    if item is None:
        abort(404, description="there is no such deal")
    with world().lock:
        now = world().clock.now()
        comments = [comment_json(portal, row) for row in portal.comments_on("deal", deal_id)]
        documents = [
            {"id": row.id, **document_json(row, now)}
            for row in portal.documents.values()
            if (row.entity_type_id, row.entity_id) == (DEAL, deal_id)
        ]
    return jsonify(
        id=deal_id,
        title=item["title"],
        contact_id=item["contactId"],
        timeline=comments,
        documents=documents,
    )


@control_portal.get("/files/<int:disk_id>")
def file(disk_id: int) -> Response:
    """Bytes of a Disk file."""
    item = chosen_portal().disk.objects.get(disk_id)
    if item is None or item.content is None:
        abort(404, description="there is no such file")
    kind = "application/pdf" if item.name.lower().endswith(".pdf") else "application/octet-stream"
    return file_response(item.name, item.content, kind)


@control_portal.get("/entry")
def entry() -> Response | tuple[Response, int]:
    """The form that opens the application: `placement`, `as`, `deal`, `options` in the query."""
    portal = chosen_portal()
    placement = request.args.get("placement", MAIN)
    deal_id = request.args.get("deal", "")
    options = deal_options(int(deal_id)) if deal_id else {}
    if placement == MAIN:
        options = {}
    try:
        with world().lock:
            made = open_entry(world(), portal, viewer(portal), placement=placement, options=options)
    except EntryRefused as refusal:
        return jsonify(error=str(refusal)), 409
    return jsonify(url=made.url, fields=made.fields, sid=made.frame.sid)


@control_portal.post("/install-finish")
def install_finish() -> Response:
    """What BX24.installFinish does."""
    body = given()
    portal = chosen_portal(body.get("portal"))
    actions.finish_install(world(), portal, int(body.get("as") or cast.DIRECTOR))
    return jsonify(_portal_json(portal))


@control_portal.post("/uninstall")
def uninstall() -> Response:
    """Remove the application; `clean` 0 keeps the customer's data wish out of it. With `late` the
    event waits for the next `advance`.
    """
    body = given()
    portal = chosen_portal(body.get("portal"))
    clean = str(body.get("clean", "1")) not in ("0", "False", "false")
    actions.uninstall(world(), portal, clean=clean, late=bool(body.get("late")))
    return jsonify(_portal_json(portal))


@control_portal.post("/reinstall")
def reinstall() -> Response:
    """Add the application again after it was removed; its wizard waits."""
    portal = chosen_portal(given().get("portal"))
    with world().lock:
        installation.put_back(portal)
    return jsonify(_portal_json(portal))


@control_portal.post("/update-app")
def update_app() -> Response:
    """A new version of the application: robots vanish, the wizard runs again.

    The event brings the tokens of `user_id` (the director), none for 0.
    """
    body = given()
    portal = chosen_portal(body.get("portal"))
    with world().lock:
        installation.update(world(), portal, int(body.get("user_id", cast.DIRECTOR)))
    actions.tick(world())
    return jsonify(_portal_json(portal))


@control_portal.post("/event")
def event() -> Response:
    """Fire `event` with `data`; `auth` replaces keys of its auth block (null removes one)."""
    body = given()
    count = actions.fire_event(
        world(),
        str(body["event"]),
        body.get("data") or {},
        portal=chosen_portal(body.get("portal")),
        user_id=int(body.get("user_id") or 0),
        changes=body.get("auth") or {},
    )
    return jsonify(handlers=count)


@control_portal.post("/fire")
def fire() -> Response:
    """Fire an employee (`user_id`): his tokens die, robots of his come without tokens."""
    body = given()
    user = chosen_portal(body.get("portal")).users[int(body["user_id"])]
    user.active = bool(body.get("active", False))
    return jsonify(id=user.id, active=user.active)


@control_portal.post("/close")
def close_portal() -> Response:
    """Close the portal for good (`deleted` false opens it again): PORTAL_DELETED."""
    body = given()
    portal = chosen_portal(body.get("portal"))
    portal.is_deleted = bool(body.get("deleted", True))
    return jsonify(deleted=portal.is_deleted)


@control_portal.post("/terminate")
def terminate() -> Response:
    """Stop a process by hand (`process`): answers that come later have no effect."""
    body = given()
    portal = chosen_portal(body.get("portal"))
    with world().lock:
        runner.terminate(world(), portal.processes[str(body["process"])])
    return jsonify(ok=True)


@control_portal.post("/language")
def language() -> Response:
    """Set a portal's language: `ru`, `en`, `kz`…"""
    body = given()
    portal = chosen_portal(body.get("portal"))
    portal.language = str(body["language"])
    return jsonify(language=portal.language)


@control_portal.post("/items/<int:entity_type_id>")
def create_item(entity_type_id: int) -> Response:
    """A new CRM item with the given fields; what it lacks is like in an empty card."""
    body = given()
    portal = chosen_portal(body.pop("portal", None))
    with world().lock:
        item = new_item(portal, entity_type_id, body, world().clock.now())
    return jsonify(item)


@control_portal.post("/items/<int:entity_type_id>/<int:item_id>")
def change_item(entity_type_id: int, item_id: int) -> Response:
    """Replace fields of a CRM item: `{"fm": []}` of a contact, `{"contactId": 0}` of a deal."""
    body = given()
    portal = chosen_portal(body.pop("portal", None))
    item = portal.item(entity_type_id, item_id)
    if item is None:
        abort(404, description="there is no such item")
    item.update(body)
    return jsonify(item)


@control_portal.delete("/items/<int:entity_type_id>/<int:item_id>")
def delete_item(entity_type_id: int, item_id: int) -> Response:
    """Delete a CRM item."""
    chosen_portal().crm.pop((entity_type_id, item_id), None)
    return jsonify(ok=True)


@control_portal.post("/items/<int:entity_type_id>/<int:item_id>/hide")
def hide_item(entity_type_id: int, item_id: int) -> Response:
    """Take the right to read an item from the employee `user_id`."""
    body = given()
    portal = chosen_portal(body.get("portal"))
    portal.hidden.add((int(body["user_id"]), entity_type_id, item_id))
    return jsonify(ok=True)


@control_portal.post("/robot-call")
def robot_call() -> Response:
    """One robot call outside any process, as forged as wanted.

    `code`, `properties`, `deal_id`, `use_subscription`; `auth` replaces keys (null removes one),
    `event_token` replaces the token, `copies` sends the same call several times.
    """
    body = given()
    portal = chosen_portal(body.get("portal"))
    robot = portal.app.robots.get(str(body.get("code") or ""))
    if robot is None:
        abort(404, description="there is no such robot")
    with world().lock:
        call = _forged_call(portal, robot, body)
        for _ in range(int(body.get("copies") or 1)):
            runner.post_call(world(), portal, robot, call)
    actions.tick(world())
    return jsonify(event_token=call["event_token"], workflow_id=call["workflow_id"])


def _forged_call(portal: Portal, robot: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    process_id = str(body.get("workflow_id") or "66f0a1b2c3d4e5.10203040")
    kind = crm_type(int(body.get("entity_type_id") or DEAL))
    if kind is None:
        raise ValueError("there is no such entity type")
    token = robot_calls.new_event_token(portal, process_id, "A1001_1_2_3")
    call = robot_calls.build_call(
        world(),
        portal,
        robot,
        process_id=process_id,
        event_token=str(body.get("event_token") or token),
        crm_type=kind,
        item_id=int(body.get("deal_id") or cast.DEAL_MAIN),
        properties=body.get("properties") or {},
        use_subscription=str(body.get("use_subscription", "Y")),
        timeout_s=int(body.get("timeout_s") or 0),
    )
    call["auth"] |= body.get("auth") or {}
    return call


def _portal_json(portal: Portal) -> dict[str, Any]:
    app = portal.app
    return {
        "domain": portal.domain,
        "member_id": portal.member_id,
        "title": portal.title,
        "language": portal.language,
        "users": [
            {
                "id": user.id,
                "name": user.full_name,
                "email": user.email,
                "admin": user.is_admin,
                "active": user.active,
            }
            for user in portal.users.values()
        ],
        "deals": [item_id for kind, item_id in portal.crm if kind == DEAL],
        "documents": {row.id: row.title for row in portal.documents.values()},
        "app": {
            "present": app.is_present,
            "installed": app.is_installed,
            "version": app.version,
            "robots": list(app.robots),
            "events": [[row.event, row.url] for row in app.handlers],
            "placements": [[row.code, row.url] for row in app.placements],
            "triggers": app.triggers,
            "executed_triggers": app.executed_triggers,
        },
    }
