"""Layers (optional content): harmless when everything is visible always, else a reason to refuse.

A hidden layer can be switched on after signing, or printed though never shown
(the "shadow" attacks of 2020; CVE-2024-52271).
"""

from __future__ import annotations

from collections.abc import Iterator

import pikepdf

from signing.cleaning.refusal import Refusal
from signing.cleaning.walk import all_dictionaries

# ISO 32000-2, table 97: membership policies under which a group that is on shows its content.
_POSITIVE_POLICIES = {"/AnyOn", "/AllOn"}


def open_all(document: pikepdf.Pdf) -> set[str]:
    """Remove the switches of a file whose layers are all visible, in every mode."""
    properties = document.Root.get("/OCProperties")
    if properties is None:
        return set()
    if not isinstance(properties, pikepdf.Dictionary):
        raise Refusal("layers")
    for configuration in _configurations(properties):
        _refuse_hidden(configuration)
    for dictionary in all_dictionaries(document):
        _refuse_conditions(dictionary)
    del document.Root["/OCProperties"]
    return {"layers"}


def _configurations(properties: pikepdf.Dictionary) -> Iterator[pikepdf.Object]:
    default = properties.get("/D")
    if not isinstance(default, pikepdf.Dictionary):
        raise Refusal("layers")
    yield default
    yield from properties.get("/Configs", [])


def _refuse_hidden(configuration: pikepdf.Object) -> None:
    base = configuration.get("/BaseState", "/ON")
    hidden = len(configuration.get("/OFF", []))
    if base != "/ON" or hidden:
        raise Refusal("layers")


def _refuse_conditions(dictionary: pikepdf.Object) -> None:
    """A group tied to print, export, zoom or language, and a membership that means "not"."""
    kind = dictionary.get("/Type")
    if kind == "/OCMD":
        if "/VE" in dictionary or str(dictionary.get("/P", "/AnyOn")) not in _POSITIVE_POLICIES:
            raise Refusal("layers")
    elif kind == "/OCG" and not _is_always_visible(dictionary.get("/Usage")):
        raise Refusal("layers")


def _is_always_visible(usage: object) -> bool:
    if not isinstance(usage, pikepdf.Dictionary):
        return True
    states = {
        str(part.get(key))
        for name, key in (("/Print", "/PrintState"), ("/View", "/ViewState"))
        if isinstance(part := usage.get(name), pikepdf.Dictionary) and key in part
    }
    return "/Zoom" not in usage and "/User" not in usage and "/OFF" not in states
