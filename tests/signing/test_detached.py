"""Detached signatures made elsewhere: for exactly these bytes, or for others."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asn1crypto import pem

from signing.base import Level
from signing.keys import authority as keys
from signing.keys.authority import KeyPairPem
from signing.verification import gost
from signing.verification.detached import check_detached
from tests.signing.outside import GostSigner, person, signature_of

# The library's builder takes the time of the clock, so the certificates start now.
NOW = datetime.now(UTC)
LATER = NOW + timedelta(hours=1)
PAPER = "Договор поставки № 11".encode()


@pytest.fixture(scope="module")
def lapina(tmp_path_factory: pytest.TempPathFactory) -> GostSigner:
    return GostSigner.made_in(tmp_path_factory.mktemp("gost"))


@pytest.fixture(scope="module", params=["RSA-3072", "P-256"])
def other(request: pytest.FixtureRequest) -> tuple[KeyPairPem, KeyPairPem]:
    return person(NOW, request.param)


@pytest.mark.parametrize("bits", [256, 512])
def test_a_gost_signature_of_these_bytes_is_qualified(tmp_path: Path, bits: int) -> None:
    signer = GostSigner.made_in(tmp_path, bits)

    check = check_detached(signer.sign(PAPER), PAPER, roots=[signer.certificate_pem], at=LATER)

    assert (check.verdict, check.level) == ("valid", Level.QUALIFIED)
    (found,) = check.signers
    assert (found.name, found.algorithm) == (
        "Лапина Ольга Игоревна",
        f"GOST R 34.10-2012 {bits}",
    )
    assert found.signed_at is not None


def test_one_changed_byte_refuses_a_gost_signature(lapina: GostSigner) -> None:
    signature, roots = lapina.sign(PAPER), [lapina.certificate_pem]
    changed = bytearray(signature)
    changed[-3] ^= 1

    for check in (
        check_detached(signature, PAPER + b" ", roots=roots, at=LATER),
        check_detached(signature, PAPER[:-1] + b"2", roots=roots, at=LATER),
        check_detached(bytes(changed), PAPER, roots=roots, at=LATER),
    ):
        assert (check.verdict, check.causes) == ("invalid", ("other_content",))
        assert check.level == Level.UNQUALIFIED


def test_a_gost_signature_of_an_unknown_authority_is_not_called_qualified(
    lapina: GostSigner, tmp_path: Path
) -> None:
    namesake = GostSigner.made_in(tmp_path)
    signature = lapina.sign(PAPER)

    for roots in ([], [namesake.certificate_pem]):
        check = check_detached(signature, PAPER, roots=roots, at=LATER)
        assert (check.verdict, check.causes) == ("unknown", ("issuer_unknown",))
        assert check.level == Level.UNQUALIFIED


def test_without_the_engine_the_answer_is_not_a_guess(
    lapina: GostSigner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, false = lapina.sign(PAPER), lapina.sign(b"another paper")
    monkeypatch.setenv("PATH", str(tmp_path))
    gost.is_available.cache_clear()
    try:
        checks = [
            check_detached(signature, PAPER, roots=[lapina.certificate_pem], at=LATER)
            for signature in (good, false)
        ]
    finally:
        gost.is_available.cache_clear()

    assert [check.causes for check in checks] == [("not_checkable",), ("not_checkable",)]
    assert all(check.verdict == "unknown" for check in checks)
    assert checks[0].signers[0].name == "Лапина Ольга Игоревна"


@pytest.mark.parametrize("is_known", [True, False])
def test_rsa_and_elliptic_curves_are_unqualified_at_most(
    other: tuple[KeyPairPem, KeyPairPem], is_known: bool
) -> None:
    pair, authority = other
    roots = [authority.certificate_pem] if is_known else []

    check = check_detached(signature_of(pair, PAPER), PAPER, roots=roots, at=LATER)

    assert check.verdict == ("valid" if is_known else "unknown")
    assert check.level == Level.UNQUALIFIED
    assert check.signers[0].name == "Лапина Ольга Игоревна"


def test_one_changed_byte_refuses_any_other_signature(
    other: tuple[KeyPairPem, KeyPairPem],
) -> None:
    pair, authority = other

    check = check_detached(
        signature_of(pair, PAPER), PAPER + b"\n", roots=[authority.certificate_pem], at=LATER
    )

    assert (check.verdict, check.causes) == ("invalid", ("other_content",))


def test_the_usual_wrappings_of_a_signature_file_are_read(
    other: tuple[KeyPairPem, KeyPairPem],
) -> None:
    pair, authority = other
    der = signature_of(pair, PAPER)
    wrapped = base64.encodebytes(der)

    for form in (wrapped, wrapped.replace(b"\n", b"\r\n"), pem.armor("PKCS7", der)):
        check = check_detached(form, PAPER, roots=[authority.certificate_pem], at=LATER)
        assert check.verdict == "valid"


def test_a_signature_with_its_own_copy_of_the_file_is_not_taken() -> None:
    pair, authority = person(NOW, "P-256")

    attached = signature_of(pair, PAPER, is_detached=False)

    check = check_detached(attached, PAPER, roots=[authority.certificate_pem], at=LATER)
    assert check.causes == ("not_detached",)


def test_a_certificate_that_ended_is_told() -> None:
    long_ago = NOW - timedelta(days=40)
    authority = keys.new_authority("АО «Удостоверяющий центр»", at=long_ago)
    pair = keys.issue_person(
        authority,
        name="Лапина Ольга Игоревна",
        organisation="",
        email="",
        at=long_ago,
        term=timedelta(days=30),
    )

    signature, roots = signature_of(pair, PAPER), [authority.certificate_pem]

    # It says that it was signed now, ten days after the certificate had ended.
    assert check_detached(signature, PAPER, roots=roots, at=LATER).causes == ("outside_term",)
    # Signed in time, brought a year later.
    young, authority = person(NOW, "P-256")
    signature, roots = signature_of(young, PAPER), [authority.certificate_pem]
    late = check_detached(signature, PAPER, roots=roots, at=NOW + timedelta(days=1500))
    assert late.causes == ("certificate_expired",)


@pytest.mark.parametrize("share", [0, 1, 10, 50, 90, 99])
def test_a_cut_or_foreign_file_is_no_signature(share: int) -> None:
    pair, _authority = person(NOW, "P-256")
    der = signature_of(pair, PAPER)

    cut = check_detached(der[: len(der) * share // 100], PAPER, roots=[], at=LATER)

    assert (cut.verdict, cut.causes) == ("unknown", ("not_signature",))


@pytest.mark.parametrize("foreign", [b"%PDF-1.7", b"PK\x03\x04", b"\x30" * 5000, b"0" * 2_000_000])
def test_rubbish_is_answered(foreign: bytes) -> None:
    assert check_detached(foreign, PAPER, roots=[], at=LATER).causes == ("not_signature",)
