"""Which layers the screen shows when a file is opened. Source: ISO 32000-2, 8.11."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pikepdf

from signing.cleaning.refusal import Refusal
from signing.cleaning.walk import word

# Nested expressions and lists of layers; deeper ones are no document of an honest program.
_DEEPEST = 20
_POLICIES: dict[str, Callable[[Iterable[bool]], bool]] = {
    "/AllOn": all,
    "/AnyOn": any,
    "/AnyOff": lambda states: not all(states),
    "/AllOff": lambda states: not any(states),
}


class Visibility:
    """The state of every layer by the file's default configuration.

    Raises Refusal("layers") where viewers disagree: a zoom or a user as a condition, a state
    for the screen that contradicts the configuration, a configuration that is no such thing.
    """

    def __init__(self, document: pikepdf.Pdf) -> None:
        self._off: set[tuple[int, int]] = set()
        self.has_hidden = False
        properties = document.Root.get("/OCProperties")
        if properties is not None:
            self._read(properties)

    def _read(self, properties: object) -> None:
        default = properties.get("/D") if isinstance(properties, pikepdf.Dictionary) else None
        if not isinstance(default, pikepdf.Dictionary) or default.get("/BaseState", "/ON") != "/ON":
            raise Refusal("layers")
        off = default.get("/OFF", pikepdf.Array())
        if not isinstance(off, pikepdf.Array):
            raise Refusal("layers")
        self._off = {group.objgen for group in off if isinstance(group, pikepdf.Dictionary)}

    def shows(self, layer: object) -> bool:
        """Whether content that belongs to this group or membership is on the screen."""
        shown = self._shows(layer, 0)
        self.has_hidden = self.has_hidden or not shown
        return shown

    def _shows(self, layer: object, depth: int) -> bool:
        if depth > _DEEPEST or not isinstance(layer, pikepdf.Dictionary):
            raise Refusal("layers")
        if layer.get("/Type") != "/OCMD":
            return self._is_on(layer)
        expression = layer.get("/VE")
        if isinstance(expression, pikepdf.Array):
            return self._holds(expression, depth + 1)
        policy = _POLICIES.get(word(layer.get("/P", pikepdf.Name.AnyOn)))
        groups = layer.get("/OCGs")
        if policy is None:
            raise Refusal("layers")
        members = list(groups) if isinstance(groups, pikepdf.Array) else [groups]
        states = [self._is_on(group) for group in members if isinstance(group, pikepdf.Dictionary)]
        # A membership without groups hides nothing.
        return policy(states) if states else True

    def _holds(self, expression: pikepdf.Array, depth: int) -> bool:
        if depth > _DEEPEST or not len(expression):
            raise Refusal("layers")
        operands = [
            self._holds(item, depth + 1)
            if isinstance(item, pikepdf.Array)
            else self._shows(item, depth + 1)
            for item in list(expression)[1:]
        ]
        operator = word(expression[0])
        if operator == "/Not" and len(operands) == 1:
            return not operands[0]
        if operator in ("/And", "/Or") and operands:
            return all(operands) if operator == "/And" else any(operands)
        raise Refusal("layers")

    def _is_on(self, group: pikepdf.Object) -> bool:
        is_on = group.objgen not in self._off or not group.is_indirect
        usage = group.get("/Usage")
        if isinstance(usage, pikepdf.Dictionary):
            self._refuse_conditions(usage, is_on)
        return is_on

    def _refuse_conditions(self, usage: pikepdf.Dictionary, is_on: bool) -> None:
        """Some viewers apply a usage always, others only where the configuration asks for it."""
        view = usage.get("/View")
        state = view.get("/ViewState") if isinstance(view, pikepdf.Dictionary) else None
        contradicts = state is not None and (state != "/OFF") != is_on
        if contradicts or "/Zoom" in usage or "/User" in usage:
            raise Refusal("layers")
