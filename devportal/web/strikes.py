"""What a struck request gets instead of, before or after its answer."""

from __future__ import annotations

from flask import Response, request
from werkzeug.urls import iri_to_uri

from devportal.application import installation
from devportal.behaviour.faults import Point
from devportal.errors import RestError
from devportal.portals.portal import Portal
from devportal.records import RequestRecord
from devportal.rest.dispatch import to_json
from devportal.web import state
from devportal.world import World
from devportal.wsgi_adapter import DROPPED

BAD_GATEWAY = (
    "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n"
    "<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>"
)
NOT_FOUND = BAD_GATEWAY.replace("502 Bad Gateway", "404 Not Found")
MAINTENANCE = (
    "<!DOCTYPE html><html lang='ru'><head><meta charset='utf-8'><title>Битрикс24</title></head>"
    "<body><h1>Портал обновляется</h1><p>Пожалуйста, подождите.</p></body></html>"
)


def before(
    world: World, portal: Portal, access_token: str, record: RequestRecord
) -> Response | None:
    """Draw the faults of a REST request; a response when one of them answers in its place."""
    struck = world.faults.draw(Point.REST) + world.faults.draw_payment()
    record.faults += struck
    if "slow" in struck:
        world.sleep(world.config.slow_s)
    with world.lock:
        if "robots_deleted" in struck:
            portal.app.robots.clear()
        if "uninstall" in struck:
            installation.uninstall(world, portal)
        if "renamed_302" in struck and not portal.former_domains:
            portal.rename()
        if "expired_token" in struck:
            world.auth.expire(access_token)
    return _instead(world, portal, struck)


def after(response: Response, record: RequestRecord) -> Response:
    """Lose the answer of a request that was carried out."""
    return dropped(response) if "drop_after" in record.faults else response


def error(problem: RestError) -> Response:
    """An error answer in the documented form."""
    status = state.world().ways.status_of(problem)
    return Response(to_json(problem.body()), status, content_type="application/json")


def html(text: str, status: int) -> Response:
    """A page from something in front of the portal."""
    return Response(text, status, content_type="text/html; charset=utf-8")


def _instead(world: World, portal: Portal, struck: list[str]) -> Response | None:
    if "drop_before" in struck:
        return dropped(Response(status=502))
    if "http_502" in struck:
        return html(BAD_GATEWAY, 502)
    if "html_body" in struck:
        return html(MAINTENANCE, 200)
    moved_to = portal.renamed_domain if "hijacked_302" in struck else portal.domain
    if request.host != moved_to:
        scheme = world.config.scheme
        target = f"{scheme}://{moved_to}{request.full_path.rstrip('?')}"
        return Response(status=302, headers={"Location": iri_to_uri(target)})
    if "overload" in struck:
        return error(RestError("OVERLOAD_LIMIT", "REST API is blocked due to overload.", 503))
    if "unpaid" in struck:
        return error(unpaid())
    if "server_error" in struck:
        return error(RestError("INTERNAL_SERVER_ERROR", "Internal server error", 500))
    if "rate_limit" in struck or not world.admits(portal):
        return error(RestError("QUERY_LIMIT_EXCEEDED", "Too many requests", 503))
    if "operation_limit" in struck:
        text = "Method is blocked due to operation time limit."
        return error(RestError("OPERATION_TIME_LIMIT", text, 429))
    return None


def unpaid() -> RestError:
    """The paid period of the application is over."""
    return RestError("PAYMENT_REQUIRED", "Payment required", 401)


def dropped(response: Response) -> Response:
    """The same answer, marked to be lost on the way."""
    response.headers[DROPPED] = "1"
    return response
