from __future__ import annotations

import io
from collections.abc import Callable

import pikepdf
import pypdfium2
import pytest
from pikepdf import Array, Dictionary, Name
from PIL import ImageChops

from signing.base import Place
from signing.hashes import sha256
from signing.intake import NOTES, REMOVALS, Limits, take_in
from signx.errors import ErrorCode, SignXError
from tests.signing import papers
from tests.signing.conftest import SignAll

SCRIPT = Dictionary(S=Name.JavaScript, JS=b"app.alert(1)")
Change = Callable[[pikepdf.Pdf], None]


def refusal_of(pdf: bytes, limits: Limits | None = None) -> SignXError:
    with pytest.raises(SignXError) as caught:
        take_in(pdf, limits or Limits())
    assert caught.value.code is ErrorCode.DOCUMENT_INVALID
    assert caught.value.sentence.startswith("This file cannot be signed: ")
    return caught.value


def square(document: pikepdf.Pdf, colour: bytes) -> pikepdf.Object:
    stream = pikepdf.Stream(document, colour + b" rg 0 0 60 30 re f")
    stream.Type, stream.Subtype, stream.BBox = Name.XObject, Name.Form, Array([0, 0, 60, 30])
    return document.make_indirect(stream)


def annotation(document: pikepdf.Pdf, **entries: object) -> pikepdf.Object:
    return document.make_indirect(
        Dictionary(Type=Name.Annot, Rect=Array([100, 100, 160, 130]), F=4, **entries)
    )


def pixel(pdf: bytes, x: int, y: int) -> tuple[int, ...]:
    image = pypdfium2.PdfDocument(pdf)[0].render().to_pil().convert("RGB")
    return image.getpixel((x, image.height - y))


def reachable_text(pdf: bytes) -> str:
    with pikepdf.open(io.BytesIO(pdf)) as document:
        return "".join(repr(item) for item in document.objects)


def test_an_ordinary_contract_comes_back_the_same_to_the_eye() -> None:
    pdf = papers.contract(3)

    result = take_in(pdf)

    assert (result.page_count, result.page_sizes_mm[0]) == (3, (210.0, 297.0))
    assert (result.removed, result.notes, result.has_text) == ((), (), True)
    assert result.source_sha256 == sha256(pdf)
    assert result.clean_sha256 == sha256(result.pdf)
    assert papers.texts(result.pdf) == papers.texts(pdf)
    before, after = pypdfium2.PdfDocument(pdf), pypdfium2.PdfDocument(result.pdf)
    for index in range(3):
        one, two = before[index].render().to_pil(), after[index].render().to_pil()
        assert ImageChops.difference(one, two).getbbox() is None


def test_the_same_file_gives_the_same_clean_file() -> None:
    pdf = papers.contract(2)

    assert take_in(pdf).pdf == take_in(pdf).pdf


def test_a_clean_file_is_taken_again_unchanged_in_what_it_holds() -> None:
    once = take_in(papers.contract(2))

    twice = take_in(once.pdf)

    assert twice.removed == ()
    assert papers.texts(twice.pdf) == papers.texts(once.pdf)


def add_open_action(pdf: pikepdf.Pdf) -> None:
    pdf.Root.OpenAction = SCRIPT


def add_named_script(pdf: pikepdf.Pdf) -> None:
    pdf.Root.Names = Dictionary(JavaScript=Dictionary(Names=Array([b"a", SCRIPT])))


def add_page_action(pdf: pikepdf.Pdf) -> None:
    pdf.pages[0].obj.AA = Dictionary(O=Dictionary(S=Name.Launch, F=b"calc.exe"))


def add_attachment(pdf: pikepdf.Pdf) -> None:
    pdf.attachments["прайс.txt"] = b"text"


def add_launch_link(pdf: pikepdf.Pdf) -> None:
    action = Dictionary(S=Name.Launch, F=b"calc.exe")
    pdf.pages[0].obj.Annots = Array([annotation(pdf, Subtype=Name.Link, A=action)])


def add_script_link(pdf: pikepdf.Pdf) -> None:
    action = Dictionary(S=Name.URI, URI=b"javascript:alert(1)")
    pdf.pages[0].obj.Annots = Array([annotation(pdf, Subtype=Name.Link, A=action)])


def add_outline_script(pdf: pikepdf.Pdf) -> None:
    item = pdf.make_indirect(Dictionary(Title=b"x", A=SCRIPT))
    pdf.Root.Outlines = pdf.make_indirect(Dictionary(First=item, Last=item, Count=1))


def add_private_data(pdf: pikepdf.Pdf) -> None:
    pdf.pages[0].obj.PieceInfo = Dictionary(App=Dictionary(Private=b"draft"))


def add_media(pdf: pikepdf.Pdf) -> None:
    pdf.pages[0].obj.Annots = Array([annotation(pdf, Subtype=Name.RichMedia)])


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (add_open_action, "actions"),
        (add_named_script, "scripts"),
        (add_page_action, "actions"),
        (add_attachment, "attachments"),
        (add_launch_link, "links"),
        (add_script_link, "links"),
        (add_outline_script, "links"),
        (add_private_data, "private"),
        (add_media, "media"),
    ],
)
def test_what_acts_or_hides_is_removed_and_told(change: Change, what: str) -> None:
    result = take_in(papers.changed(papers.contract(), change))

    assert result.removed == (what,)
    assert what in REMOVALS
    left = reachable_text(result.pdf)
    for word in ("JavaScript", "/JS", "Launch", "EmbeddedFile", "PieceInfo", "RichMedia", '"/AA"'):
        assert word not in left


def test_visible_fields_and_comments_become_page_content_and_hidden_ones_go() -> None:
    def change(pdf: pikepdf.Pdf) -> None:
        field = annotation(
            pdf,
            Subtype=Name.Widget,
            FT=Name.Tx,
            T=b"price",
            V=b"100",
            AP=Dictionary(N=square(pdf, b"1 0 0")),
        )
        hidden = annotation(pdf, Subtype=Name.Square, AP=Dictionary(N=square(pdf, b"0 1 0")))
        hidden.F, hidden.Rect = 2, Array([200, 100, 260, 130])
        pdf.pages[0].obj.Annots = Array([field, hidden])
        pdf.Root.AcroForm = Dictionary(Fields=Array([field]))

    result = take_in(papers.changed(papers.contract(), change))

    assert result.removed == ("comments", "form")
    assert pixel(result.pdf, 120, 115) == (255, 0, 0)
    assert pixel(result.pdf, 220, 115) == (255, 255, 255)
    with pikepdf.open(io.BytesIO(result.pdf)) as document:
        assert "/AcroForm" not in document.Root
        assert "/Annots" not in document.pages[0].obj


def test_web_links_stay() -> None:
    def change(pdf: pikepdf.Pdf) -> None:
        action = Dictionary(S=Name.URI, URI=b"https://sign.example/offer")
        pdf.pages[0].obj.Annots = Array([annotation(pdf, Subtype=Name.Link, A=action)])

    result = take_in(papers.changed(papers.contract(), change))

    assert result.removed == ()
    with pikepdf.open(io.BytesIO(result.pdf)) as document:
        assert str(document.pages[0].obj.Annots[0].A.URI) == "https://sign.example/offer"


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


def test_a_script_that_only_the_structure_of_a_tagged_file_reaches_goes() -> None:
    def change(pdf: pikepdf.Pdf) -> None:
        field = annotation(pdf, Subtype=Name.Widget, FT=Name.Tx, T=b"sum", AA=Dictionary(K=SCRIPT))
        pdf.pages[0].obj.Annots = Array([field])
        pdf.Root.AcroForm = Dictionary(Fields=Array([field]))
        place = Dictionary(Type=Name.OBJR, Obj=field)
        pdf.Root.StructTreeRoot = pdf.make_indirect(Dictionary(Type=Name.StructTreeRoot, K=place))

    result = take_in(papers.changed(papers.contract(), change))

    assert result.removed == ("form",)
    assert "JavaScript" not in reachable_text(result.pdf)


def test_files_that_hang_on_structure_or_forms_go_and_are_told() -> None:
    def change(pdf: pikepdf.Pdf) -> None:
        file = Dictionary(
            Type=Name.Filespec, F=b"a.xml", EF=Dictionary(F=pikepdf.Stream(pdf, b"x"))
        )
        item = Dictionary(Type=Name.StructElem, S=Name.P, AF=Array([file]))
        pdf.Root.StructTreeRoot = pdf.make_indirect(Dictionary(Type=Name.StructTreeRoot, K=item))
        form = square(pdf, b"1 0 0")
        form.Ref = Dictionary(F=Dictionary(Type=Name.Filespec, F=b"other.pdf"), Page=0)
        pdf.pages[0].add_resource(form, Name.XObject)

    assert take_in(papers.changed(papers.contract(), change)).removed == (
        "attachments",
        "external",
    )


def test_rights_that_unlock_a_reader_are_no_signature() -> None:
    def change(pdf: pikepdf.Pdf) -> None:
        rights = Dictionary(Type=Name.Sig, ByteRange=Array([0, 1, 2, 3]), Contents=b"x")
        pdf.Root.Perms = Dictionary(UR3=pdf.make_indirect(rights))

    assert take_in(papers.changed(papers.contract(), change)).removed == ("private",)


def test_a_page_with_a_unit_of_its_own_is_drawn_in_points() -> None:
    def change(pdf: pikepdf.Pdf) -> None:
        page = pdf.pages[0]
        page.obj.UserUnit = 2
        page.contents_add(pikepdf.Stream(pdf, b"1 0 0 rg 100 100 60 30 re f"))
        link = annotation(
            pdf, Subtype=Name.Link, A=Dictionary(S=Name.URI, URI=b"https://a.example")
        )
        page.obj.Annots = Array([link])

    result = take_in(papers.changed(papers.contract(), change))

    assert result.page_sizes_mm == ((420.0, 594.0),)
    assert pixel(result.pdf, 201, 201) == pixel(result.pdf, 319, 259) == (255, 0, 0)
    assert pixel(result.pdf, 199, 201) == pixel(result.pdf, 321, 259) == (255, 255, 255)
    with pikepdf.open(io.BytesIO(result.pdf)) as document:
        assert "/UserUnit" not in document.pages[0].obj
        rectangle = document.pages[0].obj.Annots[0].Rect
        assert [int(number) for number in rectangle] == [200, 200, 320, 260]


def test_names_in_an_old_encoding_are_taken() -> None:
    """Older Russian programs name fonts and pictures in Windows-1251."""

    def change(pdf: pikepdf.Pdf) -> None:
        name = "/" + "Рис".encode("cp1251").decode("utf-8", "surrogateescape")
        drawings = pikepdf.Dictionary()
        drawings[name] = square(pdf, b"1 0 0")
        page = pdf.pages[0]
        page.obj.Resources.XObject = drawings
        page.contents_add(pikepdf.Stream(pdf, "/Рис Do".encode("cp1251")))

    result = take_in(papers.changed(papers.contract(), change))

    assert pixel(result.pdf, 20, 20) == (255, 0, 0)


def external_picture(pdf: pikepdf.Pdf) -> None:
    stream = square(pdf, b"1 0 0")
    stream.F = Dictionary(Type=Name.Filespec, F=b"http://other.example/a")
    pdf.pages[0].add_resource(stream, Name.XObject)


def xfa(pdf: pikepdf.Pdf) -> None:
    pdf.Root.AcroForm = Dictionary(Fields=Array(), XFA=pikepdf.Stream(pdf, b"<xdp/>"))


def portfolio(pdf: pikepdf.Pdf) -> None:
    pdf.Root.Collection = Dictionary(View=Name.D)


def undrawn_form(pdf: pikepdf.Pdf) -> None:
    field = annotation(pdf, Subtype=Name.Widget, FT=Name.Tx, T=b"f", V=pikepdf.String("цена"))
    pdf.pages[0].obj.Annots = Array([field])
    pdf.Root.AcroForm = Dictionary(Fields=Array([field]), NeedAppearances=True)


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        (external_picture, "external"),
        (xfa, "xfa"),
        (portfolio, "portfolio"),
        (undrawn_form, "form_undrawn"),
    ],
)
def test_what_cannot_be_made_safe_is_refused(change: Change, cause: str) -> None:
    assert refusal_of(papers.changed(papers.contract(), change)).detail == cause


def test_a_signed_file_is_refused(sign_all: SignAll, places: dict[str, tuple[Place, ...]]) -> None:
    assert refusal_of(sign_all(papers.contract(), places)).detail == "signed"


@pytest.mark.parametrize(
    ("pdf", "cause"),
    [
        (b"", "empty"),
        (b"PK\x03\x04 a docx", "not_pdf"),
        (b"%PDF-1.7\n" + b"x" * 500, "damaged"),
        (papers.contract(3)[:4000], "damaged"),
    ],
)
def test_what_is_no_sound_pdf_is_refused(pdf: bytes, cause: str) -> None:
    assert refusal_of(pdf).detail.startswith(cause)


def encrypted(user: str) -> bytes:
    output = io.BytesIO()
    with pikepdf.open(io.BytesIO(papers.contract())) as document:
        document.save(output, encryption=pikepdf.Encryption(owner="owner", user=user))
    return output.getvalue()


def test_a_password_is_refused_and_an_owners_restriction_is_lifted_and_noted() -> None:
    assert refusal_of(encrypted("secret")).detail == "password"

    result = take_in(encrypted(""))

    assert result.notes == ("permissions",)
    assert set(result.notes) <= NOTES.keys()
    with pikepdf.open(io.BytesIO(result.pdf)) as document:
        assert not document.is_encrypted


def test_limits_name_their_number() -> None:
    pdf = papers.contract(3)

    assert "more than 2 pages" in refusal_of(pdf, Limits(pages=2)).sentence
    assert refusal_of(pdf, Limits(bytes=1000)).detail == "too_big"
    assert "page 1 is too large" in refusal_of(pdf, Limits(pixels=10_000)).sentence


def test_a_file_that_eats_memory_or_time_ends_in_its_child() -> None:
    def change(pdf: pikepdf.Pdf) -> None:
        bomb = pikepdf.Stream(pdf, b"0 0 1 1 re f\n" * 8_000_000)
        pdf.pages[0].obj.Contents = bomb

    pdf = papers.changed(papers.contract(), change)

    error = refusal_of(pdf, Limits(seconds=2, memory_mb=400))

    assert len(pdf) < 1_000_000
    assert error.detail.startswith("too_heavy")


def test_a_scan_is_noted_as_a_picture_without_text() -> None:
    def change(pdf: pikepdf.Pdf) -> None:
        pdf.pages[0].obj.Contents = pikepdf.Stream(pdf, b"0.5 g 50 50 300 300 re f")

    result = take_in(papers.changed(papers.contract(), change))

    assert not result.has_text
    assert result.notes == ("no_text",)


def test_letters_from_outside_the_file_are_noted() -> None:
    def change(pdf: pikepdf.Pdf) -> None:
        font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
        page = pdf.pages[0]
        name = page.add_resource(pdf.make_indirect(font), Name.Font)
        page.contents_add(
            pikepdf.Stream(pdf, b"BT %b 12 Tf 60 90 Td (Total) Tj ET" % str(name).encode())
        )

    assert take_in(papers.changed(papers.contract(), change)).notes == ("fonts_missing",)


def test_a_page_nobody_could_wait_for_is_refused_although_a_small_picture_is_quick() -> None:
    pdf = papers.scribbled(10_000)

    assert refusal_of(pdf, Limits(picture_seconds=0.1)).detail == "too_heavy"
    assert take_in(pdf, Limits(picture_seconds=60)).page_count == 1


def name_resources_like_actions(pdf: pikepdf.Pdf) -> None:
    page = pdf.pages[0]
    page.obj.Resources.XObject = Dictionary()
    drawn = b""
    for name in ("AA", "JS", "EF", "AF", "OC", "Alternates", "PieceInfo", "Ref"):
        page.obj.Resources.XObject["/" + name] = square(pdf, b"1 0 0")
        drawn += f"/{name} Do ".encode()
    page.contents_add(pikepdf.Stream(pdf, drawn))


def name_glyphs_like_actions(pdf: pikepdf.Pdf) -> None:
    font = Dictionary(
        Type=Name.Font,
        Subtype=Name.Type3,
        FontBBox=Array([0, 0, 1, 1]),
        FontMatrix=Array([1, 0, 0, 1, 0, 0]),
        FirstChar=65,
        LastChar=65,
        Widths=Array([1]),
        Encoding=Dictionary(Differences=Array([65, Name("/AA")])),
        CharProcs=Dictionary(AA=pikepdf.Stream(pdf, b"1 0 0 0 1 1 d1 0 0 1 1 re f")),
    )
    page = pdf.pages[0]
    name = page.add_resource(pdf.make_indirect(font), Name.Font)
    shown = b"1 0 0 rg BT %b 30 Tf 5 5 Td (A) Tj ET" % str(name).encode()
    page.contents_add(pikepdf.Stream(pdf, shown))


def name_places_like_actions(pdf: pikepdf.Pdf) -> None:
    pdf.Root.Dests = Dictionary(AA=Array([pdf.pages[0].obj, Name.Fit]), JS=Array())
    pdf.pages[0].contents_add(pikepdf.Stream(pdf, b"1 0 0 rg 0 0 60 30 re f"))


@pytest.mark.parametrize(
    "change", [name_resources_like_actions, name_glyphs_like_actions, name_places_like_actions]
)
def test_names_that_the_file_chose_itself_are_no_actions(change: Change) -> None:
    result = take_in(papers.changed(papers.contract(), change))

    assert result.removed == ()
    assert pixel(result.pdf, 20, 20) == (255, 0, 0)


def test_an_action_that_poses_as_a_resource_is_still_found() -> None:
    def change(pdf: pikepdf.Pdf) -> None:
        posing = pdf.make_indirect(Dictionary(JS=b"app.alert(1)", S=Name.JavaScript))
        page = pdf.pages[0]
        page.obj.Resources.Properties = posing
        page.obj.Group = Dictionary(S=Name.Transparency, Hidden=posing)

    assert refusal_of(papers.changed(papers.contract(), change)).detail == "active"
