"""Layers are flattened at intake to what the screen shows, or the file is refused."""

from __future__ import annotations

import io

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name

from signing.intake import take_in
from tests.signing import papers
from tests.signing.papers_taken_in import (
    annotation,
    pixel,
    reachable_text,
    refusal_of,
    square,
)

RED_BOX = b"/OC %b BDC 1 0 0 rg 100 100 60 30 re f EMC"


def layered(
    *,
    off: bool = False,
    usage: Dictionary | None = None,
    policy: str = "",
    expression: str = "",
    base: str = "",
    drawn: bytes = RED_BOX,
) -> bytes:
    def change(pdf: pikepdf.Pdf) -> None:
        group = Dictionary(Type=Name.OCG, Name=b"L")
        if usage is not None:
            group.Usage = usage
        group = pdf.make_indirect(group)
        default = Dictionary(Order=Array([group]))
        if off:
            default.OFF = Array([group])
        if base:
            default.BaseState = Name(base)
        pdf.Root.OCProperties = Dictionary(OCGs=Array([group]), D=default)
        member = group
        if policy:
            member = pdf.make_indirect(
                Dictionary(Type=Name.OCMD, OCGs=Array([group]), P=Name(policy))
            )
        if expression:
            rule = Array([Name(expression), group])
            member = pdf.make_indirect(Dictionary(Type=Name.OCMD, VE=rule))
        page = pdf.pages[0]
        name = page.add_resource(member, Name.Properties)
        page.contents_add(pikepdf.Stream(pdf, drawn % str(name).encode()))

    return papers.changed(papers.contract(), change)


def test_visible_layers_lose_only_their_switches() -> None:
    result = take_in(layered())

    assert result.removed == ("layers",)
    assert pixel(result.pdf, 120, 115) == (255, 0, 0)
    assert "/OC" not in reachable_text(result.pdf)


@pytest.mark.parametrize(
    "pdf",
    [layered(off=True), layered(policy="/AllOff"), layered(expression="/Not")],
    ids=["off", "negative", "expression"],
)
def test_hidden_layers_leave_the_file(pdf: bytes) -> None:
    result = take_in(pdf)

    assert result.removed == ("layers",)
    assert pixel(result.pdf, 120, 115) == (255, 255, 255)
    with pikepdf.open(io.BytesIO(result.pdf)) as document:
        operators = [str(item.operator) for item in pikepdf.parse_content_stream(document.pages[0])]
        assert operators.count("f") == 0
        assert "/OCProperties" not in document.Root


def test_a_layer_that_only_the_printer_hides_stays_as_the_screen_shows_it() -> None:
    result = take_in(layered(usage=Dictionary(Print=Dictionary(PrintState=Name.OFF))))

    assert pixel(result.pdf, 120, 115) == (255, 0, 0)


def test_text_and_state_around_a_hidden_layer_stay_in_place() -> None:
    drawn = (
        b"q /OC %b BDC 1 0 0 RG 1 0 0 rg 2 0 0 2 0 0 cm 0 0 60 30 re f "
        b"BI /W 1 /H 1 /BPC 8 /CS /G ID \x00 EI BT /F1 9 Tf (x) Tj ET EMC 50 50 10 10 re f Q"
    )

    result = take_in(layered(off=True, drawn=drawn))

    assert pixel(result.pdf, 110, 110) == (255, 0, 0)
    assert pixel(result.pdf, 20, 20) == (255, 255, 255)


def hidden_drawing(subtype: Name) -> bytes:
    def change(pdf: pikepdf.Pdf) -> None:
        group = pdf.make_indirect(Dictionary(Type=Name.OCG, Name=b"L"))
        pdf.Root.OCProperties = Dictionary(OCGs=Array([group]), D=Dictionary(OFF=Array([group])))
        drawing = square(pdf, b"1 0 0")
        drawing.OC = group
        page = pdf.pages[0]
        name = page.add_resource(drawing, Name.XObject)
        page.contents_add(pikepdf.Stream(pdf, b"q %b Do Q" % str(name).encode()))
        note = annotation(pdf, Subtype=subtype, OC=group)
        if subtype != Name.Link:
            note.AP = Dictionary(N=square(pdf, b"0 1 0"))
        page.obj.Annots = Array([note])

    return papers.changed(papers.contract(), change)


def test_a_hidden_drawing_and_a_hidden_link_leave_the_file() -> None:
    result = take_in(hidden_drawing(Name.Link))

    assert pixel(result.pdf, 20, 20) == (255, 255, 255)
    assert "/Link" not in reachable_text(result.pdf)


def test_a_hidden_comment_is_refused_because_some_programs_show_it() -> None:
    assert refusal_of(hidden_drawing(Name.Square)).detail == "layers"


@pytest.mark.parametrize(
    "pdf",
    [
        layered(base="/OFF"),
        layered(base="/Unchanged"),
        layered(usage=Dictionary(View=Dictionary(ViewState=Name.OFF))),
        layered(usage=Dictionary(Zoom=Dictionary(min=2))),
        layered(policy="/Sometimes"),
        layered(off=True, drawn=b"BT /F1 9 Tf /OC %b BDC (price) Tj EMC (100) Tj ET"),
    ],
    ids=["base off", "base unchanged", "view", "zoom", "unknown policy", "inside a line"],
)
def test_layers_that_programs_show_differently_are_refused(pdf: bytes) -> None:
    assert refusal_of(pdf).detail == "layers"
