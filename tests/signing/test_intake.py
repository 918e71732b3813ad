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


def layered(
    *, off: bool = False, usage: Dictionary | None = None, policy: str = "", base: str = ""
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
        page = pdf.pages[0]
        name = page.add_resource(member, Name.Properties)
        drawn = b"/OC %b BDC 1 0 0 rg 100 100 60 30 re f EMC" % str(name).encode()
        page.contents_add(pikepdf.Stream(pdf, drawn))

    return papers.changed(papers.contract(), change)


def test_layers_that_are_always_visible_lose_only_their_switches() -> None:
    result = take_in(layered())

    assert result.removed == ("layers",)
    assert pixel(result.pdf, 120, 115) == (255, 0, 0)
    with pikepdf.open(io.BytesIO(result.pdf)) as document:
        assert "/OCProperties" not in document.Root


@pytest.mark.parametrize(
    "pdf",
    [
        layered(off=True),
        layered(base="/OFF"),
        layered(base="/Unchanged"),
        layered(policy="/AllOff"),
        layered(usage=Dictionary(Print=Dictionary(PrintState=Name.OFF))),
        layered(usage=Dictionary(View=Dictionary(ViewState=Name.OFF))),
        layered(usage=Dictionary(Zoom=Dictionary(min=2))),
    ],
    ids=["off", "base off", "base unchanged", "negative", "print", "view", "zoom"],
)
def test_layers_that_can_hide_something_are_refused(pdf: bytes) -> None:
    assert refusal_of(pdf).detail == "layers"


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
