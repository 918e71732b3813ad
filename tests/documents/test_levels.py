"""The company's signer signs with the kind of signature that he turned on, and with its key."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bitrix24.models import Portal
from documents import tasks
from documents.core import files, sending
from documents.models import Document, Signature, StoredFile
from documents.proof import verification
from employees.models import Employee, KeyPair
from employees.signatures import certificates
from employees.signatures.keys import platform_roots
from signing.baseline import baseline_of
from signing.keys.certificates import fingerprint
from signing.keys.proof import Baseline
from signing.verify import Verdict, verify
from signx.errors import ErrorCode, SignXError
from tests import factories
from tests.factories import NOON
from tests.signing import papers
from tests.signing.time_server import TimeServer, running

Kind = StoredFile.Kind
Status = Document.Status


@pytest.fixture
def signer(office: Portal) -> Employee:
    """Whose unqualified signature support has confirmed."""
    employee = factories.make_signer_employee(office)
    factories.give_own_key(employee)
    return employee


def own_pair(signer: Employee) -> KeyPair:
    return KeyPair.objects.get(employee=signer, is_current=True)


def content(document: Document, kind: str) -> bytes:
    return files.content_of(StoredFile.objects.get(document=document, kind=kind))


def checked(document: Document, **options: object) -> Verdict:
    return verify(
        content(document, Kind.SIGNED), roots=platform_roots(), at=NOON, apart=False, **options
    )


def test_an_unqualified_signature_is_made_with_the_persons_own_key(
    office: Portal, signer: Employee, pdfsig: str, tmp_path: Path
) -> None:
    document = factories.make_completed(office, signer_company=signer)

    verdict = checked(document)
    company, other = verdict.signatures
    assert verdict.verdict == "valid", verdict.causes
    assert company.fingerprint == fingerprint(own_pair(signer).certificate_pem)
    assert signer.name in company.subject
    assert "SIGNX" in other.subject
    levels = Signature.objects.filter(signer__document=document).order_by("signer__order")
    assert [signature.level for signature in levels] == ["unqualified", "simple"]
    path = tmp_path / "signed.pdf"
    path.write_bytes(content(document, Kind.SIGNED))
    done = subprocess.run([pdfsig, "-nocert", path], capture_output=True, text=True, check=False)
    assert done.stdout.count("Signature Validation: Signature is Valid.") == 2


def test_stamp_and_report_name_the_kind_and_the_certificate(
    office: Portal, signer: Employee
) -> None:
    document = factories.make_completed(office, signer_company=signer, language="en")

    serial = own_pair(signer).serial.upper()
    facts = papers.attached_json(content(document, Kind.REPORT))
    flat = papers.changed(content(document, Kind.SIGNED), lambda pdf: pdf.flatten_annotations())
    stamps = "".join("".join(papers.texts(flat)).split())  # stamps wrap where they like
    for kind in ("an unqualified", "a simple"):
        title = f"Document signed with {kind} electronic signature"
        assert title.replace(" ", "") in stamps
    assert stamps.count(serial) == 1
    company, other = (told["party"] for told in facts["signers"])
    assert (company["level"], other["level"]) == ("unqualified", "simple")
    assert serial in company["certificate"]
    assert not other["certificate"]


def test_the_verification_page_pins_the_signers_own_certificate(
    office: Portal, signer: Employee
) -> None:
    document = factories.make_completed(office, signer_company=signer)

    finding = verification.check_file(
        "signed.pdf", content(document, Kind.SIGNED), expected=document, at=NOON
    )

    assert finding.verdict == "valid", finding.reasons
    assert [found.is_pinned for found in finding.signatures] == [True, True]


def test_a_person_without_a_certificate_in_force_signs_nothing(
    office: Portal, signer: Employee
) -> None:
    reason = KeyPair.Revocation.KEY_COMPROMISE
    certificates.revoke_all(signer, reason=reason, by="support:anna", at=NOON)
    draft = factories.make_draft(office, signer_company=signer)

    with pytest.raises(SignXError) as caught:
        sending.send_document(draft, actor=factories.ROBOT, at=NOON)

    assert caught.value.code == ErrorCode.RIGHT_MISSING
    assert not Signature.objects.filter(signer__document=draft).exists()


def test_a_signature_without_its_own_key_is_never_sealed_by_the_platform(
    office: Portal, signer: Employee
) -> None:
    document = factories.make_sending(office, signer_company=signer)
    Signature.objects.filter(signer__document=document).update(key_pair=None)

    tasks.hand_over(document.pk, NOON)

    document.refresh_from_db()
    assert (document.status, document.error_code) == (Status.FAILED, "signature_level_refused")


def test_signatures_of_the_past_stay_valid_after_a_renewal(
    office: Portal, signer: Employee
) -> None:
    document = factories.make_completed(office, signer_company=signer)
    services_at = own_pair(signer).not_after - timedelta(days=20)
    certificates.renew(signer, by=signer, at=services_at)

    assert checked(document).verdict == "valid"


@pytest.fixture
def server(settings: object) -> Iterator[TimeServer]:
    """SIGNX asks it for time-stamps of every signature; its clock is that of the tests."""
    with running(TimeServer(clock=lambda: NOON)) as started:
        settings.PADES_LEVEL = "B-LTA"  # type: ignore[attr-defined]
        settings.TSA_URLS = [started.url]  # type: ignore[attr-defined]
        settings.TSA_CERTIFICATES = started.root_pem  # type: ignore[attr-defined]
        yield started


def test_a_document_reaches_the_level_that_settings_ask_for(
    server: TimeServer, office: Portal, signer: Employee
) -> None:
    document = factories.make_completed(office, signer_company=signer, language="en")

    verdict = checked(document, timestamp_roots=[server.root_pem])
    report = papers.attached_json(content(document, Kind.REPORT))
    assert verdict.verdict == "valid", verdict.causes
    assert baseline_of(verdict) is Baseline.LTA
    assert "PAdES B-LTA" in report["seal"]["time_source"]


def test_without_a_time_stamp_a_document_waits_and_is_not_made_weaker(
    server: TimeServer, office: Portal
) -> None:
    document = factories.make_sending(office)
    server.mood = "http_500"
    tasks.hand_over(document.pk, NOON)
    document.refresh_from_db()
    assert document.status == Status.SENDING
    assert files.find(document, Kind.IN_WORK) is None
    assert document.next_step_at > NOON

    server.mood = "good"
    tasks.hand_over(document.pk, document.next_step_at)

    assert files.find(document, Kind.IN_WORK) is not None


def test_a_signed_document_waits_for_its_time_stamp_and_stays_whole(
    server: TimeServer, office: Portal
) -> None:
    document = factories.make_sending(office)
    tasks.hand_over(document.pk, NOON)
    factories.settle_deliveries("invitation")
    server.mood = "wrong_imprint"
    factories.sign_as_counterparty(document, at=NOON)
    tasks.seal(document.pk, NOON)
    document.refresh_from_db()
    assert document.status == Status.SEALING
    assert files.find(document, Kind.SIGNED) is None

    server.mood = "good"
    tasks.seal(document.pk, document.next_step_at)

    document.refresh_from_db()
    assert document.status == Status.COMPLETED
    assert checked(document, timestamp_roots=[server.root_pem]).verdict == "valid"
