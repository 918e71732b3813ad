"""What acts, hides or carries other files is removed at intake, and told."""

from __future__ import annotations

import io

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name

from signing.intake import REMOVALS, take_in
from tests.signing import papers
from tests.signing.papers_taken_in import (
    SCRIPT,
    Change,
    annotation,
    pixel,
    reachable_text,
    refusal_of,
    square,
)


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
