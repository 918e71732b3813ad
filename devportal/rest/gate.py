"""Who may call: the order in which the portal checks a token, and the scopes of a method.

Order: portal alive, application present, token known, expired, scope, user still works here.
"""

from __future__ import annotations

from devportal.errors import RestError
from devportal.portals.portal import Portal, User
from devportal.rest.registry import Method
from devportal.servers.tokens import Token
from devportal.world import World


def admit(world: World, portal: Portal, access_token: str) -> Token:
    """The token, or RestError 401; PORTAL_DELETED once the portal was closed."""
    if portal.is_deleted:
        raise RestError("PORTAL_DELETED", "Portal was deleted", 403)
    token = world.auth.find(access_token)
    if token is None or token.member_id != portal.member_id:
        raise RestError("NO_AUTH_FOUND", "Wrong authorization data", 401)
    if not portal.app.is_present or token.row_id != portal.app.row_id:
        raise RestError("APPLICATION_NOT_FOUND", "Application not found", 401)
    if world.auth.has_expired(token):
        raise RestError("expired_token", "The access token provided has expired.", 401)
    return token


def check_scope(world: World, method: Method) -> None:
    """401 insufficient_scope unless one of the method's scopes was granted."""
    scopes = scopes_of(world, method)
    if scopes and not set(scopes) & set(world.config.scopes):
        raise RestError(
            "insufficient_scope",
            "The request requires higher privileges than provided by the access token",
            401,
        )


def scopes_of(world: World, method: Method) -> tuple[str, ...]:
    """The scopes of a method, one of which must be granted; the generator's are in doubt."""
    is_generator = method.name.lower().startswith("crm.documentgenerator.")
    return (world.ways.of("docgen_scope"),) if is_generator else method.scopes


def check_time(world: World, portal: Portal, method: Method) -> None:
    """429 while the method has used up its execution time."""
    if world.meter.is_exhausted(portal.member_id, method.name):
        text = "Method is blocked due to operation time limit."
        raise RestError("OPERATION_TIME_LIMIT", text, 429)


def authorize(portal: Portal, token: Token) -> User:
    """The person behind the token; 401 authorization_error once he is fired."""
    user = portal.users.get(token.user_id)
    if user is None or not user.active:
        raise RestError("authorization_error", "Unable to authorize user", 401)
    return user
