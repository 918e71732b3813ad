"""`placement.*`: where on the portal the application shows itself. Administrators only."""

from __future__ import annotations

import re
from typing import Any

from devportal.errors import RestError, access_denied
from devportal.portals.portal import Placement
from devportal.rest.handler_urls import check_handler_url
from devportal.rest.registry import Call, rest_method

_CARDS = ("LEAD", "DEAL", "CONTACT", "COMPANY", "QUOTE", "SMART_INVOICE", "ORDER")
_PARTS = ("DETAIL_TAB", "DETAIL_TOOLBAR", "DETAIL_ACTIVITY", "DOCUMENTGENERATOR_BUTTON")
CODES = (
    "DEFAULT",
    "LEFT_MENU",
    "REST_APP_URI",
    "BIZPROC_ACTIVITY_PROPERTIES_DIALOG",
    *(f"CRM_{card}_{part}" for card in _CARDS for part in _PARTS),
)
_DYNAMIC = re.compile(rf"CRM_DYNAMIC_\d+_({'|'.join(_PARTS)})")
_SINGLE = ("REST_APP_URI",)
_NOT_BOUND_BY_HAND = ("DEFAULT", "BIZPROC_ACTIVITY_PROPERTIES_DIALOG")


@rest_method("placement.bind", "placement", admin=True)
def placement_bind(call: Call) -> bool:
    """Show a handler at a place. The same handler twice is ERROR_CORE."""
    code, url = _code(call), _handler(call)
    check_handler_url(url)
    bound = call.portal.app.placements
    if any((row.code, row.url) == (code, url) for row in bound):
        text = "Unable to set placement handler: Handler already binded"
        raise RestError("ERROR_CORE", text)
    if code in _SINGLE and any(row.code == code for row in bound):
        raise RestError("ERROR_PLACEMENT_MAX_COUNT", "Placement max count")
    bound.append(_placement(call, code, url))
    return True


@rest_method("placement.get", "placement", admin=True)
def placement_get(call: Call) -> list[dict[str, Any]]:
    """What is bound."""
    return [
        {
            "placement": row.code,
            "userId": 0,
            "handler": row.url,
            "options": row.options or [],
            "title": row.title_in(call.portal.language),
            "description": "",
            "langAll": row.lang_all or [],
        }
        for row in call.portal.app.placements
    ]


@rest_method("placement.list", "placement")
def placement_list(call: Call) -> list[str]:
    """Codes of all places."""
    return list(CODES)


@rest_method("placement.unbind", "placement", admin=True)
def placement_unbind(call: Call) -> dict[str, int]:
    """Unbind one handler or all of a place. The real portal counts each of them twice."""
    code, url = _code(call), str(call.upper.get("HANDLER") or "")
    app = call.portal.app
    kept = [row for row in app.placements if row.code != code or (url and row.url != url)]
    count = 2 * (len(app.placements) - len(kept))
    app.placements = kept
    return {"count": count}


def _placement(call: Call, code: str, url: str) -> Placement:
    languages = call.upper.get("LANG_ALL")
    rows = languages if isinstance(languages, dict) else {}
    options = call.upper.get("OPTIONS")
    return Placement(
        code=code,
        url=url,
        title=str(call.upper.get("TITLE") or call.world.config.app_title),
        lang_all={str(key): dict(row) for key, row in rows.items() if isinstance(row, dict)},
        options=options if isinstance(options, dict) else {},
    )


def _code(call: Call) -> str:
    code = str(call.upper.get("PLACEMENT") or "").upper()
    if not code:
        raise RestError(
            "ERROR_ARGUMENT", "Argument 'PLACEMENT' is null or empty", argument="PLACEMENT"
        )
    if code in _NOT_BOUND_BY_HAND:
        raise access_denied("Access denied!")
    if code not in CODES and not _DYNAMIC.fullmatch(code):
        raise RestError("ERROR_PLACEMENT_NOT_FOUND", "Placement not found")
    return code


def _handler(call: Call) -> str:
    url = str(call.upper.get("HANDLER") or "")
    if not url:
        raise RestError("ERROR_ARGUMENT", "Argument 'HANDLER' is null or empty", argument="HANDLER")
    return url
