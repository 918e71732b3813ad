"""Pages: known entries stay, links are checked, everything else laid over a page is flattened."""

from __future__ import annotations

import pikepdf

from signing.cleaning.actions import is_harmless
from signing.cleaning.refusal import Refusal
from signing.cleaning.walk import all_dictionaries

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
_PICTURE_EXTRAS = {"/Alternates": "alternates", "/OPI": "alternates", "/PieceInfo": "private"}


def strip(document: pikepdf.Pdf) -> set[str]:
    """Flatten forms and comments, drop what acts; tell what was removed."""
    removed = set()
    for page in document.pages:
        removed |= _strip_entries(page)
    links = [_take_annotations(page, removed) for page in document.pages]
    _flatten(document, removed)
    for page, kept in zip(document.pages, links, strict=True):
        if kept:
            page.obj["/Annots"] = document.make_indirect(pikepdf.Array(kept))
        elif "/Annots" in page.obj:
            del page.obj["/Annots"]
    for dictionary in all_dictionaries(document):
        removed |= _strip_picture(dictionary)
    return removed


def _strip_entries(page: pikepdf.Page) -> set[str]:
    extra = set(page.obj.keys()) - _KEPT
    for key in extra:
        del page.obj[key]
    return {_WHAT_WENT.get(key, "private") for key in extra - _EFFECTS}


def _take_annotations(page: pikepdf.Page, removed: set[str]) -> list[pikepdf.Object]:
    """Leave on the page what is to be flattened; give back the links that may stay."""
    links, flattened = [], []
    annotations = page.obj.get("/Annots")
    for annotation in annotations if isinstance(annotations, pikepdf.Array) else []:
        if not isinstance(annotation, pikepdf.Dictionary):
            continue
        subtype = str(annotation.get("/Subtype", ""))
        if subtype == "/Link":
            if _is_safe_link(annotation):
                links.append(annotation)
            else:
                removed.add("links")
        elif subtype in _MEDIA | _FILES:
            removed.add("media" if subtype in _MEDIA else "attachments")
        elif subtype != "/Popup":
            removed.add("form" if subtype == "/Widget" else "comments")
            flattened.append(annotation)
    page.obj["/Annots"] = pikepdf.Array(flattened)
    return links


def _is_safe_link(annotation: pikepdf.Dictionary) -> bool:
    for key in ("/AA", "/PA"):
        if key in annotation:
            del annotation[key]
    action = annotation.get("/A")
    return is_harmless(action) if action is not None else "/Dest" in annotation


def _flatten(document: pikepdf.Pdf, removed: set[str]) -> None:
    """What is visible on the screen becomes page content; what is not visible goes."""
    form = document.Root.get("/AcroForm")
    if isinstance(form, pikepdf.Dictionary) and form.get("/NeedAppearances") is True:
        _refuse_undrawn_text(document)
    try:
        if form is not None:
            document.generate_appearance_streams()
        document.flatten_annotations("screen")
    except (pikepdf.PdfError, RuntimeError) as error:
        raise Refusal("damaged") from error
    if form is not None:
        removed.add("form")
    if "/AcroForm" in document.Root:
        del document.Root["/AcroForm"]


def _refuse_undrawn_text(document: pikepdf.Pdf) -> None:
    """Fields whose look is left to the viewer: only plain Latin text can be drawn faithfully."""
    for dictionary in all_dictionaries(document):
        value = dictionary.get("/V") if "/T" in dictionary or "/FT" in dictionary else None
        if isinstance(value, pikepdf.String) and not str(value).isascii():
            raise Refusal("form_undrawn")


def _strip_picture(dictionary: pikepdf.Object) -> set[str]:
    """A picture for the printer that differs from the one on the screen, and private data."""
    removed = set()
    for key, what in _PICTURE_EXTRAS.items():
        if key in dictionary and isinstance(dictionary.get(key), pikepdf.Object):
            del dictionary[key]
            removed.add(what)
    return removed
