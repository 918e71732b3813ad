"""The library that framed applications load: a stand-in for `api.bitrix24.com/api/v1/`."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Response

bx24 = Blueprint("bx24", __name__)

_SOURCE = Path(__file__).parent.parent / "static" / "bx24.js"


@bx24.get("/bx24/api/v1/")
def library() -> Response:
    """BX24.js; any page may load it, as from the real address."""
    headers = {"Access-Control-Allow-Origin": "*", "Cache-Control": "no-cache"}
    text = _SOURCE.read_text(encoding="utf-8")
    return Response(text, content_type="text/javascript; charset=utf-8", headers=headers)
