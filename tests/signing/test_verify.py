"""Verdicts about honest files, missing and damaged ones; the attacks are in test_attacks.py."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from signing.base import Place
from signing.embedded import seal
from signing.hashes import sha256
from signing.keys import authority as keys
from signing.keys.authority import KeyPairPem, SealKey
from signing.verify import CAUSES, Registered
from tests.signing import papers
from tests.signing.conftest import ORGANISATION, SIGNED_AT, SignAll

Places = dict[str, tuple[Place, ...]]


def test_a_finished_file_is_valid_and_names_its_signers(signed: bytes, check: Any) -> None:
    verdict = check(signed, registered=Registered(sha256(signed)))

    assert (verdict.verdict, verdict.reasons, verdict.is_registered) == ("valid", (), True)
    first, second = verdict.signatures
    assert (first.name, second.name) == ("Қасымова Әлия Өмірқызы", "Ёлкин Пётр Алексеевич")
    assert first.signed_at == SIGNED_AT
    assert second.signed_at == SIGNED_AT + timedelta(minutes=1)
    assert first.is_intact
    assert first.is_pinned
    assert second.verdict == "valid"


def test_the_child_process_says_the_same(signed: bytes, check: Any) -> None:
    assert check(signed, apart=True) == check(signed)


def test_a_file_without_signatures_is_neither_true_nor_false(check: Any) -> None:
    verdict = check(papers.contract())

    assert (verdict.verdict, verdict.causes) == ("unknown", ("no_signatures",))


@pytest.mark.parametrize(
    ("pdf", "cause"),
    [(b"", "not_pdf"), (b"PK\x03\x04", "not_pdf"), (b"%PDF-1.7\nrubbish", "unreadable")],
)
def test_what_is_no_pdf_is_unknown(pdf: bytes, cause: str, check: Any) -> None:
    assert check(pdf).causes == (cause,)
    assert check(pdf).verdict == "unknown"


def test_an_unknown_issuer_is_not_a_forgery(signed: bytes, check: Any) -> None:
    verdict = check(signed, roots=[], pinned=[])

    assert (verdict.verdict, verdict.causes) == ("unknown", ("issuer_unknown",))
    assert [signature.is_intact for signature in verdict.signatures] == [True, True]


def test_another_certificate_of_the_same_authority_is_refused(
    authority: KeyPairPem, places: Places, check: Any
) -> None:
    other = keys.load(keys.issue_seal(authority, organisation=ORGANISATION, at=SIGNED_AT))
    forged = seal.seal_whole(papers.contract(), with_key=other, at=SIGNED_AT, reason="")

    verdict = check(forged)

    assert (verdict.verdict, verdict.causes) == ("invalid", ("other_certificate",))
    assert check(forged, pinned=[]).verdict == "valid"


def test_a_forged_authority_with_the_same_name_is_unknown(check: Any) -> None:
    authority = keys.new_authority(ORGANISATION, at=SIGNED_AT)
    pair = keys.issue_seal(authority, organisation=ORGANISATION, at=SIGNED_AT)
    forged = seal.seal_whole(papers.contract(), with_key=keys.load(pair), at=SIGNED_AT, reason="")

    assert check(forged).causes == ("issuer_unknown",)


def test_an_expired_certificate_needs_the_register(
    signed: bytes, check: Any, seal_key: SealKey
) -> None:
    after = seal_key.not_after + timedelta(days=1)

    assert check(signed, at=after).causes == ("certificate_expired",)
    assert check(signed, at=after, registered=Registered(sha256(signed))).verdict == "valid"


def test_a_signature_from_the_future_is_not_believed(signed: bytes, check: Any) -> None:
    assert check(signed, at=SIGNED_AT - timedelta(days=1)).causes == ("time_wrong",)


def test_a_signature_outside_the_term_of_its_certificate_is_false(
    seal_key: SealKey, check: Any
) -> None:
    long_ago = SIGNED_AT - timedelta(days=400)
    forged = seal.seal_whole(papers.contract(), with_key=seal_key, at=long_ago, reason="")

    verdict = check(forged)

    assert verdict.verdict == "invalid"
    assert verdict.causes == ("outside_term",)


def test_a_half_signed_file_is_unfinished(sign_all: SignAll, places: Places, check: Any) -> None:
    verdict = check(sign_all(papers.contract(), places, upto=1))

    assert (verdict.verdict, verdict.causes) == ("unknown", ("unfinished",))


def test_a_roll_back_is_found_by_the_register(
    sign_all: SignAll, places: Places, check: Any
) -> None:
    pdf = papers.contract(2)
    half, whole = sign_all(pdf, places, upto=1), sign_all(pdf, places)
    assert whole.startswith(half)

    verdict = check(half, registered=Registered(sha256(whole), (sha256(half),)))

    assert verdict.verdict == "invalid"
    assert verdict.causes[0] == "rolled_back"


def test_any_other_file_under_a_registered_number_is_false(signed: bytes, check: Any) -> None:
    verdict = check(signed, registered=Registered("0" * 64))

    assert (verdict.verdict, verdict.causes) == ("invalid", ("not_registered",))


@pytest.mark.parametrize("share", range(2, 100, 3))
def test_a_changed_byte_of_the_document_is_never_valid(
    signed: bytes, check: Any, share: int
) -> None:
    position = len(signed) * share // 100
    # The signature's own string is outside the signed ranges by design; the next test is for it.
    for string in re.finditer(rb"/Contents <[0-9a-fA-F]+>", signed):
        if string.start() <= position < string.end():
            position = string.end()
    changed = bytearray(signed)
    changed[position] ^= 1

    assert check(bytes(changed)).verdict == "invalid"


def test_nothing_can_hide_in_the_padding_of_a_signature(signed: bytes, check: Any) -> None:
    string = list(re.finditer(rb"/Contents <[0-9a-fA-F]+>", signed))[-1]
    changed = signed[: string.end() - 9] + b"cafebabe" + signed[string.end() - 1 :]

    assert len(changed) == len(signed)
    assert check(changed).causes == ("range_broken",)


@pytest.mark.parametrize("tail", [b"\n% rubbish\n", b"\n% rubbish\n%%EOF\n", b"x"])
def test_bytes_after_the_end_are_invalid(signed: bytes, check: Any, tail: bytes) -> None:
    assert check(signed + tail).verdict == "invalid"


def test_a_line_end_added_on_the_way_changes_nothing(signed: bytes, check: Any) -> None:
    assert check(signed + b"\r\n").verdict == "valid"


def test_every_cause_has_its_sentence(signed: bytes) -> None:
    assert all(str(sentence).endswith(".") for sentence in CAUSES.values())
    assert not any(re.search(r"[{}%]", str(sentence)) for sentence in CAUSES.values())


STARVED = {"apart": True, "memory_mb": 64}


def test_a_registered_file_is_valid_also_when_it_cannot_be_examined(
    signed: bytes, check: Any
) -> None:
    verdict = check(signed, registered=Registered(sha256(signed)), **STARVED)

    assert (verdict.verdict, verdict.causes) == ("valid", ("details_missing",))
    assert verdict.is_registered
    assert verdict.signatures == ()
    assert "could not be listed" in verdict.reasons[0]


def test_what_is_not_registered_stays_open_when_it_cannot_be_examined(
    signed: bytes, check: Any
) -> None:
    assert check(signed, **STARVED).verdict == "unknown"
    assert check(signed, registered=Registered("0" * 64), **STARVED).verdict == "invalid"
    earlier = Registered("0" * 64, (sha256(signed),))
    assert "rolled_back" in check(signed, registered=earlier, **STARVED).causes
