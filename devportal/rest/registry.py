"""The table of REST methods and what a method is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from devportal.errors import RestError, access_denied
from devportal.portals.portal import Portal, User
from devportal.servers.tokens import Token
from devportal.world import World


@dataclass(frozen=True)
class Call:
    """One call of one method: by whom, where, with which parameters."""

    world: World
    portal: Portal
    token: Token
    user: User
    name: str
    params: dict[str, Any]

    @cached_property
    def upper(self) -> dict[str, Any]:
        """Top keys in upper case, for the classic methods that do not mind case."""
        return {key.upper(): value for key, value in self.params.items()}

    @property
    def now(self) -> float:
        """Unix seconds of the world's clock."""
        return self.world.clock.now()

    def integer(self, key: str) -> int:
        """A number the method cannot do without; error 100 when it is missing or no number."""
        value = self.params.get(key)
        try:
            return int(str(value))
        except ValueError:
            text = f"Could not find value for parameter {{{key}}}"
            raise RestError("100", text) from None


@dataclass(frozen=True)
class Page:
    """A list answer with `total` and, if there is more, `next`."""

    result: Any
    total: int
    next: int | None


PAGE_SIZE = 50
Handler = Callable[[Call], Any]
H = TypeVar("H", bound=Handler)


@dataclass(frozen=True)
class Method:
    """A row of the table. `scopes`: one of them must be granted; empty means the basic scope."""

    name: str
    scopes: tuple[str, ...]
    handler: Handler
    is_admin_only: bool

    def run(self, call: Call) -> Any:
        """Raises RestError the documented way."""
        if self.is_admin_only and not call.user.is_admin:
            raise access_denied()
        return self.handler(call)


METHODS: dict[str, Method] = {}


def rest_method(name: str, *scopes: str, admin: bool = False) -> Callable[[H], H]:
    """Register a handler under a method name; names are compared without regard to case."""

    def register(handler: H) -> H:
        METHODS[name.lower()] = Method(name, scopes, handler, admin)
        return handler

    return register


def find_method(name: str, portal: Portal) -> Method:
    """404 ERROR_METHOD_NOT_FOUND for a typo, and for what the portal's plan does not have."""
    found = METHODS.get(name.lower())
    if found is None or set(found.scopes) & portal.unavailable_scopes:
        raise RestError("ERROR_METHOD_NOT_FOUND", "Method not found!", 404)
    return found


def page_of(rows: list[Any], start: Any) -> tuple[list[Any], int | None]:
    """Fifty rows from `start`, and where the next page begins; -1 starts at the beginning."""
    try:
        begin = max(0, int(str(start or 0)))
    except ValueError:
        begin = 0
    end = begin + PAGE_SIZE
    return rows[begin:end], end if end < len(rows) else None
