"""Every dictionary of a file, those inside other objects included."""

from __future__ import annotations

from collections.abc import Iterator

import pikepdf

_DEEPEST = 200
# Of all fonts, all pictures and so on. ISO 32000-2, table 34.
_RESOURCES_OF_A_KIND = "resources of a kind"
# ISO 32000-2, 14.3.3, 12.3.2.4, 9.6.4, 8.6.6.5 and 14.7.
_FREELY_NAMED = {
    _RESOURCES_OF_A_KIND, "/Info", "/Dests", "/CharProcs", "/Colorants", "/RoleMap", "/ClassMap",
}  # fmt: skip


def all_dictionaries(document: pikepdf.Pdf) -> Iterator[pikepdf.Object]:
    """Each dictionary (a stream counts as one) once, the trailer's included."""
    for top in [*document.objects, document.trailer]:
        yield from _inside(top, 0)


def meaningful_dictionaries(document: pikepdf.Pdf) -> Iterator[pikepdf.Object]:
    """Each dictionary that will be written and whose keys are words of the format, once.

    Where a file gives names of its own (resources, glyphs, destinations), a key like /AA is such
    a name; an object that is also reached in another way is looked at there.
    """
    waiting: list[tuple[object, str]] = [(document.trailer, "")]
    seen: set[tuple[tuple[int, int], bool, bool]] = set()
    while waiting:
        value, place = waiting.pop()
        if not isinstance(value, pikepdf.Object):
            continue
        is_named_freely = place in _FREELY_NAMED and isinstance(value, pikepdf.Dictionary)
        is_resources = place == "/Resources"
        if value.is_indirect:
            role = (value.objgen, is_named_freely, is_resources)
            if role in seen:
                continue
            seen.add(role)
        if isinstance(value, pikepdf.Array):
            waiting += [(item, "") for item in value]
        elif isinstance(value, pikepdf.Dictionary | pikepdf.Stream):
            if not is_named_freely:
                yield value
            # Afterwards: who was given the dictionary may have taken something out.
            waiting += [
                (value[key], _place_below(key, is_named_freely, is_resources))
                for key in value.keys()  # noqa: SIM118 - see _inside
            ]


def _place_below(key: str, is_named_freely: bool, is_resources: bool) -> str:
    if is_resources:
        return _RESOURCES_OF_A_KIND
    return "" if is_named_freely else key


def word(value: object) -> str:
    """A name or an operator as text, "" for anything else; never fails, whatever its bytes are."""
    if not isinstance(value, pikepdf.Name | pikepdf.Operator):
        return ""
    return value.unparse().decode("ascii", "replace")


def _inside(value: object, depth: int) -> Iterator[pikepdf.Object]:
    """Direct values only: what is behind a reference is an object of its own."""
    if depth > _DEEPEST:
        return
    if isinstance(value, pikepdf.Dictionary | pikepdf.Stream):
        yield value
        for key in value.keys():  # noqa: SIM118 - iterating a Stream is not iterating its keys
            # `get` refuses names that are no UTF-8 (older programs write Windows-1251).
            yield from _direct(value[key], depth)
    elif isinstance(value, pikepdf.Array):
        for item in value:
            yield from _direct(item, depth)


def _direct(value: object, depth: int) -> Iterator[pikepdf.Object]:
    if isinstance(value, pikepdf.Object) and not value.is_indirect:
        yield from _inside(value, depth + 1)
