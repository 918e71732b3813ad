"""Pages: known entries stay, links are checked, everything else laid over a page is flattened."""

from __future__ import annotations

import pikepdf

from signing.cleaning.actions import is_harmless
from signing.cleaning.refusal import Refusal
from signing.cleaning.walk import all_dictionaries, word

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
    "/Type", "/Subtype", "/Rect", "/P", "/F", "/Border", "/BS", "/C", "/H", "/QuadPoints", "/A",
    "/Dest", "/Contents", "/StructParent",
}  # fmt: skip


def strip(document: pikepdf.Pdf) -> set[str]:
    """Flatten forms and comments, drop what acts; tell what was removed."""
    removed = set()
    for page in document.pages:
        removed |= _strip_entries(page)
    gone: list[pikepdf.Object] = []
    links = [_take_annotations(page, removed, gone) for page in document.pages]
    _flatten(document, removed)
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
    page: pikepdf.Page, removed: set[str], gone: list[pikepdf.Object]
) -> list[pikepdf.Object]:
    """Leave on the page what is to be flattened; give back the links that may stay."""
    links, flattened = [], []
    annotations = page.obj.get("/Annots")
    for annotation in annotations if isinstance(annotations, pikepdf.Array) else []:
        if not isinstance(annotation, pikepdf.Dictionary):
            continue
        subtype = word(annotation.get("/Subtype"))
        if subtype == "/Link":
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
    action = annotation.get("/A")
    return is_harmless(action) if action is not None else "/Dest" in annotation


def _flatten(document: pikepdf.Pdf, removed: set[str]) -> None:
    """What is visible on the screen becomes page content; what is not visible goes."""
    form = document.Root.get("/AcroForm")
    if isinstance(form, pikepdf.Dictionary) and form.get("/NeedAppearances") is True:
        _refuse_undrawn_text(document)
    if form is not None:
        document.generate_appearance_streams()
        removed.add("form")
    document.flatten_annotations("screen")
    if "/AcroForm" in document.Root:
        del document.Root["/AcroForm"]


def _refuse_undrawn_text(document: pikepdf.Pdf) -> None:
    """Fields whose look is left to the viewer: only plain Latin text can be drawn faithfully."""
    for dictionary in all_dictionaries(document):
        value = dictionary.get("/V") if "/T" in dictionary or "/FT" in dictionary else None
        if isinstance(value, pikepdf.String) and not bytes(value).isascii():
            raise Refusal("form_undrawn")


def _empty(annotation: pikepdf.Object) -> None:
    """The structure of a tagged file still points here: nothing may be found."""
    for key in set(annotation.keys()) - {"/Type"}:
        del annotation[key]
