"""Every dictionary of a file, those inside other objects included."""

from __future__ import annotations

from collections.abc import Iterator

import pikepdf

_DEEPEST = 200


def all_dictionaries(document: pikepdf.Pdf) -> Iterator[pikepdf.Object]:
    """Each dictionary (a stream counts as one) once, the trailer's included."""
    for top in [*document.objects, document.trailer]:
        yield from _inside(top, 0)


def _inside(value: object, depth: int) -> Iterator[pikepdf.Object]:
    """Direct values only: what is behind a reference is an object of its own."""
    if depth > _DEEPEST:
        return
    if isinstance(value, pikepdf.Dictionary | pikepdf.Stream):
        yield value
        for key in value.keys():  # noqa: SIM118 - iterating a Stream is not iterating its keys
            yield from _direct(value.get(key), depth)
    elif isinstance(value, pikepdf.Array):
        for item in value:
            yield from _direct(item, depth)


def _direct(value: object, depth: int) -> Iterator[pikepdf.Object]:
    if isinstance(value, pikepdf.Object) and not value.is_indirect:
        yield from _inside(value, depth + 1)
