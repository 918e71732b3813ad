"""What a signature carries to be provable: each level reached, or the signature not made."""

from __future__ import annotations

import asyncio
import io
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pikepdf
import pytest
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.ades.report import AdESPassed
from pyhanko.sign.validation.ades import ades_lta_validation
from pyhanko.sign.validation.policy_decl import (
    PdfSignatureValidationSpec,
    RevinfoOnlineFetchingRule,
    RevocationInfoGatheringSpec,
    SignatureValidationSpec,
)
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.ltv.types import ValidationTimingInfo
from pyhanko_certvalidator.policy_decl import CertRevTrustPolicy, RevocationCheckingPolicy
from pyhanko_certvalidator.registry import SimpleTrustManager

from signing.base import Party, Place, StampText
from signing.baseline import baseline_of
from signing.embedded import seal
from signing.keys import authority as keys
from signing.keys.authority import KeyPairPem, KeyType, SealKey
from signing.keys.certificates import certificates_of
from signing.keys.issuing import Issuer
from signing.keys.proof import Baseline, OwnAuthorities, Proof
from signing.keys.revocation import Revoked, revocation_list
from signing.keys.timestamps import TimestampClient
from signing.verify import Verdict, verify
from signx.errors import ErrorCode, SignXError
from tests.signing import papers
from tests.signing.conftest import ORGANISATION
from tests.signing.signed_elsewhere import by_pyhanko
from tests.signing.time_server import TimeServer, running

Places = dict[str, tuple[Place, ...]]
StampOf = Callable[[Party], StampText]


class Installation:
    """A root, an issuing authority and a seal, all made now, with their lists."""

    def __init__(self, key_type: KeyType = "P-256") -> None:
        self.now = datetime.now(UTC)
        self.root = keys.new_authority(ORGANISATION, at=self.now, key_type=key_type)
        self.issuing = keys.new_issuing(
            self.root,
            organisation=ORGANISATION,
            at=self.now,
            key_type=key_type,
            pki_url="https://signx.example/pki",
        )
        self.seal = keys.issue_seal(
            self.issuing,
            organisation=ORGANISATION,
            at=self.now,
            key_type=key_type,
            pki_url="https://signx.example/pki",
        )
        self.revoked: list[Revoked] = []
        self.is_list_made = True

    def authorities(self) -> OwnAuthorities:
        lists = [self._list(self.root, [])]
        if self.is_list_made:
            lists.append(self._list(self.issuing, self.revoked))
        return OwnAuthorities(
            tuple(certificates_of(self.root.certificate_pem)),
            tuple(certificates_of(self.issuing.certificate_pem)),
            tuple(lists),
        )

    def key(self, baseline: Baseline, server: TimeServer) -> SealKey:
        client = TimestampClient([server.url], roots=server.roots, timeout_s=5)
        timestamps = None if baseline is Baseline.B else client
        return replace(keys.load(self.seal), proof=Proof(baseline, timestamps, self.authorities))

    def _list(self, authority: KeyPairPem, revoked: list[Revoked]) -> bytes:
        return revocation_list(Issuer.of(authority), revoked, number=1, at=self.now)


@pytest.fixture(scope="module")
def installation() -> Installation:
    return Installation()


@pytest.fixture
def server() -> Iterator[TimeServer]:
    with running(TimeServer()) as started:
        yield started


@pytest.fixture
def signed_by(places: Places, director: Party, contractor: Party, stamp_of: StampOf):  # type: ignore[no-untyped-def]
    def sign(key: SealKey, upto: int = 2, paper: bytes = b"") -> bytes:
        pdf = seal.add_fields(paper or papers.contract(), places)
        for position, party in enumerate((director, contractor)[:upto]):
            pdf = seal.sign(
                pdf,
                key=party.key,
                stamp=stamp_of(party),
                with_key=key,
                at=datetime.now(UTC),
                reason="Подписание документа",
                name=party.name,
                is_last=position == 1,
            )
        return pdf

    return sign


def check(pdf: bytes, installation: Installation, server: TimeServer) -> Verdict:
    return verify(
        pdf,
        roots=[installation.root.certificate_pem],
        timestamp_roots=[server.root_pem],
        apart=False,
    )


@pytest.mark.parametrize("baseline", list(Baseline))
def test_every_level_is_reached_and_told_from_the_file(
    signed_by, installation: Installation, server: TimeServer, baseline: Baseline
) -> None:
    verdict = check(signed_by(installation.key(baseline, server)), installation, server)

    assert verdict.verdict == "valid", verdict.causes
    assert baseline_of(verdict) is baseline
    assert len(verdict.signatures) == 2
    assert all(found.is_time_proven for found in verdict.signatures) == (baseline != Baseline.B)


@pytest.mark.parametrize("baseline", [Baseline.T, Baseline.LT, Baseline.LTA])
def test_another_validator_accepts_both_signatures(
    signed_by,
    installation: Installation,
    server: TimeServer,
    pdfsig: str,
    tmp_path: Path,
    baseline: Baseline,
) -> None:
    path = tmp_path / "signed.pdf"
    path.write_bytes(signed_by(installation.key(baseline, server)))

    done = subprocess.run([pdfsig, "-nocert", path], capture_output=True, text=True, check=False)

    assert done.stdout.count("Signature Validation: Signature is Valid.") == 2


def test_an_archived_document_is_provable_from_the_file_alone(
    signed_by, installation: Installation, server: TimeServer
) -> None:
    """By pyHanko's own long-term algorithm (ETSI EN 319 102-1, 5.6.3), nothing fetched."""
    signed = signed_by(installation.key(Baseline.LTA, server))
    later = datetime.now(UTC) + timedelta(days=3)
    trust = SimpleTrustManager.build(
        trust_roots=[*certificates_of(installation.root.certificate_pem), *server.roots]
    )
    must_know = CertRevTrustPolicy(RevocationCheckingPolicy.from_legacy("require"))
    rules = SignatureValidationSpec(
        CertValidationPolicySpec(trust, must_know),
        RevocationInfoGatheringSpec(RevinfoOnlineFetchingRule.LOCAL_ONLY),
        key_usage_settings=KeyUsageConstraints(key_usage={"digital_signature"}),
    )

    for signature in PdfFileReader(io.BytesIO(signed)).embedded_regular_signatures:
        result = asyncio.run(
            ades_lta_validation(
                signature,
                PdfSignatureValidationSpec(rules),
                ValidationTimingInfo(later, later, point_in_time_validation=False),
            )
        )

        assert result.ades_subindic is AdESPassed.OK, result.failure_msg
        assert result.oldest_evidence_record_timestamp is not None


def test_a_signature_that_came_along_does_not_hold_up_the_archive(
    signed_by, installation: Installation, server: TimeServer
) -> None:
    """Nobody here could prove whose it is; our own are proven all the same."""
    given = by_pyhanko(papers.contract(), installation.now)

    verdict = check(
        signed_by(installation.key(Baseline.LTA, server), paper=given), installation, server
    )

    theirs, *ours = verdict.signatures
    assert verdict.causes == theirs.causes == ("issuer_unknown",)
    assert baseline_of(replace(verdict, signatures=tuple(ours))) is Baseline.LTA


def test_rsa_signatures_with_their_chain_fit_the_reserved_room(
    signed_by, server: TimeServer
) -> None:
    installation = Installation("RSA-3072")

    verdict = check(signed_by(installation.key(Baseline.LTA, server)), installation, server)

    assert verdict.verdict == "valid", verdict.causes
    assert baseline_of(verdict) is Baseline.LTA


def test_our_own_papers_reach_the_level_too(installation: Installation, server: TimeServer) -> None:
    key = installation.key(Baseline.LTA, server)

    sealed = seal.seal_whole(
        papers.contract(), with_key=key, at=datetime.now(UTC), reason="Протокол"
    )

    verdict = check(sealed, installation, server)
    assert verdict.verdict == "valid", verdict.causes
    assert baseline_of(verdict) is Baseline.LTA


@pytest.mark.parametrize("mood", ["http_500", "wrong_imprint", "wrong_nonce", "forged"])
def test_without_a_sound_time_stamp_no_signature_is_made(
    signed_by, installation: Installation, server: TimeServer, mood: str
) -> None:
    server.mood = mood

    with pytest.raises(SignXError) as caught:
        signed_by(installation.key(Baseline.T, server), upto=1)

    assert caught.value.code is ErrorCode.PROVIDER_FAILED


def test_validation_data_stand_once_after_the_last_signature(
    signed_by, installation: Installation, server: TimeServer
) -> None:
    key = installation.key(Baseline.LT, server)

    with pikepdf.open(io.BytesIO(signed_by(key, upto=1))) as one:
        assert "/DSS" not in one.Root
    with pikepdf.open(io.BytesIO(signed_by(key))) as both:
        data = both.Root.DSS
        assert len(data.Certs) == 5  # root, issuing, seal; root and server of the time
        assert len(data.CRLs) == 3


def test_a_missing_revocation_list_of_ours_refuses_the_level(signed_by, server: TimeServer) -> None:
    installation = Installation()
    installation.is_list_made = False

    with pytest.raises(SignXError) as caught:
        signed_by(installation.key(Baseline.LT, server))

    assert caught.value.code is ErrorCode.PROVIDER_FAILED
    assert installation.seal.serial in caught.value.detail


def test_a_missing_list_of_the_time_stamping_authority_refuses_the_level(
    signed_by, installation: Installation, server: TimeServer
) -> None:
    server.is_list_served = False

    with pytest.raises(SignXError) as caught:
        signed_by(installation.key(Baseline.LT, server))

    assert caught.value.code is ErrorCode.PROVIDER_FAILED


def test_a_revoked_time_stamping_server_proves_nothing(
    signed_by, installation: Installation, server: TimeServer
) -> None:
    server.is_revoked = True

    with pytest.raises(SignXError) as caught:
        signed_by(installation.key(Baseline.LTA, server))

    assert caught.value.code is ErrorCode.PROVIDER_FAILED


def test_a_revoked_seal_cannot_close_a_document(signed_by, server: TimeServer) -> None:
    installation = Installation()
    installation.revoked = [Revoked(installation.seal.serial, installation.now)]

    with pytest.raises(SignXError) as caught:
        signed_by(installation.key(Baseline.LT, server))

    assert caught.value.code is ErrorCode.PROVIDER_FAILED


def test_a_level_without_a_server_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        Proof(Baseline.T)
