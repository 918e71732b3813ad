"""The last look at a cleaned document, before it is written."""

from __future__ import annotations

from collections.abc import Iterator

import pikepdf

from signing.cleaning.refusal import Refusal

_ACTIVE_KEYS = {"/JS", "/JavaScript", "/AA", "/OpenAction", "/XFA", "/EF", "/RichMediaContent"}
_ACTIVE_ACTIONS = {
    "/JavaScript", "/Launch", "/SubmitForm", "/ImportData", "/GoToR", "/GoToE", "/Rendition",
    "/Movie", "/Sound", "/Trans", "/GoTo3DView", "/RichMediaExecute", "/Hide", "/SetOCGState",
}  # fmt: skip


def refuse_active_content(document: pikepdf.Pdf) -> None:
    """Raises Refusal when something that acts can still be reached from the catalogue."""
    for dictionary in _reachable(document):
        if _ACTIVE_KEYS & set(dictionary.keys()):
            raise Refusal("active")
        if str(dictionary.get("/S", "")) in _ACTIVE_ACTIONS:
            raise Refusal("active")


def _reachable(document: pikepdf.Pdf) -> Iterator[pikepdf.Object]:
    """Each dictionary that will be written, once."""
    waiting: list[object] = [document.Root]
    seen: set[tuple[int, int]] = set()
    while waiting:
        value = waiting.pop()
        if not isinstance(value, pikepdf.Object):
            continue
        if value.is_indirect:
            if value.objgen in seen:
                continue
            seen.add(value.objgen)
        if isinstance(value, pikepdf.Dictionary | pikepdf.Stream):
            yield value
            waiting += [value.get(key) for key in value.keys()]  # noqa: SIM118 - see walk
        elif isinstance(value, pikepdf.Array):
            waiting += list(value)
