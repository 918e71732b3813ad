"""Sealing: what it leaves behind, run twice, killed in between, checked by others."""

from __future__ import annotations

import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from bitrix24.models import Portal
from documents import tasks
from documents.core import files
from documents.core.creation import AgreementFile
from documents.models import Document, StoredFile
from employees.models import BalanceEntry
from employees.signatures.keys import platform_roots
from employees.signatures.seal_keys import platform_seal
from journal.services import chain_of, verify_chain
from outbox.models import Delivery
from signing.verify import Registered, verify
from signx.claims import LEASE
from tests import factories
from tests.documents.flaky import Flaky, Killed, Kind, Status, fresh, kinds_of, on
from tests.factories import NOON
from tests.signing import papers


def test_sealing_makes_the_files_and_completes(completed: Document) -> None:
    assert completed.status == Status.COMPLETED
    assert kinds_of(completed) == {"source", "shown", "in_work", "signed", "report"}
    assert set(
        BalanceEntry.objects.filter(document_id=completed.pk).values_list("kind", flat=True)
    ) == {"hold", "capture"}
    uploads = Delivery.objects.filter(kind="disk_upload").values_list("key", flat=True)
    assert set(uploads) == {f"upload:{completed.pk}:{kind}" for kind in ("signed", "report")}
    assert Delivery.objects.filter(kind="signed_copy").count() == 2
    assert verify_chain(completed.portal).ok


def test_the_report_tells_what_was_signed(completed: Document) -> None:
    facts = papers.attached_json(files.read(completed, Kind.REPORT))

    signed = StoredFile.objects.get(document=completed, kind=Kind.SIGNED)
    assert facts["result"]["sha256"] == signed.sha256
    assert facts["result"]["streebog256"] == signed.streebog256 != ""
    assert [signer["party"]["name"] for signer in facts["signers"]] == [
        "Орлова Вера Павловна",
        "Ильин Пётр Андреевич",
    ]
    assert "ilin@zakazchik.example" not in str(facts)
    assert facts["journal_head"]


def test_an_agreement_accepted_here_comes_back_as_its_own_file(office: Portal) -> None:
    document = factories.make_completed(office, agreement="Y")

    assert Kind.AGREEMENT in kinds_of(document)
    assert Delivery.objects.filter(key=f"upload:{document.pk}:agreement").exists()


def test_the_portals_own_agreement_is_the_one_that_comes_back(office: Portal) -> None:
    own = AgreementFile("Соглашение.pdf", factories.paper())
    document = factories.make_completed(office, agreement="", agreement_file=own)

    pdf = files.read(document, Kind.AGREEMENT)

    assert pdf.startswith(own.pdf.pdf)  # sealed on top of what was given


def test_sealing_twice_is_one_effect(sealing: Document) -> None:
    tasks.seal(sealing.pk, NOON)
    before = _everything(sealing)

    tasks.seal(sealing.pk, NOON + timedelta(minutes=1))
    tasks.follow_due(NOON + timedelta(hours=1))

    assert _everything(sealing) == before


@pytest.mark.parametrize("moment", ["sign 2", "seal"])
def test_a_worker_killed_in_sealing_is_followed_by_another(
    sealing: Document, flaky: Flaky, moment: str
) -> None:
    on(sealing, "flaky")
    flaky.breaks = [(moment, Killed())]
    with pytest.raises(Killed):
        tasks.seal(sealing.pk, NOON)

    tasks.follow_due(NOON + LEASE)

    assert fresh(sealing).status == Status.COMPLETED
    assert flaky.calls.count("seal") == (2 if moment == "seal" else 1)
    assert flaky.calls.count("sign 2") == (1 if moment == "seal" else 2)
    assert BalanceEntry.objects.filter(document_id=sealing.pk, kind="capture").count() == 1


def test_support_is_told_once_after_two_minutes(sealing: Document, flaky: Flaky) -> None:
    on(sealing, "flaky")
    flaky.breaks = [("sign 2", RuntimeError("disk full"))] * 99
    at, told = NOON, []

    while at < NOON + timedelta(minutes=30):
        tasks.follow_due(at)
        told.append((at, Delivery.objects.filter(kind="support_letter").count()))
        at = fresh(sealing).next_step_at or at

    assert [count for moment, count in told if moment < NOON + tasks.ALARM_AFTER].count(1) == 0
    assert dict(told)[NOON + tasks.ALARM_AFTER] == 1
    assert told[-1][1] == 1
    alarms = chain_of(sealing.subject).filter(data__support_told=True)
    assert alarms.count() == 1
    assert fresh(sealing).status == Status.SEALING


def test_a_file_that_fails_our_own_check_is_never_called_signed(
    sealing: Document, flaky: Flaky
) -> None:
    on(sealing, "flaky")
    flaky.spoils = True

    tasks.seal(sealing.pk, NOON)

    assert fresh(sealing).status == Status.SEALING
    assert Kind.SIGNED not in kinds_of(sealing)
    flaky.spoils = False
    tasks.follow_due(NOON + timedelta(seconds=2))
    assert fresh(sealing).status == Status.COMPLETED


def test_a_file_that_kills_every_worker_is_told_to_support(sealing: Document, flaky: Flaky) -> None:
    on(sealing, "flaky")
    flaky.breaks = [("sign 2", Killed())] * 2
    for attempt in range(2):
        with pytest.raises(Killed):
            tasks.seal(sealing.pk, NOON + attempt * LEASE)

    assert Delivery.objects.filter(kind="support_letter").count() == 1
    tasks.seal(sealing.pk, NOON + 2 * LEASE)
    assert fresh(sealing).status == Status.COMPLETED


def test_sealing_that_recovers_completes(sealing: Document, flaky: Flaky) -> None:
    on(sealing, "flaky")
    flaky.breaks = [("sign 2", RuntimeError("disk full"))] * 20
    at = NOON

    while fresh(sealing).status == Status.SEALING:
        tasks.follow_due(at)
        at = fresh(sealing).next_step_at or at

    assert fresh(sealing).status == Status.COMPLETED


def test_what_was_not_signed_in_time_expires(sent: Document) -> None:
    Document.objects.filter(pk=sent.pk).update(next_reminder_at=None)
    assert not tasks.has_due(sent.expires_at - timedelta(seconds=1))

    assert tasks.has_due(sent.expires_at)
    tasks.follow_due(sent.expires_at)

    assert fresh(sent).status == Status.EXPIRED
    assert not tasks.has_due(sent.expires_at + timedelta(days=1))


def test_the_signed_file_satisfies_an_independent_validator(
    completed: Document, pdfsig: str, tmp_path: Path
) -> None:
    target = tmp_path / "signed.pdf"
    target.write_bytes(files.read(completed, Kind.SIGNED))

    told = subprocess.run([pdfsig, "-nocert", target], capture_output=True, text=True).stdout

    assert told.count("Signature is Valid") == 2
    assert told.count("Total document signed") == 1


def test_the_signed_file_is_valid_by_our_own_check(completed: Document) -> None:
    signed = StoredFile.objects.get(document=completed, kind=Kind.SIGNED)

    verdict = verify(
        files.read(completed, Kind.SIGNED),
        roots=platform_roots(),
        registered=Registered(signed.sha256),
        pinned=[platform_seal().fingerprint],
        at=NOON + timedelta(hours=1),
    )

    assert (verdict.verdict, verdict.causes) == ("valid", ())
    assert len(verdict.signatures) == 2


@pytest.mark.parametrize("kind", [Kind.REPORT, Kind.AGREEMENT])
def test_our_own_papers_are_sealed(office: Portal, kind: str) -> None:
    document = factories.make_completed(office, agreement="Y")

    verdict = verify(
        files.read(document, kind),
        roots=platform_roots(),
        pinned=[platform_seal().fingerprint],
        at=NOON + timedelta(hours=1),
    )

    assert verdict.verdict == "valid"


def _everything(document: Document) -> dict[str, object]:
    return {
        "status": fresh(document).status,
        "files": sorted(document.files.values_list("kind", "sha256")),
        "deliveries": sorted(Delivery.objects.values_list("key", flat=True)),
        "events": chain_of(document.subject).count(),
        "balance": sorted(BalanceEntry.objects.values_list("kind", "units")),
    }
