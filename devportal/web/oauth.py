"""The authorization server's two addresses: `/oauth/token/` and its own `app.info`."""

from __future__ import annotations

from flask import Blueprint, Response, g, request

from devportal.behaviour.faults import Point
from devportal.errors import RestError
from devportal.rest.dispatch import to_json
from devportal.web import strikes
from devportal.web.state import world

oauth = Blueprint("oauth", __name__)


@oauth.route("/oauth/token/", methods=["GET", "POST"])
def token() -> Response:
    """Refresh a pair of tokens. Answers on every host name."""
    params = dict(request.values)
    here = world()
    with here.lock:
        g.record.faults += here.faults.draw(Point.TOKEN) + here.faults.draw_payment()
        if "invalid_grant" in g.record.faults:
            here.auth.revoke_refresh(str(params.get("refresh_token", "")))
        try:
            if "auth_502" in g.record.faults:
                return strikes.html(strikes.BAD_GATEWAY, 502)
            if "unpaid" in g.record.faults:
                raise strikes.unpaid()
            answer = _json(here.auth.refresh(params, here.portals))
            return strikes.dropped(answer) if "refresh_lost" in g.record.faults else answer
        except RestError as problem:
            return _json(problem.body(), problem.status)


def auth_server_info() -> Response:
    """`GET /rest/app.info?auth=..` under the authorization server's own name."""
    here = world()
    access_token = request.values.get("auth") or request.values.get("access_token") or ""
    with here.lock:
        g.record.faults += here.faults.draw(Point.APP_INFO)
        if "info_502" in g.record.faults:
            return strikes.html(strikes.BAD_GATEWAY, 502)
        try:
            result = here.auth.app_info(access_token, here.portals)
        except RestError as problem:
            return _json(problem.body(), problem.status)
    now = here.clock.now()
    time = {"start": now, "finish": now, "duration": 0.0, "date_start": here.clock.iso()}
    return _json({"result": result, "time": time})


def _json(body: object, status: int = 200) -> Response:
    return Response(to_json(body), status, content_type="application/json; charset=utf-8")
