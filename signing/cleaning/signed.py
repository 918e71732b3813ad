"""A file that is signed already: taken as it is to the last byte, or not at all.

Cleaning would break its signatures. So a copy is cleaned, and where that takes nothing away and
changes no page, the file itself was clean. Its signatures must hold, and must go on holding when
more are added: that is tried out, because what a signature allows is told in too many places
(certification, field locks, the structure of the form) to be believed.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pikepdf

from signing.cleaning import boxes, catalogue, leftovers, rendering
from signing.cleaning.refusal import Refusal
from signing.cleaning.walk import word

# What signing leaves in the catalogue: fields, permissions of a certification, validation data.
_OF_SIGNATURES = ("/AcroForm", "/Perms", "/DSS")
# What a signature field and its widget may hold. ISO 32000-2, tables 166, 226, 234 and 192.
_FIELD_KEPT = {
    "/FT", "/Parent", "/Kids", "/T", "/TU", "/TM", "/Ff", "/V", "/DA", "/Q", "/Lock", "/SV",
    "/Type", "/Subtype", "/Rect", "/P", "/NM", "/M", "/F", "/AP", "/AS", "/Border", "/BS", "/C",
    "/MK", "/H", "/StructParent", "/Contents", "/DR",
}  # fmt: skip
# Programs that add revisions count the objects in several ways; nothing is looked up by it.
_HARMLESS_WARNING = "reported number of objects"
_MOST_FIELDS = 200
_PRINTED, _NOT_EVERYWHERE = 1 << 2, 1 << 1 | 1 << 5 | 1 << 8
# Fields of our own files (signing.embedded.fields): once everybody has signed, they are closed.
_OWN_PREFIX = "SIGNX_"
_TOLD = ("field", "name", "subject", "issuer", "serial", "fingerprint", "signed_at")
_LONGEST_TEXT = 500

Facts = dict[str, Any]


def set_aside(document: pikepdf.Pdf) -> None:
    """Take out of the copy what belongs to signatures: after this it is as any other file.

    Raises Refusal for fields of other kinds or still empty, and for what cleaning mends without
    a word: protection, damage, crooked page boxes.
    """
    if document.is_encrypted:
        raise unclean("protection")
    if not all(_HARMLESS_WARNING in str(warning) for warning in document.get_warnings()):
        raise unclean("damage")
    if not boxes.are_normal(document):
        raise unclean("boxes")
    _set_fields_aside(document)
    for key in _OF_SIGNATURES:
        if key in document.Root:
            del document.Root[key]


def unclean(*what: str) -> Refusal:
    """`what` are keys of `signing.intake.HINDRANCES`."""
    return Refusal("signed_unclean", what=list(what))


def refuse_unclean(data: bytes, result: bytes, removed: set[str]) -> None:
    """Raises Refusal when the cleaning took anything from the copy, or changed its look."""
    if removed:
        raise unclean(*sorted(removed))
    with pikepdf.open(io.BytesIO(data)) as document:
        catalogue.drop_first_view(document.Root)
        # Some things go without being told, such as the actions of a link's own.
        leftovers.refuse_active_content(document)
    # Two programs have read the file, each in its own way. Only signatures and links lie over
    # its pages, and those of the copy were set aside.
    if not rendering.is_same_look(data, result, with_annotations=False):
        raise unclean("look")


def proven_signatures(data: bytes, trial_seconds: float) -> list[Facts]:
    """What the file's signatures say of themselves, in the order they were made.

    Raises Refusal when one does not hold, or would not after the next one.
    """
    # Late, see there.
    from signing.cleaning import trial
    from signing.verification.examine import examine
    from signing.verification.trust import Trust

    found = examine(data, trust=Trust(), at=datetime.now(UTC))
    if doubts := trial.doubts(found):
        raise Refusal("signed_broken", why=doubts)
    if not trial.is_sealable(data, trial_seconds):
        raise Refusal("signed_closed")
    return [
        {name: _plain(signature.get(name, "")) for name in _TOLD}
        for signature in found["signatures"]
    ]


def _plain(text: str) -> str:
    """Without what a database or a page could stumble over."""
    return "".join(sign for sign in str(text) if sign.isprintable())[:_LONGEST_TEXT]


def _set_fields_aside(document: pikepdf.Pdf) -> None:
    known = set()
    for field, is_filled in _fields(document.Root.get("/AcroForm")):
        if set(field.keys()) - _FIELD_KEPT:
            raise unclean("actions")
        if not _has_one_look(field):
            raise unclean("look")
        if str(field.get("/T", "")).startswith(_OWN_PREFIX):
            raise Refusal("signed_closed")
        if not is_filled:
            raise Refusal("signed_waiting")
        known.add(field.objgen)
    for page in document.pages:
        annotations = page.obj.get("/Annots")
        if isinstance(annotations, pikepdf.Array):
            others = [one for one in annotations if getattr(one, "objgen", None) not in known]
            page.obj["/Annots"] = pikepdf.Array(others)


def _has_one_look(field: pikepdf.Object) -> bool:
    """The same picture on the screen and on paper, whatever the pointer does.

    Source: ISO 32000-2, tables 167 (Hidden, Print, NoView, ToggleNoView) and 170.
    """
    looks = field.get("/AP")
    if looks is None:
        return True
    if not isinstance(looks, pikepdf.Dictionary) or set(looks.keys()) != {"/N"}:
        return False
    left, bottom, right, top = (float(side) for side in field.get("/Rect", (0, 0, 0, 0)))
    flags = int(field.get("/F", 0))
    is_shown_everywhere = flags & _PRINTED and not flags & _NOT_EVERYWHERE
    is_visible = left != right and bottom != top
    return isinstance(looks["/N"], pikepdf.Stream) and bool(is_shown_everywhere or not is_visible)


def _fields(form: object) -> Iterator[tuple[pikepdf.Object, bool]]:
    """Every node of the tree of fields, and whether a signature stands in it or above it.

    Raises Refusal for a field of another kind.
    """
    if not isinstance(form, pikepdf.Dictionary):
        return
    waiting = [(field, "", False) for field in _items(form.get("/Fields"))]
    count = 0
    while waiting:
        field, kind, is_filled = waiting.pop()
        count += 1
        if count > _MOST_FIELDS or not isinstance(field, pikepdf.Dictionary):
            raise unclean("form")
        if not field.is_indirect:
            raise unclean("form")
        kind = word(field.get("/FT")) or kind
        is_filled = is_filled or isinstance(field.get("/V"), pikepdf.Dictionary)
        kids = _items(field.get("/Kids"))
        if not kids and kind != "/Sig":
            raise unclean("form")
        yield field, is_filled or bool(kids)
        waiting += [(kid, kind, is_filled) for kid in kids]


def _items(value: object) -> list[pikepdf.Object]:
    return list(value) if isinstance(value, pikepdf.Array) else []
