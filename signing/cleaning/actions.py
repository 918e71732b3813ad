"""Actions a document may keep: jumps inside it, and links to the web or to mail."""

from __future__ import annotations

import pikepdf

_SCHEMES = (b"http://", b"https://", b"mailto:", b"tel:")


def is_harmless(action: object) -> bool:
    """Whether the action only moves inside the document or opens a web or mail address."""
    if not isinstance(action, pikepdf.Dictionary) or "/Next" in action:
        return False
    kind = action.get("/S")
    if kind == "/GoTo":
        return True
    address = action.get("/URI")
    if kind != "/URI" or not isinstance(address, pikepdf.String):
        return False
    return bytes(address).lower().startswith(_SCHEMES)
