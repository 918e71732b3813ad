"""Pages: known entries stay, links are checked, everything else laid over a page is flattened."""

from __future__ import annotations

import pikepdf

from signing.cleaning import overlays
from signing.cleaning.actions import is_harmless
from signing.cleaning.walk import word

# ISO 32000-2, table 31.
_KEPT = {
    "/Type", "/Parent", "/Resources", "/MediaBox", "/CropBox", "/BleedBox", "/TrimBox", "/ArtBox",
    "/Contents", "/Rotate", "/Group", "/Annots", "/StructParents", "/Tabs", "/UserUnit",
    "/LastModified", "/Metadata", "/OutputIntents",
}  # fmt: skip
_WHAT_WENT = {"/AA": "actions", "/AF": "attachments"}
# Slide-show effects: nobody misses them, so they are not reported.
_EFFECTS = {"/Trans", "/Dur", "/PresSteps", "/Hid"}
_MEDIA = {"/Screen", "/Movie", "/Sound", "/3D", "/RichMedia"}
_FILES = {"/FileAttachment"}
# What a link may keep. ISO 32000-2, tables 166 and 176.
_LINK_KEPT = {
    "/Type", "/Subtype", "/Rect", "/P", "/F", "/H", "/QuadPoints", "/A", "/Dest", "/Contents",
    "/StructParent",
}  # fmt: skip


def strip(document: pikepdf.Pdf, *, is_signed: bool = False) -> set[str]:
    """Flatten forms and comments, drop what acts; tell what was removed.

    Of a signed file nothing is flattened: it is refused for having any of it.
    """
    removed = set()
    for page in document.pages:
        removed |= _strip_entries(page)
    gone: list[pikepdf.Object] = []
    links = [_take_annotations(document, page, removed, gone) for page in document.pages]
    if not is_signed:
        overlays.flatten(document)
    if "/AcroForm" in document.Root:
        removed.add("form")
        del document.Root["/AcroForm"]
    for annotation in gone:
        _empty(annotation)
    for page, kept in zip(document.pages, links, strict=True):
        if kept:
            page.obj["/Annots"] = document.make_indirect(pikepdf.Array(kept))
        elif "/Annots" in page.obj:
            del page.obj["/Annots"]
    return removed


def plant_tree(document: pikepdf.Pdf) -> None:
    """A page tree of one level: damaged or endless ones lead readers to different pages.

    What pages inherit was given to each of them when the file was opened.
    """
    kids = pikepdf.Array([page.obj for page in document.pages])
    tree = document.make_indirect(
        pikepdf.Dictionary(Type=pikepdf.Name.Pages, Kids=kids, Count=len(kids))
    )
    for page in document.pages:
        page.obj["/Type"] = pikepdf.Name.Page
        page.obj["/Parent"] = tree
    document.Root["/Pages"] = tree


def _strip_entries(page: pikepdf.Page) -> set[str]:
    extra = set(page.obj.keys()) - _KEPT
    for key in extra:
        del page.obj[key]
    return {_WHAT_WENT.get(key, "private") for key in extra - _EFFECTS}


def _take_annotations(
    document: pikepdf.Pdf, page: pikepdf.Page, removed: set[str], gone: list[pikepdf.Object]
) -> list[pikepdf.Object]:
    """Leave on the page what is to be flattened; give back the links that may stay."""
    links, flattened = [], []
    annotations = page.obj.get("/Annots")
    for annotation in annotations if isinstance(annotations, pikepdf.Array) else []:
        if not isinstance(annotation, pikepdf.Dictionary):
            continue
        subtype = word(annotation.get("/Subtype"))
        if subtype == "/Link":
            look = overlays.look_of(annotation)
            if look is not None:
                removed.add("comments")
                flattened.append(document.make_indirect(look))
            if _is_safe_link(annotation):
                links.append(annotation)
                continue
            removed.add("links")
        elif subtype in _MEDIA | _FILES:
            removed.add("media" if subtype in _MEDIA else "attachments")
        elif subtype != "/Popup":
            removed.add("form" if subtype == "/Widget" else "comments")
            flattened.append(annotation)
        gone.append(annotation)
    page.obj["/Annots"] = pikepdf.Array(flattened)
    return links


def _is_safe_link(annotation: pikepdf.Dictionary) -> bool:
    for key in set(annotation.keys()) - _LINK_KEPT:
        del annotation[key]
    # Some programs draw borders of links, and a thick one covers what is below.
    annotation["/Border"] = pikepdf.Array([0, 0, 0])
    action = annotation.get("/A")
    return is_harmless(action) if action is not None else "/Dest" in annotation


def _empty(annotation: pikepdf.Object) -> None:
    """The structure of a tagged file still points here: nothing may be found."""
    for key in set(annotation.keys()) - {"/Type"}:
        del annotation[key]
