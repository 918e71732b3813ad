"""The document catalogue: known harmless entries stay, everything else goes."""

from __future__ import annotations

import pikepdf

from signing.cleaning.actions import is_harmless

# ISO 32000-2, table 29.
_KEPT = {
    "/Type", "/Version", "/Extensions", "/Pages", "/PageLabels", "/Names", "/Dests",
    "/ViewerPreferences", "/PageLayout", "/Outlines", "/AcroForm", "/Metadata",
    "/StructTreeRoot", "/MarkInfo", "/Lang", "/OutputIntents",
}  # fmt: skip
_WHAT_WENT = {
    "/OpenAction": "actions",
    "/AA": "actions",
    "/URI": "actions",
    "/Threads": "private",
    "/SpiderInfo": "private",
    "/PieceInfo": "private",
    "/AF": "attachments",
}
# Of the name trees only the one of destinations is harmless.
_NAME_TREES = {
    "/JavaScript": "scripts",
    "/EmbeddedFiles": "attachments",
    "/Renditions": "media",
    "/AlternatePresentations": "media",
}
# How a viewer opens its panels: dropped without a word.
_PANELS = {"/PageMode", "/Requirements", "/NeedsRendering"}
_MOST_OUTLINES = 20_000


def strip(document: pikepdf.Pdf) -> set[str]:
    """Remove what acts, hides or carries other files; tell what was removed."""
    root = document.Root
    removed = set()
    drop_first_view(root)
    for key in set(root.keys()) - _KEPT:
        if key not in _PANELS:
            removed.add(_WHAT_WENT.get(key, "private"))
        del root[key]
    removed |= _strip_names(root)
    removed |= _strip_outlines(root)
    return removed


def drop_first_view(root: pikepdf.Object) -> None:
    """Nearly every program tells where to open the file; nobody misses that."""
    if _only_shows_a_page(root.get("/OpenAction")):
        del root["/OpenAction"]


def _only_shows_a_page(action: object) -> bool:
    if isinstance(action, pikepdf.Dictionary):
        return action.get("/S") == "/GoTo" and is_harmless(action)
    return isinstance(action, pikepdf.Array | pikepdf.Name | pikepdf.String)


def _strip_names(root: pikepdf.Object) -> set[str]:
    names = root.get("/Names")
    if not isinstance(names, pikepdf.Dictionary):
        if names is not None:
            del root["/Names"]
        return set()
    removed = set()
    for key in set(names.keys()) - {"/Dests"}:
        removed.add(_NAME_TREES.get(key, "private"))
        del names[key]
    return removed


def _strip_outlines(root: pikepdf.Object) -> set[str]:
    """Bookmarks keep their titles; only their harmless actions stay."""
    outlines = root.get("/Outlines")
    if not isinstance(outlines, pikepdf.Dictionary):
        return set()
    removed: set[str] = set()
    seen: set[tuple[int, int]] = set()
    waiting = [outlines]
    while waiting and len(seen) < _MOST_OUTLINES:
        node = waiting.pop()
        if not isinstance(node, pikepdf.Dictionary) or node.objgen in seen:
            continue
        seen.add(node.objgen)
        action = node.get("/A")
        if action is not None and not is_harmless(action):
            del node["/A"]
            removed.add("links")
        waiting += [node[key] for key in ("/First", "/Next") if key in node]
    return removed
