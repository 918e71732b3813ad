"""When was it signed, and was the certificate still good then: time stamps and revocation."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, PdfTimeStamper
from pyhanko.sign.timestamps import TimeStamper

from signing.hashes import sha256
from signing.keys import authority as keys
from signing.keys.authority import KeyPairPem, SealKey
from signing.verify import Registered
from tests.signing import papers
from tests.signing.authorities import TimeAuthority, revocation_list
from tests.signing.conftest import ORGANISATION, SIGNED_AT

HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def noon() -> TimeAuthority:
    return TimeAuthority(SIGNED_AT)


def stamped(key: SealKey, stamper: TimeStamper) -> bytes:
    """Signed as other tools do it, with a time stamp in the signature."""
    metadata = PdfSignatureMetadata(field_name="Seal", subfilter=fields.SigSeedSubFilter.PADES)
    writer = IncrementalPdfFileWriter(io.BytesIO(papers.contract()))
    session = PdfSigner(metadata, signer=key.signer, timestamper=stamper)
    output = io.BytesIO()
    with time_machine.travel(SIGNED_AT, tick=False):
        session.sign_pdf(writer, output=output)
    return output.getvalue()


def test_a_time_stamp_of_a_known_authority_proves_the_time(
    seal_key: SealKey, noon: TimeAuthority, check: Any
) -> None:
    pdf = stamped(seal_key, noon.stamper(SIGNED_AT))

    verdict = check(pdf, timestamp_roots=[noon.certificate_pem])

    assert verdict.verdict == "valid"
    (signature,) = verdict.signatures
    assert (signature.timestamp_at, signature.is_time_proven) == (SIGNED_AT, True)
    assert "Полдень" in signature.timestamp_by


def test_a_proven_time_outlives_the_certificate(
    seal_key: SealKey, noon: TimeAuthority, check: Any
) -> None:
    pdf = stamped(seal_key, noon.stamper(SIGNED_AT))
    after = seal_key.not_after + HOUR

    assert check(pdf, at=after, timestamp_roots=[noon.certificate_pem]).verdict == "valid"
    assert "certificate_expired" in check(pdf, at=after).causes


def test_a_time_stamp_of_an_unknown_authority_proves_nothing(
    seal_key: SealKey, noon: TimeAuthority, check: Any
) -> None:
    pdf = stamped(seal_key, noon.stamper(SIGNED_AT))

    verdict = check(pdf)

    assert (verdict.verdict, verdict.causes) == ("unknown", ("timestamp_unknown",))
    assert check(pdf, registered=Registered(sha256(pdf))).verdict == "valid"


def test_our_own_seal_may_not_speak_for_the_time(
    seal_key: SealKey, noon: TimeAuthority, authority: KeyPairPem, check: Any
) -> None:
    pdf = stamped(seal_key, noon.stamper(SIGNED_AT))

    verdict = check(pdf, roots=[authority.certificate_pem, noon.certificate_pem])

    assert verdict.causes == ("timestamp_unknown",)


def test_a_time_stamp_of_something_else_is_false(
    seal_key: SealKey, noon: TimeAuthority, check: Any
) -> None:
    pdf = stamped(seal_key, noon.careless_stamper(SIGNED_AT))

    verdict = check(pdf, timestamp_roots=[noon.certificate_pem], registered=Registered(sha256(pdf)))

    assert (verdict.verdict, verdict.causes) == ("invalid", ("timestamp_broken",))


def test_a_signature_later_than_its_own_time_stamp_is_not_believed(
    seal_key: SealKey, noon: TimeAuthority, check: Any
) -> None:
    pdf = stamped(seal_key, noon.stamper(SIGNED_AT - HOUR))

    assert check(pdf, timestamp_roots=[noon.certificate_pem]).causes == ("time_wrong",)


def test_a_time_stamp_over_the_whole_file_is_no_signature_of_a_party(
    signed: bytes, noon: TimeAuthority, check: Any
) -> None:
    output = io.BytesIO()
    PdfTimeStamper(noon.stamper(SIGNED_AT + HOUR)).timestamp_pdf(
        IncrementalPdfFileWriter(io.BytesIO(signed)), "sha256", output=output
    )

    verdict = check(output.getvalue(), timestamp_roots=[noon.certificate_pem])

    assert (verdict.verdict, len(verdict.signatures)) == ("valid", 2)
    (timestamp,) = verdict.timestamps
    assert timestamp.timestamp_at == SIGNED_AT + HOUR
    assert check(output.getvalue()).causes == ("timestamp_unknown",)


def test_what_came_after_each_signature_is_told(signed: bytes, check: Any) -> None:
    first, second = check(signed).signatures

    assert (first.covers_file, first.changes) == (False, "form_filling")
    assert (second.covers_file, second.changes) == (True, "none")
    assert first.changes_in_words


def test_a_certificate_revoked_before_the_signature_is_false(
    signed: bytes, authority: KeyPairPem, seal_pair: KeyPairPem, check: Any
) -> None:
    before = revocation_list(authority, seal_pair, at=SIGNED_AT - HOUR)

    verdict = check(signed, revocation_lists=[before], registered=Registered(sha256(signed)))

    assert (verdict.verdict, verdict.causes) == ("invalid", ("revoked",))
    assert verdict.signatures[0].revoked_at == (SIGNED_AT - HOUR).replace(microsecond=0)


def test_a_certificate_revoked_later_needs_a_proof_of_the_time(
    signed: bytes, authority: KeyPairPem, seal_pair: KeyPairPem, check: Any
) -> None:
    after = revocation_list(authority, seal_pair, at=SIGNED_AT + HOUR)

    verdict = check(signed, revocation_lists=[after])

    assert (verdict.verdict, verdict.causes) == ("unknown", ("revoked_later",))
    registered = Registered(sha256(signed))
    assert check(signed, revocation_lists=[after], registered=registered).verdict == "valid"


def test_a_list_tells_that_revocation_was_checked_and_a_false_one_does_not(
    signed: bytes, authority: KeyPairPem, seal_pair: KeyPairPem, check: Any
) -> None:
    other = keys.issue_seal(authority, organisation=ORGANISATION, at=SIGNED_AT)
    namesake = keys.new_authority(ORGANISATION, at=SIGNED_AT)
    ours = check(signed, revocation_lists=[revocation_list(authority, other, at=SIGNED_AT)])
    forged = revocation_list(namesake, seal_pair, at=SIGNED_AT - HOUR)

    assert ours.verdict == "valid"
    assert [signature.is_revocation_checked for signature in ours.signatures] == [True, True]
    answer = check(signed, revocation_lists=[forged])
    assert answer.verdict == "valid"
    assert [signature.is_revocation_checked for signature in answer.signatures] == [False, False]
