"""The control API under /_dev/: processes, documents, mail, records, faults, time.

It is not part of Bitrix24; scripts and tests use it to act and to look.
"""

from __future__ import annotations

import json
import math
from typing import Any

from flask import Blueprint, Response, abort, jsonify, request

from devportal import actions, cast
from devportal.behaviour.faults import FAULTS
from devportal.cast.papers import DEFAULT_TITLE
from devportal.portals.portal import DEAL
from devportal.portals.process import Step
from devportal.web.rest_routes import file_response
from devportal.web.shapes import document_json, process_json
from devportal.web.state import chosen_portal, world

control = Blueprint("control", __name__, url_prefix="/_dev")

_PREPARED = {"contract": cast.CONTRACT, "notice": cast.HR_NOTICE, "encrypted": cast.ENCRYPTED,
             "damaged": cast.DAMAGED, "not_a_pdf": cast.NOT_A_PDF}  # fmt: skip


@control.errorhandler(ValueError)
def wrong_value(problem: ValueError) -> tuple[Response, int]:
    """A value that cannot be read."""
    return jsonify(error=str(problem)), 400


@control.errorhandler(KeyError)
def missing_value(problem: KeyError) -> tuple[Response, int]:
    """A key the call cannot do without."""
    return jsonify(error=f"{problem} is missing or unknown"), 400


@control.errorhandler(404)
def nothing_there(problem: Any) -> tuple[Response, int]:
    """An id that nobody has."""
    return jsonify(error=str(problem.description)), 404


def given() -> dict[str, Any]:
    """The JSON body, or the form of a multipart request; an empty one is fine."""
    body = request.get_json(silent=True)
    return body if isinstance(body, dict) else dict(request.form)


@control.post("/documents")
def add_document() -> Response:
    """A generated document from an uploaded `file`, or a copy named by `ref` (contract, notice,
    encrypted, damaged, not_a_pdf). `conversion_s`: seconds, or `never`.
    """
    body = given()
    portal = chosen_portal(body.get("portal"))
    sent = request.files.get("file")
    ref = str(body.get("ref") or "contract")
    if sent is None and ref not in _PREPARED:
        raise ValueError(f"ref is one of {', '.join(_PREPARED)}")
    pdf = sent.read() if sent else portal.documents[_PREPARED[ref]].pdf()
    seconds = body.get("conversion_s")
    document = actions.create_document(
        world(),
        pdf,
        title=str(body.get("title") or DEFAULT_TITLE),
        deal_id=int(body.get("deal_id") or cast.DEAL_MAIN),
        entity_type_id=int(body.get("entity_type_id") or DEAL),
        conversion_s=None if seconds in (None, "") else _seconds(str(seconds)),
        portal=portal,
    )
    return jsonify(id=document.id, **document_json(document, world().clock.now()))


@control.get("/documents/<int:document_id>/pdf")
def document_pdf(document_id: int) -> Response:
    """The PDF of a generated document, whether its conversion is over or not."""
    document = chosen_portal().documents.get(document_id)
    if document is None:
        abort(404, description="there is no such document")
    return file_response(f"{document.title}.pdf", document.pdf(), "application/pdf")


@control.post("/processes")
def start_process() -> Response:
    """Start the process; single inputs of its robots in `send` and `status`, or own `steps`."""
    body = given()
    process = actions.start_process(
        world(),
        portal=chosen_portal(body.get("portal")),
        deal_id=int(body.get("deal_id") or cast.DEAL_MAIN),
        entity_type_id=int(body.get("entity_type_id") or DEAL),
        document_id=int(body.get("document_id") or cast.CONTRACT),
        send=_mapping(body.get("send")),
        status=_mapping(body.get("status")),
        started_by=int(body.get("as") or cast.CLERK),
        use_subscription=str(body.get("use_subscription") or ""),
        timeout_s=int(body.get("timeout_s") or 0),
        steps=[_step(row) for row in body.get("steps") or []] or None,
    )
    return jsonify(process_json(process))


@control.get("/processes")
def list_processes() -> Response:
    """All processes of a portal, oldest first."""
    with world().lock:
        return jsonify([process_json(row) for row in chosen_portal().processes.values()])


@control.get("/processes/<process_id>")
def show_process(process_id: str) -> Response:
    """One process with every step: what was sent, what came back, the log."""
    actions.tick(world())
    with world().lock:
        process = chosen_portal().processes.get(process_id)
        if process is None:
            abort(404, description="there is no such process")
        return jsonify(process_json(process))


@control.get("/mail")
def mail() -> Response:
    """Letters, oldest first; `to` picks one address, `after` leaves out so many of them."""
    letters = world().mailbox.letters(request.args.get("to", ""))
    after = int(request.args.get("after") or 0)
    return jsonify([letter.as_json() for letter in letters[after:]])


@control.get("/mail/<int:letter_id>/raw")
def raw_letter(letter_id: int) -> Response:
    """A letter as it came."""
    letter = world().mailbox.letter(letter_id)
    if letter is None:
        abort(404, description="there is no such letter")
    return Response(letter.raw, content_type="message/rfc822")


@control.get("/requests")
def requests_between() -> Response:
    """Requests numbered above `since` up to `until`, their count and the last number."""
    since = int(request.args.get("since") or 0)
    until = request.args.get("until")
    with world().lock:
        rows = world().requests.between(since, int(until) if until else None)
        last = len(world().requests.rows)
    return jsonify(count=len(rows), last=last, requests=[row.as_json() for row in rows])


@control.get("/calls")
def method_calls() -> Response:
    """Parameters of every call of the REST method `name`."""
    return jsonify(world().calls(request.args["name"]))


@control.get("/outgoing")
def outgoing() -> Response:
    """Calls from the portals to the application, with the status each was answered."""
    with world().lock:
        return jsonify([row.as_json() for row in world().sent])


@control.get("/faults")
def show_faults() -> Response:
    """Probabilities by name, and how often each has struck."""
    table = world().faults
    return jsonify(probabilities=table.probabilities, struck=table.struck)


@control.post("/faults")
def set_faults() -> Response:
    """`{name: probability}`; actions with probability 1 strike once, now."""
    body = {name: float(value) for name, value in given().items()}
    now = [name for name, value in body.items() if name in FAULTS and FAULTS[name].is_action]
    immediate = [name for name in now if body[name] == 1]
    world().faults.set({name: value for name, value in body.items() if name not in immediate})
    for name in immediate:
        strike_now(name)
    return show_faults()


def strike_now(name: str) -> None:
    """Carry out one of the faults that are actions."""
    portal = chosen_portal()
    world().faults.struck[name] += 1
    if name == "uninstall":
        actions.uninstall(world(), portal)
    else:
        portal.app.robots.clear()


@control.get("/ways")
def show_ways() -> Response:
    """The present way of each doubt."""
    return jsonify(world().ways.all)


@control.post("/ways")
def set_ways() -> Response:
    """`{doubt: way}`."""
    world().ways.choose({name: str(way) for name, way in given().items()})
    return show_ways()


@control.get("/overflows")
def overflows() -> Response:
    """How many requests the portal's own limit has refused, faults left out."""
    return jsonify(overflows=world().overflows)


@control.post("/advance")
def advance() -> Response:
    """Move the clock by `seconds`."""
    actions.advance(world(), float(given().get("seconds") or 0))
    return jsonify(now=world().clock.now())


@control.post("/settle")
def settle() -> Response:
    """Deliver or await every queued call to the application."""
    return jsonify(delivered=world().settle())


@control.post("/reset")
def reset() -> Response:
    """Back to the beginning."""
    world().reset()
    return jsonify(ok=True)


def _seconds(text: str) -> float:
    return math.inf if text == "never" else float(text)


def _mapping(value: Any) -> dict[str, Any]:
    if isinstance(value, str) and value:
        value = json.loads(value)
    return value if isinstance(value, dict) else {}


def _step(row: dict[str, Any]) -> Step:
    return Step(
        name=str(row["name"]),
        code=str(row["code"]),
        inputs=dict(row.get("properties") or {}),
        use_subscription=str(row.get("use_subscription") or ""),
        timeout_s=int(row.get("timeout_s") or 0),
    )
