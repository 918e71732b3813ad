"""Every published attack on signed PDFs has a file made here, and its right verdict.

Source: pdf-insecurity.org (2019 signatures, 2020 shadows, 2021 certification).
"""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pikepdf
import pytest
import time_machine
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner

from signing.base import Party, Place, StampText
from signing.embedded import seal
from signing.hashes import sha256
from signing.intake import take_in
from signing.keys import authority as keys
from signing.keys.authority import KeyPairPem, SealKey
from signing.verify import Registered
from signx.errors import ErrorCode, SignXError
from tests.signing import attacks, papers, shadows
from tests.signing.conftest import ORGANISATION, SIGNED_AT, SignAll

Places = dict[str, tuple[Place, ...]]
OVER_THE_TEXT = (50, 600, 450, 700)
BY_NAME = {"ids": lambda attack: getattr(attack, "__name__", getattr(attack, "name", ""))}


@pytest.fixture
def half(sign_all: SignAll, places: Places) -> bytes:
    """Signed by the first party; the second one's field waits."""
    return sign_all(papers.contract(2), places, upto=1)


@pytest.fixture
def stranger() -> SealKey:
    """A key of an authority with our name that is not ours."""
    authority = keys.new_authority(ORGANISATION, at=SIGNED_AT)
    return keys.load(keys.issue_seal(authority, organisation=ORGANISATION, at=SIGNED_AT))


def signed_by(
    pdf: bytes, key: SealKey, field: str, *, permission: Any = None, box: Any = None
) -> bytes:
    """A signature made with a foreign tool: perhaps certifying, perhaps in a field of its own."""
    metadata = PdfSignatureMetadata(
        field_name=field,
        subfilter=fields.SigSeedSubFilter.PADES,
        certify=permission is not None,
        docmdp_permissions=permission or fields.MDPPerm.FILL_FORMS,
    )
    new_field = fields.SigFieldSpec(field, box=box) if box else None
    signer = PdfSigner(metadata, signer=key.signer, new_field_spec=new_field)
    output = io.BytesIO()
    with time_machine.travel(SIGNED_AT, tick=False):
        signer.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(pdf)), output=output)
    return output.getvalue()


@pytest.mark.parametrize("attack", attacks.UNIVERSAL_FORGERY, **BY_NAME)
def test_universal_forgery_is_invalid(signed: bytes, check: Any, attack: Any) -> None:
    verdict = check(attack(signed))

    assert verdict.verdict == "invalid"
    assert verdict.reasons


@pytest.mark.parametrize("attack", attacks.INCREMENTAL_SAVING, **BY_NAME)
def test_incremental_saving_is_invalid(signed: bytes, check: Any, attack: Any) -> None:
    forged = attack(signed)

    assert forged.startswith(signed)
    assert check(forged).verdict == "invalid"


@pytest.mark.parametrize("attack", attacks.INCREMENTAL_SAVING, **BY_NAME)
def test_saving_between_the_two_signatures_is_invalid(half: bytes, check: Any, attack: Any) -> None:
    assert check(attack(half)).verdict == "invalid"


def test_signature_wrapping_is_invalid(signed: bytes, check: Any) -> None:
    assert check(attacks.wrap_second_range(signed)).verdict == "invalid"


@pytest.mark.parametrize("shadow", shadows.SHADOWS, **BY_NAME)
def test_a_shadow_turned_after_signing_is_invalid(
    check: Any, seal_key: SealKey, shadow: shadows.Shadow
) -> None:
    honest = signed_by(shadow.prepared(), seal_key, "Seal", box=(300, 20, 500, 60))
    assert check(honest).verdict == "valid"

    forged = shadow.turn(honest)

    assert forged.startswith(honest)
    assert "changed_after" in check(forged).causes


@pytest.mark.parametrize("shadow", shadows.SHADOWS, **BY_NAME)
def test_intake_leaves_no_shadow_to_turn(shadow: shadows.Shadow) -> None:
    prepared = shadow.prepared()

    clean = take_in(prepared).pdf

    assert shadow.trace in inside(prepared)
    assert not shadow.trace or shadow.trace not in inside(clean)


def test_a_note_over_a_certified_text_is_invalid(check: Any, seal_key: SealKey) -> None:
    """“Evil annotation”: the certificate even allows notes."""
    paper = with_annotations(papers.contract())
    certified = signed_by(paper, seal_key, "Seal", permission=fields.MDPPerm.ANNOTATE, box=TINY)

    evil = attacks.append_annotation(certified)
    again = signed_by(evil, seal_key, "Second", box=TINY_TOO)

    assert "changed_after" in check(evil).causes
    assert "changed_after" in check(again).causes


def test_a_sneaky_signature_over_the_text_is_invalid(
    half: bytes, check: Any, stranger: SealKey
) -> None:
    sneaky = signed_by(half, stranger, "Sneaky", box=OVER_THE_TEXT)

    assert "changed_after" in check(sneaky).causes


@pytest.mark.parametrize("is_ours", [True, False])
def test_the_waiting_field_signed_by_somebody_else_is_not_valid(
    half: bytes,
    check: Any,
    authority: KeyPairPem,
    stranger: SealKey,
    contractor: Party,
    stamp_of: Callable[[Party], StampText],
    is_ours: bool,
) -> None:
    pair = keys.issue_seal(authority, organisation=ORGANISATION, at=SIGNED_AT)
    forged = seal.sign(
        half,
        key="2",
        stamp=stamp_of(contractor),
        with_key=keys.load(pair) if is_ours else stranger,
        at=SIGNED_AT,
        reason="",
        name=contractor.name,
    )

    verdict = check(forged)

    assert verdict.verdict == ("invalid" if is_ours else "unknown")
    assert verdict.causes == ("other_certificate" if is_ours else "issuer_unknown",)


def test_another_certificate_of_the_same_authority_is_refused(
    authority: KeyPairPem, check: Any
) -> None:
    other = keys.load(keys.issue_seal(authority, organisation=ORGANISATION, at=SIGNED_AT))
    forged = seal.seal_whole(papers.contract(), with_key=other, at=SIGNED_AT, reason="")

    verdict = check(forged)

    assert (verdict.verdict, verdict.causes) == ("invalid", ("other_certificate",))
    assert check(forged, pinned=[]).verdict == "valid"


def test_a_script_is_gone_before_the_file_is_signed() -> None:
    scripted = attacks.append_script(papers.contract())

    intake = take_in(scripted)

    assert b"JavaScript" in scripted
    assert b"JavaScript" not in inside(intake.pdf)
    assert {"scripts", "actions"} & set(intake.removed)


def test_an_object_defined_twice_is_one_object_before_the_file_is_signed() -> None:
    twice = attacks.append_duplicate_object(papers.contract())

    try:
        clean = take_in(twice).pdf
    except SignXError as refused:
        assert refused.code == ErrorCode.DOCUMENT_INVALID
    else:
        assert b"1 g 50 600 400 100 re f" not in inside(clean)


def test_a_roll_back_to_the_first_signature_is_told_by_the_register(
    signed: bytes, half: bytes, check: Any
) -> None:
    assert signed.startswith(half)

    registered = Registered(sha256(signed), (sha256(half),))
    verdict = check(half, registered=registered)

    assert (verdict.verdict, verdict.causes[0]) == ("invalid", "rolled_back")
    # Whoever does not know the final file at least learns that a signature is missing.
    assert check(half).causes == ("unfinished",)


def test_a_signature_made_long_ago_by_a_clock_set_back_is_false(
    seal_key: SealKey, check: Any
) -> None:
    long_ago = SIGNED_AT - timedelta(days=400)
    forged = seal.seal_whole(papers.contract(), with_key=seal_key, at=long_ago, reason="")

    assert check(forged).causes == ("outside_term",)


TINY, TINY_TOO = (10, 10, 60, 30), (70, 10, 120, 30)


def with_annotations(pdf: bytes) -> bytes:
    def change(document: pikepdf.Pdf) -> None:
        document.pages[0].Annots = document.make_indirect(pikepdf.Array([]))

    return papers.changed(pdf, change)


def inside(pdf: bytes) -> bytes:
    """Every object of the file in the open, streams unpacked."""
    with pikepdf.open(io.BytesIO(pdf)) as document:
        output = io.BytesIO()
        document.save(
            output,
            compress_streams=False,
            stream_decode_level=pikepdf.StreamDecodeLevel.generalized,
            object_stream_mode=pikepdf.ObjectStreamMode.disable,
            qdf=True,
        )
    return output.getvalue()
