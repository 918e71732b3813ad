"""What lies over the pages: kept as it is drawn, or the file is refused; never lost in silence."""

from __future__ import annotations

import io
import zlib

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, String

from signing.intake import take_in
from tests.signing import papers
from tests.signing.papers_taken_in import Change, annotation, pixel, refusal_of, square

RED, WHITE = (255, 0, 0), (255, 255, 255)


def overlaid(**entries: object) -> bytes:
    """A contract with one annotation on it, which is drawn red when `AP` is True."""

    def change(pdf: pikepdf.Pdf) -> None:
        is_drawn, needs = entries.pop("AP", False), entries.pop("NeedAppearances", None)
        found = annotation(pdf, **entries)
        if is_drawn:
            found.AP = Dictionary(N=square(pdf, b"1 0 0"))
        pdf.pages[0].obj.Annots = Array([found])
        if "FT" in entries:
            pdf.Root.AcroForm = Dictionary(Fields=Array([found]))
            if needs is not None:
                pdf.Root.AcroForm.NeedAppearances = needs

    return papers.changed(papers.contract(), change)


def field(value: object, **entries: object) -> bytes:
    kind = {"Subtype": Name.Widget, "FT": Name.Tx, "T": b"name", "V": value}
    return overlaid(**(kind | entries))


@pytest.mark.parametrize("needs", [None, True], ids=["drawn", "to_be_drawn"])
@pytest.mark.parametrize("value", ["Ivanov", "Иванов"])
def test_a_field_stays_as_the_file_draws_it_in_any_language(value: str, needs: bool | None) -> None:
    taken = take_in(field(String(value), AP=True, NeedAppearances=needs))

    assert taken.removed == ("form",)
    assert pixel(taken.pdf, 120, 115) == RED


@pytest.mark.parametrize(
    "entries",
    [
        {"V": String("Ivanov")},
        {"V": String("Ivanov"), "NeedAppearances": True},
        {"V": String("first\nsecond"), "Ff": 1 << 12, "NeedAppearances": True},
        {"V": String("secret"), "Ff": 1 << 13, "NeedAppearances": True},
        {"V": String("1234567890"), "Ff": 1 << 24, "MaxLen": 10, "NeedAppearances": True},
        {"V": Array([String("one")]), "FT": Name.Ch},
        {"V": Name.Yes, "FT": Name.Btn},
    ],
    ids=["unasked", "asked", "lines", "password", "comb", "choice", "tick"],
)
def test_a_field_that_is_filled_but_not_drawn_is_refused(entries: dict[str, object]) -> None:
    value = entries.pop("V")

    assert refusal_of(field(value, **entries)).detail == "form_undrawn"


@pytest.mark.parametrize("value", [String(""), Name.Off], ids=["text", "tick"])
def test_an_empty_field_goes(value: object) -> None:
    assert take_in(field(value)).removed == ("form",)


def test_a_hidden_field_goes_though_it_is_filled() -> None:
    def hide(pdf: pikepdf.Pdf) -> None:
        pdf.pages[0].obj.Annots[0].F = 2

    assert take_in(papers.changed(field(String("Иванов")), hide)).removed == ("form",)


@pytest.mark.parametrize("kind", ["FreeText", "Stamp", "Ink", "Square", "StrikeOut", "Highlight"])
def test_a_mark_that_is_not_drawn_is_refused(kind: str) -> None:
    mark = overlaid(Subtype=Name(f"/{kind}"), Contents=b"paid")

    assert refusal_of(mark).detail == "comments_undrawn"


def test_a_note_that_is_but_an_icon_goes() -> None:
    assert take_in(overlaid(Subtype=Name.Text, Contents=b"see me")).removed == ("comments",)


def test_a_stamp_that_strange_programs_may_hide_stays() -> None:
    def flag(pdf: pikepdf.Pdf) -> None:
        pdf.pages[0].obj.Annots[0].F = 1

    taken = take_in(papers.changed(overlaid(Subtype=Name.Stamp, AP=True), flag))

    assert pixel(taken.pdf, 120, 115) == RED


def test_what_a_link_draws_becomes_part_of_the_page_and_is_told() -> None:
    action = Dictionary(S=Name.URI, URI=b"https://sign.example/offer")

    taken = take_in(overlaid(Subtype=Name.Link, A=action, AP=True))

    assert taken.removed == ("comments",)
    assert pixel(taken.pdf, 120, 115) == RED
    assert list(link_of(taken.pdf).Border) == [0, 0, 0]


def test_a_link_has_no_border_that_some_programs_draw() -> None:
    action = Dictionary(S=Name.URI, URI=b"https://sign.example/offer")
    thick = {"Border": Array([0, 0, 60]), "BS": Dictionary(W=60), "C": Array([1, 1, 1])}

    link = link_of(take_in(overlaid(Subtype=Name.Link, A=action, **thick)).pdf)

    assert list(link.Border) == [0, 0, 0]
    assert not {"/BS", "/C"} & set(link.keys())


def link_of(pdf: bytes) -> pikepdf.Object:
    with pikepdf.open(io.BytesIO(pdf)) as document:
        (link,) = document.pages[0].obj.Annots
        return pikepdf.Dictionary({key: link[key] for key in link.keys() if key != "/P"})  # noqa: SIM118


def state(**entries: object) -> Change:
    def change(pdf: pikepdf.Pdf) -> None:
        name = pdf.pages[0].add_resource(Dictionary(entries), Name.ExtGState)
        pdf.pages[0].contents_add(b"%s gs 0 g 100 100 60 30 re f" % str(name).encode())

    return change


INVERTED = Dictionary(FunctionType=2, Domain=[0, 1], C0=[1], C1=[0], N=1)


@pytest.mark.parametrize(
    ("entries", "removed"),
    [
        ({"/OP": True, "/op": True, "/OPM": 1}, ("printing",)),
        ({"/OP": False, "/TR": Name.Identity, "/TR2": Name.Default}, ()),
        ({"/HT": Name.Default}, ()),
    ],
    ids=["overprint", "plain", "halftone"],
)
def test_settings_for_presses_go(entries: dict[str, object], removed: tuple[str, ...]) -> None:
    def change(pdf: pikepdf.Pdf) -> None:
        state(**entries)(pdf)

    taken = take_in(papers.changed(papers.contract(), change))

    assert taken.removed == removed
    with pikepdf.open(io.BytesIO(taken.pdf)) as document:
        left = repr(document.pages[0].obj.Resources.ExtGState)
    assert not any(key in left for key in ('"/OP"', '"/TR"', '"/TR2"', '"/HT"'))


def test_a_transfer_function_that_changes_the_page_is_refused() -> None:
    paper = papers.changed(papers.contract(), state(**{"/TR": INVERTED}))

    assert refusal_of(paper).detail == "printing"


TINT = Dictionary(FunctionType=2, Domain=[0, 1], C0=[1], C1=[1], N=1)


def none() -> Array:
    return Array([Name.Separation, Name("/None"), Name.DeviceGray, TINT])


@pytest.mark.parametrize(
    ("space", "is_refused"),
    [
        (none(), True),
        (Array([Name.DeviceN, Array([Name.Black, Name("/None")]), Name.DeviceGray, TINT]), True),
        (Array([Name.Indexed, none(), 1, String("\x00\x01")]), True),
        (Array([Name.Pattern, none()]), True),
        (Array([Name.Separation, Name.Black, Name.DeviceGray, TINT]), False),
    ],
    ids=["separation", "several", "indexed", "pattern", "black"],
)
def test_a_cover_that_only_some_programs_paint_is_refused(space: Array, is_refused: bool) -> None:
    def change(pdf: pikepdf.Pdf) -> None:
        name = pdf.pages[0].add_resource(space, Name.ColorSpace)
        pdf.pages[0].contents_add(b"%s cs 1 scn 60 500 400 200 re f" % str(name).encode())

    paper = papers.changed(papers.contract(), change)

    if is_refused:
        assert refusal_of(paper).detail == "printing"
    else:
        assert take_in(paper).removed == ()


def picture(content: bytes = b"\x00" * 12, **entries: object) -> Change:
    usual = {
        "Type": Name.XObject,
        "Subtype": Name.Image,
        "Width": 2,
        "Height": 2,
        "BitsPerComponent": 8,
        "ColorSpace": Name.DeviceRGB,
    }

    def change(pdf: pikepdf.Pdf) -> None:
        entries_left = {key: value for key, value in (usual | entries).items() if value is not None}
        image = pikepdf.Stream(pdf, content, **entries_left)
        name = pdf.pages[0].add_resource(pdf.make_indirect(image), Name.XObject)
        pdf.pages[0].contents_add(b"%s Do" % str(name).encode())

    return change


def inline(coded: bytes) -> Change:
    def change(pdf: pikepdf.Pdf) -> None:
        drawing = b"BI /W 2 /H 2 /BPC 8 /CS /G /F /Fl ID " + coded + b" EI"
        pdf.pages[0].contents_add(drawing)

    return change


@pytest.mark.parametrize(
    "change",
    [
        picture(b"\x00" * 11),
        picture(BitsPerComponent=7),
        picture(ColorSpace=None),
        picture(Decode=Array([0, 1])),
        picture(Filter=Name.NobodyDecode),
        inline(b"\x00\x01\x02\x03"),
    ],
    ids=["short", "depth", "no_colours", "decode", "filter", "inline"],
)
def test_a_picture_that_programs_must_guess_is_refused(change: Change) -> None:
    assert refusal_of(papers.changed(papers.contract(), change)).detail == "damaged"


@pytest.mark.parametrize("change", [picture(), inline(zlib.compress(b"abcd"))])
def test_a_whole_picture_is_taken(change: Change) -> None:
    assert take_in(papers.changed(papers.contract(), change)).removed == ()


@pytest.mark.parametrize(
    ("entries", "cause"), [({"BBox": None}, "damaged"), ({"Subtype": Name.PS}, "active")]
)
def test_a_drawing_that_programs_must_guess_is_refused(
    entries: dict[str, object], cause: str
) -> None:
    def change(pdf: pikepdf.Pdf) -> None:
        form = square(pdf, b"1 0 0")
        for key, value in entries.items():
            if value is None:
                del form[f"/{key}"]
            else:
                form[f"/{key}"] = value
        name = pdf.pages[0].add_resource(form, Name.XObject)
        pdf.pages[0].contents_add(b"%s Do" % str(name).encode())

    assert refusal_of(papers.changed(papers.contract(), change)).detail == cause


def test_a_claim_to_be_an_archive_file_goes() -> None:
    def claim(pdf: pikepdf.Pdf) -> None:
        with pdf.open_metadata() as metadata:
            metadata["pdfaid:part"] = "1"

    paper = papers.changed(papers.contract(), claim)
    assert b"pdfaid" in paper

    taken = take_in(paper)

    assert taken.removed == ()
    with pikepdf.open(io.BytesIO(taken.pdf)) as document:
        assert "/Metadata" not in document.Root


@pytest.mark.parametrize("kind", ["Sound", "Movie", "Hide", "Trans", "Launch"])
def test_a_part_of_a_tagged_file_may_have_any_name(kind: str) -> None:
    def tag(pdf: pikepdf.Pdf) -> None:
        root = pdf.make_indirect(Dictionary(Type=Name.StructTreeRoot))
        part = Dictionary(Type=Name.StructElem, S=Name(f"/{kind}"), P=root, K=0)
        root.K = pdf.make_indirect(part)
        pdf.Root.StructTreeRoot = root

    assert take_in(papers.changed(papers.contract(), tag)).removed == ()
