"""`/rest/<method>[.json]`: bodies, the three places of a token, links, the envelope."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, g, request

from devportal import phpform
from devportal.errors import RestError
from devportal.portals.portal import Portal
from devportal.records import MethodCall
from devportal.rest import gate
from devportal.rest.crm import documents
from devportal.rest.disk import files, objects
from devportal.rest.dispatch import Exchange, to_json
from devportal.rest.links import read_machine_token
from devportal.rest.registry import Call
from devportal.web import strikes
from devportal.web.oauth import auth_server_info
from devportal.web.state import portal_of_host, world

rest_routes = Blueprint("rest", __name__)

_LINKS = {name.lower() for name in (objects.DOWNLOAD, documents.DOWNLOAD, documents.GET_PDF)}


@rest_routes.route("/rest/<path:name>", methods=["GET", "POST"])
def rest_call(name: str) -> Response:
    """One REST request. Asked under the authorization server's name, only `app.info` exists."""
    method = name.rstrip("/").removesuffix(".json")
    portal = portal_of_host()
    if _is_for_auth_server(name, portal):
        return auth_server_info()
    if portal is None:
        return strikes.html(strikes.NOT_FOUND, 404)
    params = _params()
    access_token = _take_token(params)
    response = strikes.before(world(), portal, access_token, g.record)
    if response is None:
        response = _answer(portal, method, params, access_token)
    return strikes.after(response, g.record)


def _is_for_auth_server(name: str, portal: Portal | None) -> bool:
    if name.rstrip("/") not in ("app.info", "app.info.json"):
        return False
    is_shared = portal is not None and request.host == world().config.auth_host
    # One host name for both: the authorization server's documented call is a GET without suffix.
    return portal is None or (is_shared and request.method == "GET" and name == "app.info")


def _params() -> dict[str, Any]:
    params = phpform.parse_query(request.query_string.decode())
    if request.is_json:
        body = request.get_json(silent=True)
        return params | body if isinstance(body, dict) else params
    return params | phpform.parse(request.form.items(multi=True))


def _take_token(params: dict[str, Any]) -> str:
    given = [str(params.pop(key)) for key in ("auth", "access_token") if params.get(key)]
    if given:
        return given[0]
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    return value.strip() if kind.lower() == "bearer" else ""


def _answer(portal: Portal, method: str, params: dict[str, Any], access_token: str) -> Response:
    name = method.lower()
    try:
        if name in _LINKS and not _is_browser_like():
            return strikes.html(strikes.NOT_FOUND, 404)
        if name in _LINKS:
            return _download(portal, name, params, access_token)
        if name == files.UPLOAD:
            return _upload(portal, params, access_token)
    except RestError as problem:
        if name in _LINKS and world().ways.of("link_error") == "html":
            return strikes.html(strikes.NOT_FOUND, 404)
        return strikes.error(problem)
    exchange = Exchange(world(), portal, access_token, g.record)
    status, body = exchange.answer(method, params)
    return Response(to_json(body), status, content_type="application/json; charset=utf-8")


def _is_browser_like() -> bool:
    """What the proxy before a portal wants of a request for a file, else it knows no such page.

    Source: Bitrix24 docs, settings/how-to-call-rest-api/general-principles, headers.
    """
    headers = request.headers
    is_named = headers.get("User-Agent", "").startswith("Mozilla/")
    is_from_here = headers.get("Referer", "").startswith(request.host_url)
    says_what = "Accept" in headers and "Accept-Language" in headers
    return is_named and is_from_here and says_what


def _call_by_link(
    portal: Portal, name: str, params: dict[str, Any], access_token: str
) -> tuple[Call, str]:
    token = gate.admit(world(), portal, access_token)
    user = gate.authorize(portal, token)
    payload = read_machine_token(portal, access_token, str(params.get("token") or ""))
    g.record.methods.append(MethodCall(name, {"token": params.get("token")}))
    return Call(world(), portal, token, user, name, params), payload


def _download(portal: Portal, name: str, params: dict[str, Any], access_token: str) -> Response:
    with world().lock:
        call, payload = _call_by_link(portal, name, params, access_token)
        if name == objects.DOWNLOAD:
            file_name, content, kind = files.file_of(call, payload)
        else:
            file_name, content, kind = documents.file_of(call, name, payload)
    return file_response(file_name, content, kind)


def _upload(portal: Portal, params: dict[str, Any], access_token: str) -> Response:
    sent = request.files.get("file")
    content = sent.read() if sent else None
    with world().lock:
        call, payload = _call_by_link(portal, files.UPLOAD, params, access_token)
        row = files.accept_upload(call, payload, content)
    body = to_json({"result": row, "time": {"start": call.now, "finish": call.now}})
    return Response(body, content_type="application/json; charset=utf-8")


def file_response(name: str, content: bytes, kind: str, *, inline: bool = False) -> Response:
    """Bytes with a name that may be Cyrillic (RFC 6266)."""
    place = "inline" if inline else "attachment"
    headers = {"Content-Disposition": f"{place}; filename*=utf-8''{quote(name, safe='')}"}
    return Response(content, content_type=kind, headers=headers)
