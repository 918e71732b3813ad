from __future__ import annotations

import io
import subprocess
from collections.abc import Callable
from datetime import UTC, timedelta
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
import time_machine
from PIL import ImageChops
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko_certvalidator import ValidationContext

from signing.base import Party, Place, StampText
from signing.embedded import seal
from signing.keys import authority as keys
from signing.keys.authority import KeyPairPem, SealKey
from signing.keys.certificates import certificates_of
from signx.errors import ErrorCode, SignXError
from tests.signing import papers
from tests.signing.conftest import ORGANISATION, SIGNED_AT, SignAll

Places = dict[str, tuple[Place, ...]]


def pdfsig_says(pdfsig: str, pdf: bytes, folder: Path) -> list[str]:
    path = folder / "signed.pdf"
    path.write_bytes(pdf)
    done = subprocess.run([pdfsig, "-nocert", path], capture_output=True, text=True, check=False)
    return [line.strip(" -") for line in done.stdout.splitlines()]


def signatures_of(pdf: bytes) -> list[EmbeddedPdfSignature]:
    return list(PdfFileReader(io.BytesIO(pdf)).embedded_signatures)


def test_both_validators_accept_two_signatures_and_the_last_covers_everything(
    sign_all: SignAll, places: Places, authority: KeyPairPem, pdfsig: str, tmp_path: Path
) -> None:
    signed = sign_all(papers.contract(10), places)

    lines = pdfsig_says(pdfsig, signed, tmp_path)
    roots = certificates_of(authority.certificate_pem)
    context = ValidationContext(
        trust_roots=roots, moment=SIGNED_AT + timedelta(hours=1), allow_fetching=False
    )
    statuses = [validate_pdf_signature(found, context) for found in signatures_of(signed)]
    assert lines.count("Signature Validation: Signature is Valid.") == 2
    assert lines.count("Total document signed") == 1
    assert lines.count("Signature Type: ETSI.CAdES.detached") == 2
    assert [status.bottom_line for status in statuses] == [True, True]


def test_the_first_signature_certifies_and_the_last_one_locks(
    sign_all: SignAll, places: Places
) -> None:
    first, last = signatures_of(sign_all(papers.contract(), places))

    assert first.docmdp_level is not None
    assert first.docmdp_level.value == 2
    assert last.docmdp_level is not None
    assert last.docmdp_level.value == 1
    assert last.fieldmdp is not None
    assert last.fieldmdp.action.value == "/All"


def test_a_signature_carries_the_certificate_reference_that_pades_asks_for(
    sign_all: SignAll, places: Places
) -> None:
    for found in signatures_of(sign_all(papers.contract(), places)):
        attributes = {item["type"].native for item in found.signer_info["signed_attrs"]}

        assert "signing_certificate_v2" in attributes
        assert "signing_time" not in attributes
        assert found.self_reported_timestamp is not None
        assert found.self_reported_timestamp.astimezone(UTC) >= SIGNED_AT


def test_each_signature_only_adds_bytes(sign_all: SignAll, places: Places) -> None:
    pdf = papers.contract()

    prepared = seal.add_fields(pdf, places)
    once = sign_all(pdf, places, upto=1)
    twice = sign_all(pdf, places)

    assert once.startswith(prepared)
    assert twice.startswith(once)
    assert len(twice) - len(once) < 30_000


def test_signing_again_on_another_day_gives_the_same_bytes(
    sign_all: SignAll, places: Places
) -> None:
    with time_machine.travel(SIGNED_AT, tick=False):
        first = sign_all(papers.contract(), places)
    with time_machine.travel(SIGNED_AT + timedelta(days=2), tick=False):
        second = sign_all(papers.contract(), places)

    assert first == second


def test_a_repeated_seal_gives_the_same_bytes(seal_key: SealKey) -> None:
    sealed = []
    for days in (0, 2):
        with time_machine.travel(SIGNED_AT + timedelta(days=days), tick=False):
            paper = papers.contract()
            sealed.append(
                seal.seal_whole(paper, with_key=seal_key, at=SIGNED_AT, reason="Протокол")
            )

    assert sealed[0] == sealed[1]


def test_a_signature_leaves_the_documents_own_properties_alone(
    sign_all: SignAll, places: Places
) -> None:
    with pikepdf.open(io.BytesIO(seal.add_fields(papers.contract(), places))) as document:
        before = {key: str(value) for key, value in document.docinfo.items()}

    with pikepdf.open(io.BytesIO(sign_all(papers.contract(), places))) as document:
        after = {key: str(value) for key, value in document.docinfo.items()}

    assert after == before


def test_rsa_keys_sign_as_well(
    places: Places,
    director: Party,
    stamp_of: Callable[[Party], StampText],
    pdfsig: str,
    tmp_path: Path,
) -> None:
    authority = keys.new_authority(ORGANISATION, at=SIGNED_AT, key_type="RSA-3072")
    pair = keys.issue_seal(authority, organisation=ORGANISATION, at=SIGNED_AT, key_type="RSA-3072")

    signed = seal.sign(
        seal.add_fields(papers.contract(), places),
        key="1",
        stamp=stamp_of(director),
        with_key=keys.load(pair),
        at=SIGNED_AT,
        reason="Подписание документа",
        name=director.name,
    )

    assert "Signature Validation: Signature is Valid." in pdfsig_says(pdfsig, signed, tmp_path)


def test_stamps_on_every_page_are_filled_by_the_signature_and_stay_valid(
    sign_all: SignAll, authority: KeyPairPem, pdfsig: str, tmp_path: Path
) -> None:
    boxes = {
        "1": tuple(Place(index, 20, 250, 86, 30) for index in range(3)),
        "2": tuple(Place(index, 110, 250, 86, 30) for index in range(3)),
    }

    signed = sign_all(papers.contract(3), boxes)

    context = ValidationContext(
        trust_roots=certificates_of(authority.certificate_pem),
        moment=SIGNED_AT + timedelta(hours=1),
        allow_fetching=False,
    )
    statuses = [validate_pdf_signature(found, context) for found in signatures_of(signed)]
    lines = pdfsig_says(pdfsig, signed, tmp_path)
    assert len(statuses) == 2
    assert all(status.bottom_line for status in statuses)
    assert lines.count("Signature Validation: Signature is Valid.") == 2
    for index in range(3):
        assert ink(signed, Place(index, 20, 250, 86, 30)) > 0.05
        assert ink(signed, Place(index, 110, 250, 86, 30)) > 0.05


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_stamp_stands_upright_where_the_person_sees_its_place(
    sign_all: SignAll, turn: int
) -> None:
    pdf = papers.sideways(turn, crop=(30, 40, 560, 560))
    straight = papers.changed(papers.contract(rows=0), lambda pdf: None)
    box, other = Place(0, 90, 100, 70, 26), Place(0, 90, 140, 70, 26)

    turned = picture(sign_all(blank(pdf), {"1": (box,), "2": (other,)}), box)
    upright = picture(sign_all(blank(straight), {"1": (box,), "2": (other,)}), box)

    difference = ImageChops.difference(turned, upright.resize(turned.size)).point(
        lambda value: 255 if value > 128 else 0
    )
    share = sum(difference.histogram()[128:]) / (turned.width * turned.height)
    mirrored = ImageChops.difference(turned.rotate(180), upright.resize(turned.size)).point(
        lambda value: 255 if value > 128 else 0
    )
    mirrored_share = sum(mirrored.histogram()[128:]) / (turned.width * turned.height)
    assert share < 0.05
    assert mirrored_share > 2 * share


def test_the_text_of_a_stamp_can_be_copied(sign_all: SignAll, places: Places) -> None:
    signed = sign_all(papers.contract(), places)

    def flatten(pdf: pikepdf.Pdf) -> None:
        pdf.flatten_annotations()

    (text,) = papers.texts(papers.changed(signed, flatten))
    assert "Қасымова Әлия Өмірқызы" in text
    assert "Ёлкин Пётр Алексеевич" in text


def test_a_field_is_signed_once(
    sign_all: SignAll, places: Places, director: Party, seal_key: SealKey
) -> None:
    signed = sign_all(papers.contract(), places, upto=1)

    with pytest.raises(SignXError) as caught:
        seal.sign(
            signed,
            key="1",
            stamp=StampText(("Ещё раз",)),
            with_key=seal_key,
            at=SIGNED_AT,
            reason="",
            name=director.name,
        )

    assert caught.value.code is ErrorCode.STATUS_CONFLICT


def test_a_file_without_fields_is_refused(seal_key: SealKey) -> None:
    with pytest.raises(SignXError) as caught:
        seal.sign(
            papers.contract(),
            key="1",
            stamp=StampText(("Подпись",)),
            with_key=seal_key,
            at=SIGNED_AT,
            reason="",
            name="",
        )

    assert caught.value.code is ErrorCode.DOCUMENT_INVALID


def test_our_own_papers_are_sealed_against_any_change(
    seal_key: SealKey, pdfsig: str, tmp_path: Path
) -> None:
    sealed = seal.seal_whole(
        papers.contract(2), with_key=seal_key, at=SIGNED_AT, reason="Протокол подписания"
    )

    (found,) = signatures_of(sealed)
    lines = pdfsig_says(pdfsig, sealed, tmp_path)
    assert found.docmdp_level is not None
    assert found.docmdp_level.value == 1
    assert "Signature Validation: Signature is Valid." in lines
    assert "Total document signed" in lines


def blank(pdf: bytes) -> bytes:
    """The same page without its contents, so that only stamps leave ink."""

    def change(document: pikepdf.Pdf) -> None:
        for page in document.pages:
            page.obj.Contents = pikepdf.Stream(document, b"")

    return papers.changed(pdf, change)


def picture(pdf: bytes, box: Place):  # type: ignore[no-untyped-def]
    document = pypdfium2.PdfDocument(pdf)
    document.init_forms()
    scale = 4.0
    whole = document[box.page_index].render(scale=scale, may_draw_forms=True).to_pil().convert("L")
    factor = scale * 72 / 25.4
    edges = (box.x_mm, box.y_mm, box.right_mm, box.bottom_mm)
    return whole.crop(tuple(round(edge * factor) for edge in edges))


def ink(pdf: bytes, box: Place) -> float:
    """The share of dark points in a box of the page seen."""
    part = picture(pdf, box)
    return sum(part.histogram()[:128]) / (part.width * part.height)
