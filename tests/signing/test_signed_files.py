"""A file that is signed already gets our signatures beside those, or is refused with a reason."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from pyhanko.sign.fields import FieldMDPAction, FieldMDPSpec, MDPPerm

from signing.hashes import sha256
from signing.intake import take_in
from signing.placement import coordinates
from signing.verify import Registered, verify
from signx.errors import ErrorCode, SignXError
from tests.signing import attacks, papers, shadows
from tests.signing.conftest import SIGNED_AT, SignAll
from tests.signing.signed_elsewhere import NAME, by_hand, by_pyhanko
from tests.signing.test_seal import pdfsig_says, signatures_of

BEFORE = SIGNED_AT - timedelta(days=1)


def contract() -> bytes:
    return papers.contract(2)


def invisible(pdf: bytes, at: datetime) -> bytes:
    return by_pyhanko(pdf, at, box=None)


def twice(pdf: bytes, at: datetime) -> bytes:
    return by_pyhanko(by_pyhanko(pdf, at), at, field="Signature2", box=(60, 20, 200, 60))


def certified(permission: MDPPerm) -> Callable[[bytes, datetime], bytes]:
    return lambda pdf, at: by_pyhanko(pdf, at, permission=permission)


def locking(*names: str, action: FieldMDPAction = FieldMDPAction.INCLUDE) -> bytes:
    lock = FieldMDPSpec(action, fields=list(names) if names else None)
    return by_pyhanko(contract(), BEFORE, lock=lock)


def refused(pdf: bytes) -> tuple[str, str]:
    with pytest.raises(SignXError) as caught:
        take_in(pdf, keeps_signatures=True)
    assert caught.value.code is ErrorCode.DOCUMENT_INVALID
    return caught.value.detail, str(caught.value.context["reason"])


def changed_before(change: Callable[[pikepdf.Pdf], None]) -> bytes:
    return by_pyhanko(papers.changed(contract(), change), BEFORE)


def test_without_the_setting_a_signed_file_is_refused() -> None:
    with pytest.raises(SignXError) as caught:
        take_in(by_pyhanko(contract(), BEFORE))

    assert caught.value.detail == "signed"
    assert "setting" in str(caught.value.context["reason"])


@pytest.mark.parametrize(
    ("sign", "count"),
    [
        (by_pyhanko, 1),
        (invisible, 1),
        (by_hand, 1),
        (twice, 2),
        (certified(MDPPerm.FILL_FORMS), 1),
        (certified(MDPPerm.ANNOTATE), 1),
    ],
    ids=["approved", "invisible", "another program", "twice", "certified 2", "certified 3"],
)
def test_two_more_signatures_leave_the_earlier_ones_valid(
    sign: Callable[[bytes, datetime], bytes],
    count: int,
    sign_all: SignAll,
    check: Any,
    pdfsig: str,
    tmp_path: Path,
) -> None:
    given = sign(contract(), BEFORE)

    intake = take_in(given, keeps_signatures=True)
    placed = coordinates.place(coordinates.parse(""), intake.pdf, ["1", "2"])
    signed = sign_all(placed.pdf, placed.places)

    assert intake.pdf == given == signed[: len(given)]
    assert intake.source_sha256 == intake.clean_sha256
    assert [one.name for one in intake.signatures] == [NAME] * count
    lines = pdfsig_says(pdfsig, signed, tmp_path)
    assert lines.count("Signature Validation: Signature is Valid.") == count + 2
    verdict = check(signed)
    assert [one.causes for one in verdict.signatures] == [("issuer_unknown",)] * count + [(), ()]
    assert all(one.is_intact for one in verdict.signatures)
    assert [one.is_pinned for one in verdict.signatures] == [False] * count + [True, True]


def test_only_the_first_signature_of_a_file_certifies(sign_all: SignAll, places: Any) -> None:
    given = take_in(by_pyhanko(contract(), BEFORE), keeps_signatures=True).pdf

    earlier, first, last = signatures_of(sign_all(given, places))

    assert earlier.docmdp_level is None
    assert first.docmdp_level is None
    assert last.docmdp_level is MDPPerm.NO_CHANGES


def test_an_unsigned_file_is_cleaned_as_ever() -> None:
    scripted = attacks.append_script(contract())

    intake = take_in(scripted, keeps_signatures=True)

    assert intake.pdf != scripted
    assert intake.signatures == ()
    assert "actions" in intake.removed


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(
            lambda: certified(MDPPerm.NO_CHANGES)(contract(), BEFORE), id="certified against change"
        ),
        pytest.param(lambda: locking(action=FieldMDPAction.ALL), id="every field locked"),
        pytest.param(lambda: locking("SIGNX_1"), id="our field locked"),
    ],
)
def test_signatures_that_allow_no_others_are_respected(given: Callable[[], bytes]) -> None:
    cause, reason = refused(given())

    assert cause == "signed_closed"
    assert "do not allow others" in reason


def test_a_lock_on_other_fields_does_not_concern_us() -> None:
    assert take_in(locking("Amount"), keeps_signatures=True).signatures


def test_a_document_that_signx_has_closed_stays_closed(signed: bytes) -> None:
    assert refused(signed)[0] == "signed_closed"


def test_a_file_with_a_field_that_waits_for_somebody_is_refused(
    sign_all: SignAll, places: Any
) -> None:
    waiting = attacks.append_signature_field(by_pyhanko(contract(), BEFORE))

    assert refused(waiting)[0] == "signed_waiting"
    assert refused(sign_all(contract(), places, upto=1))[0].startswith("signed_")


def flipped(pdf: bytes) -> bytes:
    """One letter of what was signed."""
    at = pdf.index(b"/MediaBox")
    return pdf[:at] + b"/MediaBoy" + pdf[at + 9 :]


@pytest.mark.parametrize(
    ("attack", "causes"),
    [
        (attacks.append_page_content, {"signed_broken"}),
        (attacks.append_duplicate_object, {"signed_broken", "signed_unclean"}),
        (attacks.append_unlisted_object, {"signed_broken", "signed_unclean"}),
        (attacks.append_script, {"signed_unclean"}),
        (attacks.append_signature_field, {"signed_waiting"}),
        (attacks.replace_stamp, {"signed_broken"}),
        (attacks.zero_contents, {"signed_broken"}),
        (attacks.negative_numbers, {"signed_broken"}),
        (attacks.null_contents, {"signed_broken"}),
        (flipped, {"signed_broken", "signed_unclean"}),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_file_changed_after_it_was_signed_is_refused(
    attack: Callable[[bytes], bytes], causes: set[str]
) -> None:
    cause, reason = refused(attack(by_pyhanko(contract(), BEFORE)))

    assert cause in causes
    assert reason


@pytest.mark.parametrize("shadow", shadows.SHADOWS, ids=lambda shadow: shadow.name)
def test_a_shadow_turned_after_signing_is_refused(shadow: shadows.Shadow) -> None:
    honest = by_pyhanko(shadow.prepared(), BEFORE)

    assert refused(shadow.turn(honest))[0] in {"signed_broken", "signed_unclean"}


def note_over_text(pdf: bytes) -> bytes:
    def change(document: pikepdf.Pdf) -> None:
        document.pages[0].Annots = document.make_indirect(pikepdf.Array([]))

    return attacks.append_annotation(papers.changed(pdf, change))


def attached(document: pikepdf.Pdf) -> None:
    document.attachments["prices.txt"] = b"1 000 000"


def layered(document: pikepdf.Pdf) -> None:
    layer = document.make_indirect(
        pikepdf.Dictionary(Type=pikepdf.Name.OCG, Name=pikepdf.String("Price"))
    )
    document.Root.OCProperties = pikepdf.Dictionary(
        OCGs=[layer], D=pikepdf.Dictionary(ON=[layer], Order=[layer])
    )


def launching(document: pikepdf.Pdf) -> None:
    link = pikepdf.Dictionary(
        Type=pikepdf.Name.Annot,
        Subtype=pikepdf.Name.Link,
        Rect=[50, 50, 100, 100],
        A=pikepdf.Dictionary(S=pikepdf.Name.Launch, F=pikepdf.String("calc.exe")),
    )
    document.pages[0].Annots = document.make_indirect(pikepdf.Array([link]))


def acting_link(document: pikepdf.Pdf) -> None:
    """Cleaning drops the link's own actions without a word."""
    launching(document)
    link = document.pages[0].Annots[0]
    link.A = pikepdf.Dictionary(S=pikepdf.Name.URI, URI=pikepdf.String("https://signx.example"))
    link.AA = pikepdf.Dictionary(
        E=pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=pikepdf.String("app.alert(1)"))
    )


def with_text_field(document: pikepdf.Pdf) -> None:
    field = document.make_indirect(
        pikepdf.Dictionary(
            Type=pikepdf.Name.Annot,
            Subtype=pikepdf.Name.Widget,
            FT=pikepdf.Name.Tx,
            T=pikepdf.String("sum"),
            V=pikepdf.String("100"),
            Rect=[50, 50, 100, 70],
        )
    )
    document.pages[0].Annots = document.make_indirect(pikepdf.Array([field]))
    document.Root.AcroForm = document.make_indirect(pikepdf.Dictionary(Fields=[field]))


def crooked(document: pikepdf.Pdf) -> None:
    document.pages[0].obj.CropBox = pikepdf.Array([-100, -100, 1000, 1000])


def enlarged(document: pikepdf.Pdf) -> None:
    document.pages[0].obj.UserUnit = 2


def box_of_all_pages(document: pikepdf.Pdf) -> None:
    """Pages inherit their box and their turn."""
    document.Root.Pages.MediaBox = document.pages[0].obj.MediaBox
    document.Root.Pages.Rotate = 90
    for page in document.pages:
        del page.obj["/MediaBox"]
        if "/Rotate" in page.obj:
            del page.obj["/Rotate"]


def dressed(document: pikepdf.Pdf, widget: pikepdf.Object) -> None:
    picture = pikepdf.Stream(document, b"0 0 1 rg 0 0 100 40 re f")
    picture.Type, picture.Subtype = pikepdf.Name.XObject, pikepdf.Name.Form
    picture.BBox = pikepdf.Array([0, 0, 100, 40])
    widget.AP = pikepdf.Dictionary(N=document.make_indirect(picture))
    widget.Rect = pikepdf.Array([60, 20, 160, 60])


def on_paper_only(document: pikepdf.Pdf, widget: pikepdf.Object) -> None:
    dressed(document, widget)
    widget.F = 4 | 32  # Print and NoView


def under_the_pointer(document: pikepdf.Pdf, widget: pikepdf.Object) -> None:
    dressed(document, widget)
    widget.AP.R = widget.AP.N


def xfa(document: pikepdf.Pdf) -> None:
    document.Root.AcroForm = document.make_indirect(
        pikepdf.Dictionary(Fields=[], XFA=pikepdf.String("<xdp/>"))
    )


@pytest.mark.parametrize(
    ("given", "cause", "words"),
    [
        (
            lambda: by_pyhanko(attacks.append_script(contract()), BEFORE),
            "signed_unclean",
            "actions",
        ),
        (lambda: by_pyhanko(note_over_text(contract()), BEFORE), "signed_unclean", "comments"),
        (lambda: changed_before(attached), "signed_unclean", "attached files"),
        (lambda: changed_before(layered), "signed_unclean", "layers"),
        (lambda: changed_before(launching), "signed_unclean", "links"),
        (lambda: changed_before(acting_link), "active", "active content"),
        (lambda: changed_before(with_text_field), "signed_unclean", "form fields"),
        (lambda: changed_before(crooked), "signed_unclean", "edges"),
        (lambda: changed_before(enlarged), "signed_unclean", "edges"),
        (lambda: by_hand(contract(), BEFORE, on_paper_only), "signed_unclean", "show differently"),
        (
            lambda: by_hand(contract(), BEFORE, under_the_pointer),
            "signed_unclean",
            "show differently",
        ),
        (lambda: changed_before(xfa), "xfa", "XFA"),
    ],
    ids=[
        *("script", "comment", "attachment", "layers", "launch", "link with actions", "form"),
        *("crop box", "user unit", "on paper only", "under the pointer", "XFA"),
    ],
)
def test_what_cleaning_would_remove_is_told_and_refused(
    given: Callable[[], bytes], cause: str, words: str
) -> None:
    found, reason = refused(given())

    assert found == cause
    assert words in reason


def test_a_signature_with_one_look_everywhere_is_taken() -> None:
    assert take_in(by_hand(contract(), BEFORE, dressed), keeps_signatures=True).signatures


def test_pages_that_inherit_their_box_are_taken() -> None:
    given = changed_before(box_of_all_pages)

    intake = take_in(given, keeps_signatures=True)

    assert intake.pdf == given
    assert intake.page_sizes_mm[0][0] > intake.page_sizes_mm[0][1]


def test_stamps_keep_clear_of_the_signatures_that_are_there() -> None:
    (usual,) = coordinates.place(coordinates.parse(""), papers.contract(), ["1"]).places["1"]
    box = (usual.x_mm + 10, 287 - usual.bottom_mm, usual.right_mm, 297 - usual.y_mm)
    points = tuple(round(side / 25.4 * 72) for side in box)
    given = take_in(by_pyhanko(papers.contract(), BEFORE, box=points), keeps_signatures=True).pdf

    placed = coordinates.place(coordinates.parse(""), given, ["1"])
    assert placed.pdf == given
    assert not placed.places["1"][0].overlaps(usual)

    typed = f"1=1:{usual.x_mm}:{usual.y_mm}"
    with pytest.raises(SignXError, match="parameter_invalid") as caught:
        coordinates.place(coordinates.parse(typed), given, ["1"])

    assert "covers a signature" in str(caught.value.context["reason"])


def test_a_signed_file_gets_neither_a_sheet_nor_several_stamps_of_one_signer() -> None:
    full = take_in(by_pyhanko(papers.contract(2, rows=44), BEFORE), keeps_signatures=True).pdf

    for where, words in (("", "no room"), ("1=*:20:20; 2=1:110:20", "one stamp")):
        with pytest.raises(SignXError, match="parameter_invalid") as caught:
            coordinates.place(coordinates.parse(where), full, ["1", "2"])
        assert words in str(caught.value.context["reason"])


def test_a_signature_that_can_no_longer_be_found_is_not_kept() -> None:
    wrapped = attacks.wrap_second_range(by_pyhanko(contract(), BEFORE))

    intake = take_in(wrapped, keeps_signatures=True)

    assert intake.signatures == ()
    assert b"/ByteRange" not in intake.pdf
    assert "repaired" in intake.notes


def test_a_stamp_of_somebody_else_over_a_certified_text_stays_false(check: Any) -> None:
    """Only ours is forgiven there: we chose its place and showed it."""
    given = by_pyhanko(contract(), BEFORE, permission=MDPPerm.FILL_FORMS)
    sneaky = by_pyhanko(given, BEFORE, field="Sneaky", box=(50, 600, 450, 700))

    assert "changed_after" in check(sneaky).causes
    assert refused(sneaky)[0] == "signed_broken"


def test_a_registered_file_is_valid_and_tells_which_signatures_are_not_ours(
    sign_all: SignAll, places: Any, check: Any
) -> None:
    given = take_in(by_pyhanko(contract(), BEFORE), keeps_signatures=True).pdf
    signed = sign_all(given, places)

    known = check(signed, registered=Registered(sha256(signed)))
    unknown = check(signed)
    given_back = check(given, registered=Registered(sha256(signed)))

    assert (known.verdict, known.causes) == ("valid", ("made_elsewhere",))
    assert (unknown.verdict, unknown.causes) == ("unknown", ("issuer_unknown",))
    assert given_back.verdict == "invalid"


@pytest.mark.parametrize("attack", attacks.INCREMENTAL_SAVING, ids=lambda attack: attack.__name__)
def test_nothing_can_be_added_once_everybody_has_signed(
    sign_all: SignAll, places: Any, check: Any, attack: Callable[[bytes], bytes]
) -> None:
    given = take_in(by_pyhanko(contract(), BEFORE), keeps_signatures=True).pdf

    assert check(attack(sign_all(given, places))).verdict == "invalid"


def test_verification_of_a_stranger_needs_no_roots(sign_all: SignAll, places: Any) -> None:
    given = take_in(by_hand(contract(), BEFORE), keeps_signatures=True).pdf

    verdict = verify(sign_all(given, places), roots=[], at=SIGNED_AT)

    assert verdict.verdict == "unknown"
    assert set(verdict.causes) == {"issuer_unknown"}
