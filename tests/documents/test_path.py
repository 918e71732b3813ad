"""Hand-over and sealing: what they leave behind, run twice, killed in between."""

from __future__ import annotations

import subprocess
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bitrix24.models import Portal
from documents import files, flow, services, tasks
from documents.creation import AgreementFile
from documents.models import Document, Signature, Signer, StoredFile
from employees import balances
from employees.keys import platform_roots, platform_seal
from employees.models import BalanceEntry
from journal.services import chain_of, verify_chain
from outbox.base import Outcome
from outbox.models import Delivery
from signing import provider as providers
from signing.base import Level
from signing.embedded.keys import SealKey
from signing.embedded.provider import EmbeddedProvider
from signing.provider import PreparedDocument, SignatureOrder, SigningRequest
from signing.report import attached_json
from signing.verify import Registered, verify
from signx.errors import ErrorCode, SignXError
from tests import factories
from tests.factories import NOON

Kind = StoredFile.Kind
Status = Document.Status


class Killed(BaseException):
    """What a worker meets that is killed: nothing of ours may catch it."""


class Flaky(EmbeddedProvider):
    """The embedded provider, which breaks at the calls it is told to break at."""

    def __init__(self) -> None:
        self.breaks: list[tuple[str, BaseException]] = []
        self.calls: list[str] = []
        self.spoils = False

    def _meet(self, call: str) -> None:
        self.calls.append(call)
        if self.breaks and self.breaks[0][0] == call:
            raise self.breaks.pop(0)[1]

    def prepare(self, request: SigningRequest) -> PreparedDocument:
        self._meet("prepare")
        return super().prepare(request)

    def sign(self, pdf: bytes, order: SignatureOrder) -> bytes:
        self._meet(f"sign {order.key}")
        signed = super().sign(pdf, order)
        return signed.replace(b"/Contents <", b"/Contents <00", 1) if self.spoils else signed

    def seal(self, pdf: bytes, *, with_key: SealKey, at: datetime, reason: str) -> bytes:
        self._meet("seal")
        return super().seal(pdf, with_key=with_key, at=at, reason=reason)


@pytest.fixture
def flaky() -> Flaky:
    engine = Flaky()
    providers.register("flaky", lambda: engine, levels={Level.SIMPLE})
    return engine


def on(document: Document, provider: str) -> Document:
    Document.objects.filter(pk=document.pk).update(provider=provider)
    return fresh(document)


def fresh(document: Document) -> Document:
    return Document.objects.get(pk=document.pk)


def kinds_of(document: Document) -> set[str]:
    return set(document.files.values_list("kind", flat=True))


def test_hand_over_signs_for_the_company_and_invites_the_other_side(sending: Document) -> None:
    tasks.hand_over(sending.pk, NOON)

    company, other = sending.signers.order_by("order")
    assert company.status == Signer.Status.SIGNED
    assert company.signature.is_applied
    assert company.signature.confirmed_by.count("u***@kontora.example") == 1
    assert (other.status, len(other.link_hash)) == (Signer.Status.PENDING, 64)
    invitation = Delivery.objects.get(kind="invitation")
    assert len(invitation.open_secret()["token"]) >= 43  # 256 bits
    assert invitation.open_secret()["token"] not in str(invitation.payload)
    assert fresh(sending).status == Status.SENDING  # until the mail server has the letter


def test_the_document_is_sent_when_the_mail_server_took_the_letter(sending: Document) -> None:
    tasks.hand_over(sending.pk, NOON)

    factories.settle_deliveries("invitation", at=NOON + timedelta(seconds=1))

    document = fresh(sending)
    assert (document.status, document.sent_at) == (Status.SENT, NOON + timedelta(seconds=1))
    assert factories.counterparty_of(document).invited_at == NOON + timedelta(seconds=1)


def test_a_refused_address_fails_the_document_and_costs_nothing(sending: Document) -> None:
    before = balances.available(sending.portal)
    services.subscribe(sending, robot_code="signx_send", event_token="t", wait_for="sent", at=NOON)
    tasks.hand_over(sending.pk, NOON)

    factories.settle_deliveries(
        "invitation",
        outcome=lambda _: Outcome(done=False, code="mail_rejected", detail="550", final=True),
    )

    document = fresh(sending)
    assert (document.status, document.error_code) == (Status.FAILED, "mail_rejected")
    assert "i***@zakazchik.example" in document.error
    assert balances.available(document.portal) == before + 1
    values = Delivery.objects.get(kind="workflow_reply", key__endswith=":again").payload["values"]
    assert (values["status_code"], values["response_code"]) == ("failed", "mail_rejected")
    assert values["error"] == document.error


def test_a_letter_with_a_replaced_link_decides_nothing(sent: Document) -> None:
    old = Delivery.objects.get(kind="invitation")
    services.resend_invitation(
        factories.counterparty_of(sent), by=sent.signers.get(key="1").employee, at=NOON
    )
    old.state = Delivery.State.DEAD

    tasks.invitation_settled(old)

    assert fresh(sent).status == Status.SENT
    assert not Delivery.objects.filter(key__contains=":mail_rejected").exists()


def test_a_refused_reminder_is_told_and_ends_nothing(sent: Document) -> None:
    services.resend_invitation(
        factories.counterparty_of(sent), by=sent.signers.get(key="1").employee, at=NOON
    )

    factories.settle_deliveries(
        "invitation", outcome=lambda _: Outcome(done=False, code="mail_rejected", final=True)
    )

    assert fresh(sent).status == Status.SENT
    assert Delivery.objects.filter(key__contains=":mail_rejected").exists()


def test_a_letter_settled_after_the_end_invites_nobody(sent: Document) -> None:
    services.resend_invitation(
        factories.counterparty_of(sent), by=sent.signers.get(key="1").employee, at=NOON
    )
    flow.move(sent.pk, Status.EXPIRED, actor="system", at=NOON)
    invited = chain_of(sent.subject).filter(kind="signer_invited").count()

    factories.settle_deliveries("invitation")

    assert chain_of(sent.subject).filter(kind="signer_invited").count() == invited == 1


def test_hand_over_twice_is_one_effect(sending: Document) -> None:
    tasks.hand_over(sending.pk, NOON)
    first = files.read(sending, Kind.IN_WORK)

    tasks.hand_over(sending.pk, NOON)
    tasks.follow_due(NOON + timedelta(hours=1))

    assert files.read(sending, Kind.IN_WORK) == first
    assert Delivery.objects.filter(kind="invitation").count() == 1
    assert chain_of(sending.subject).filter(kind="signer_signed").count() == 1


@pytest.mark.parametrize("moment", ["prepare", "sign 1"])
def test_a_worker_killed_in_hand_over_is_followed_by_another(
    sending: Document, flaky: Flaky, moment: str
) -> None:
    on(sending, "flaky")
    flaky.breaks = [(moment, Killed())]
    with pytest.raises(Killed):
        tasks.hand_over(sending.pk, NOON)

    tasks.follow_due(NOON + tasks.LEASE - timedelta(seconds=1))
    assert not files.find(sending, Kind.IN_WORK)  # the dead worker's lease still holds
    tasks.follow_due(NOON + tasks.LEASE)

    assert Delivery.objects.filter(kind="invitation").count() == 1
    assert chain_of(sending.subject).filter(kind="signer_signed").count() == 1
    assert Signature.objects.get(signer__document=sending).signed_at == NOON


def test_a_worker_killed_between_file_and_invitation_loses_nothing(sending: Document) -> None:
    from documents.handing_over import sign_for_company

    sign_for_company(sending, at=NOON)  # and then the power went
    made = files.read(sending, Kind.IN_WORK)

    tasks.follow_due(NOON)

    assert files.read(sending, Kind.IN_WORK) == made
    assert Delivery.objects.filter(kind="invitation").count() == 1


def test_hand_over_is_repeated_while_the_provider_is_down(sending: Document, flaky: Flaky) -> None:
    on(sending, "flaky")
    flaky.breaks = [("prepare", SignXError(ErrorCode.PROVIDER_FAILED))] * 2

    tasks.hand_over(sending.pk, NOON)
    assert not tasks.has_due(NOON + timedelta(seconds=1))
    tasks.follow_due(NOON + timedelta(seconds=2))
    tasks.follow_due(NOON + timedelta(seconds=7))

    assert flaky.calls == ["prepare", "prepare", "prepare", "sign 1"]
    assert Delivery.objects.filter(kind="invitation").count() == 1


def test_a_provider_that_stays_down_fails_the_document(sending: Document, flaky: Flaky) -> None:
    on(sending, "flaky")
    flaky.breaks = [("prepare", SignXError(ErrorCode.PROVIDER_FAILED))] * 99
    at = NOON

    while fresh(sending).status == Status.SENDING:
        tasks.follow_due(at)
        at = fresh(sending).next_step_at or at

    document = fresh(sending)
    assert (document.status, document.error_code) == (Status.FAILED, "provider_failed")
    assert timedelta(minutes=10) < at - NOON < timedelta(minutes=30)
    assert set(
        BalanceEntry.objects.filter(document_id=document.pk).values_list("kind", flat=True)
    ) == {"hold", "release"}


def test_a_file_that_cannot_be_signed_fails_at_once(sending: Document, flaky: Flaky) -> None:
    on(sending, "flaky")
    flaky.breaks = [("prepare", SignXError(ErrorCode.DOCUMENT_INVALID, reason="форма XFA"))]

    tasks.hand_over(sending.pk, NOON)

    assert fresh(sending).error_code == "document_invalid"


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
    facts = attached_json(files.read(completed, Kind.REPORT))

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

    tasks.follow_due(NOON + tasks.LEASE)

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
            tasks.seal(sealing.pk, NOON + attempt * tasks.LEASE)

    assert Delivery.objects.filter(kind="support_letter").count() == 1
    tasks.seal(sealing.pk, NOON + 2 * tasks.LEASE)
    assert fresh(sealing).status == Status.COMPLETED


def test_a_file_that_kills_every_worker_is_not_handed_over_for_ever(
    sending: Document, flaky: Flaky
) -> None:
    on(sending, "flaky")
    flaky.breaks = [("prepare", Killed())] * 99
    at = NOON

    while fresh(sending).status == Status.SENDING:
        with suppress(Killed):
            tasks.hand_over(sending.pk, at)
        at = fresh(sending).next_step_at or at

    assert fresh(sending).error_code == "internal_error"
    assert at - NOON < timedelta(hours=1)


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
