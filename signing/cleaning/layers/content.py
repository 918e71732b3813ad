"""The drawing operators of one stream without those that belong to a hidden layer."""

from __future__ import annotations

from collections.abc import Iterable

import pikepdf
from pikepdf import Operator

from signing.cleaning.layers.visibility import Visibility
from signing.cleaning.refusal import Refusal
from signing.cleaning.walk import word

_PAINT = {"S", "s", "f", "F", "f*", "B", "B*", "b", "b*"}
_SHOW_TEXT = {"Tj", "TJ", "'", '"'}
_MOVE_TEXT = {"Td", "TD", "Tm", "T*", "BT"}
_DROPPED = {"Do", "sh", "INLINE IMAGE", "Tj", "TJ", "MP", "DP"}


def without_hidden(
    stream: pikepdf.Page | pikepdf.Object, resources: object, visibility: Visibility
) -> bytes:
    """The content stream as bytes: hidden marks taken out, the graphics state kept.

    State that is set inside a hidden layer holds after it (ISO 32000-2, 8.11.3.1), so only what
    paints is dropped. Raises Refusal("layers") for content that cannot be parted so.
    """
    try:
        instructions = pikepdf.parse_content_stream(stream)
    except (pikepdf.PdfError, pikepdf.PdfParsingError, TypeError) as error:
        raise Refusal("layers") from error
    return bytes(pikepdf.unparse_content_stream(_Sieve(resources, visibility).sift(instructions)))


class _Sieve:
    def __init__(self, resources: object, visibility: Visibility) -> None:
        self.resources = resources
        self.visibility = visibility
        # For each open mark: whether it hides; None for a mark that is no layer's.
        self.marks: list[bool | None] = []
        self.is_text_moved = False

    def sift(self, instructions: Iterable[object]) -> list[object]:
        kept: list[object] = []
        for instruction in instructions:
            operator = word(instruction.operator)  # type: ignore[attr-defined]
            operands = list(instruction.operands)  # type: ignore[attr-defined]
            if operator in ("BDC", "BMC"):
                self._open(operator, operands, instruction, kept)
            elif operator == "EMC":
                self._close(instruction, kept)
            elif True in self.marks:
                kept += self._hidden(operator, operands, instruction)
            elif operator != "Do" or self._is_shown(operands):
                self._refuse_moved(operator)
                kept.append(instruction)
        return kept

    def _open(
        self, operator: str, operands: list[object], instruction: object, kept: list[object]
    ) -> None:
        is_layer = operator == "BDC" and len(operands) == 2 and word(operands[0]) == "/OC"
        if is_layer:
            self.marks.append(not self.visibility.shows(self._layer(operands[1])))
        else:
            self.marks.append(None)
            kept.append(instruction)

    def _close(self, instruction: object, kept: list[object]) -> None:
        # A closing mark too many closes nothing.
        if self.marks and self.marks.pop() is None:
            kept.append(instruction)

    def _layer(self, name: object) -> object:
        if isinstance(name, pikepdf.Dictionary):
            return name
        return _named(self.resources, "/Properties", name)

    def _is_shown(self, operands: list[object]) -> bool:
        drawn = _named(self.resources, "/XObject", operands[0] if operands else None)
        layer = drawn.get("/OC") if isinstance(drawn, pikepdf.Stream) else None
        return layer is None or self.visibility.shows(layer)

    def _hidden(self, operator: str, operands: list[object], instruction: object) -> list[object]:
        if operator in _SHOW_TEXT:
            self.is_text_moved = True
        self._refuse_moved(operator if operator in _MOVE_TEXT else "")
        if operator in _PAINT:
            # The path ends without paint, so that a clip made of it still holds.
            return [([], Operator("n"))]
        if operator == "'":
            return [([], Operator("T*"))]
        if operator == '"':
            spacing = [([operands[0]], Operator("Tw")), ([operands[1]], Operator("Tc"))]
            return [*spacing, ([], Operator("T*"))]
        return [] if operator in _DROPPED else [instruction]

    def _refuse_moved(self, operator: str) -> None:
        """Text that would follow dropped text directly would move to its place."""
        if operator in _MOVE_TEXT:
            self.is_text_moved = False
        elif operator in _SHOW_TEXT and self.is_text_moved:
            raise Refusal("layers")


def _named(resources: object, kind: str, name: object) -> object:
    group = resources.get(kind) if isinstance(resources, pikepdf.Dictionary) else None
    if not isinstance(group, pikepdf.Dictionary) or not isinstance(name, pikepdf.Name):
        return None
    return group.get(name)
