"""People: `profile` and `user.*`. E-mail and phones need more than `user_brief`."""

from __future__ import annotations

from typing import Any

from devportal.portals.portal import User
from devportal.rest.registry import Call, Page, page_of, rest_method

_SCOPES = ("user", "user_basic", "user_brief")


@rest_method("profile")
def profile(call: Call) -> dict[str, Any]:
    """The caller's own name and whether he is an administrator; no scope needed."""
    return {
        "ID": str(call.user.id),
        "ADMIN": call.user.is_admin,
        "NAME": call.user.name,
        "LAST_NAME": call.user.last_name,
        "PERSONAL_GENDER": "",
        "TIME_ZONE": "",
    }


@rest_method("user.admin")
def user_admin(call: Call) -> bool:
    """Whether the caller is an administrator."""
    return call.user.is_admin


@rest_method("user.current", *_SCOPES)
def user_current(call: Call) -> dict[str, Any]:
    """The caller."""
    return _row(call, call.user)


@rest_method("user.get", *_SCOPES)
def user_get(call: Call) -> Page:
    """Employees by filter: ID (one or several), ACTIVE, NAME, LAST_NAME, EMAIL."""
    wanted = call.upper.get("FILTER") or {}
    if not isinstance(wanted, dict):
        wanted = {}
    # Filters may also stand at the top level: user.get?ID=12.
    wanted = {key.upper(): value for key, value in (call.upper | wanted).items()}
    rows = [user for user in call.portal.users.values() if _fits(user, wanted)]
    descending = str(call.upper.get("ORDER") or "ASC").upper() == "DESC"
    rows.sort(key=lambda user: user.id, reverse=descending)
    page, following = page_of(rows, call.upper.get("START"))
    return Page([_row(call, user) for user in page], len(rows), following)


def _fits(user: User, wanted: dict[str, Any]) -> bool:
    ids = wanted.get("ID")
    if ids is not None:
        texts = {str(item) for item in (ids if isinstance(ids, list) else [ids])}
        if str(user.id) not in texts:
            return False
    if "ACTIVE" in wanted:
        active = str(wanted["ACTIVE"]).lower() in ("true", "1", "y")
        if user.active is not active:
            return False
    texts_of = {"NAME": user.name, "LAST_NAME": user.last_name, "EMAIL": user.email}
    return all(
        str(wanted[key]).lower() == value.lower()
        for key, value in texts_of.items()
        if key in wanted
    )


def _row(call: Call, user: User) -> dict[str, Any]:
    row: dict[str, Any] = {
        "ID": str(user.id),
        "ACTIVE": user.active,
        "NAME": user.name,
        "LAST_NAME": user.last_name,
        "SECOND_NAME": user.second_name,
        "WORK_POSITION": user.position,
        "UF_DEPARTMENT": [1],
        "USER_TYPE": "employee",
        # An empty date is an empty PHP object on the real portal.
        "LAST_LOGIN": {},
    }
    if {"user", "user_basic"} & set(call.world.config.scopes):
        row |= {"EMAIL": user.email, "PERSONAL_MOBILE": user.phone, "WORK_PHONE": user.phone}
    return row
