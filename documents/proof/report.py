"""The facts of the signing report, gathered from the rows and from the journal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from documents.core import files
from documents.core.agreement_offers import accepted_before
from documents.models import Document, Signature, Signer, StoredFile
from documents.models.detached import DetachedSignature
from documents.proof.stamping import party_of
from employees.models import Employee
from employees.signatures.codes import mask_address
from employees.signatures.keys import platform_roots
from employees.signatures.seal_keys import platform_seal
from employees.signatures.sealing_policy import timestamp_roots
from journal.events import EventKind
from journal.models import AuditEvent
from journal.sentences import sentence
from journal.services import chain_of, head_hash
from signing.base import Level
from signing.baseline import baseline_of
from signing.papers.report_data import (
    ReportAgreement,
    ReportData,
    ReportDetached,
    ReportEarlier,
    ReportEvent,
    ReportFile,
    ReportSeal,
    ReportSigner,
    ReportStep,
)
from signing.verify import verify_own

Kind = StoredFile.Kind
# What of the journal belongs to one signer's confirmation.
STEPS = (
    EventKind.SIGNER_INVITED,
    EventKind.REMINDER_SENT,
    EventKind.LINK_RENEWED,
    EventKind.SIGNER_LETTER_BOUNCED,
    EventKind.SIGNER_ADDRESS_CHANGED,
    EventKind.SIGNER_DELEGATED,
    EventKind.SIGNER_VIEWED,
    EventKind.SIGNER_AGREED,
    EventKind.SIGNER_CODE_SENT,
    EventKind.SIGNER_CODE_WRONG,
    EventKind.SIGNER_SIGNED,
)


def report_data(document: Document, *, at: datetime) -> ReportData:
    """Everything the report says about a document whose SIGNED file exists."""
    with translation.override(document.language):
        events = list(chain_of(document.subject, document.portal))
        return ReportData(
            document_number=document.number,
            document_title=document.title,
            language=document.language,
            zone=ZoneInfo(settings.TIME_ZONE),
            made_at=at,
            source=_file(document, Kind.SOURCE, document.source_page_count),
            result=_file(document, Kind.SIGNED, document.page_count),
            signers=tuple(_signer(signature, events) for signature in _signatures(document)),
            events=tuple(_event(document, event) for event in events),
            agreements=tuple(_agreements(document)),
            seal=_seal(document, at),
            journal_head=head_hash(document.portal),
            verification_url=document.verification_url,
            operator=settings.OPERATOR_NAME,
            operator_details=settings.SUPPORT_EMAIL,
            software="SIGNX",
            detached=tuple(_detached(kept) for kept in document.detached_signatures.all()),
            earlier=tuple(_earlier(facts) for facts in document.earlier_signatures),
        )


def _file(document: Document, kind: str, page_count: int) -> ReportFile:
    """The file measured; its GOST hash is kept for the verification page."""
    stored = StoredFile.objects.get(document=document, kind=kind)
    measured = ReportFile.of(stored.name, files.content_of(stored), page_count)
    StoredFile.objects.filter(pk=stored.pk).update(streebog256=measured.streebog256)
    return measured


def _signatures(document: Document) -> list[Signature]:
    return list(
        Signature.objects.filter(signer__document=document)
        .select_related("signer")
        .order_by("signer__order")
    )


def _signer(signature: Signature, events: list[AuditEvent]) -> ReportSigner:
    signer = signature.signer
    return ReportSigner(
        party=party_of(signature),
        address=mask_address(signer.email),
        signed_at=signature.signed_at,
        ip=signature.ip or "",
        device=signature.user_agent,
        steps=tuple(
            ReportStep(event.at, sentence(event))
            for event in events
            if event.kind in STEPS and event.data.get("signer") == signer.key
        ),
    )


def _detached(kept: DetachedSignature) -> ReportDetached:
    return ReportDetached(
        name=kept.name,
        sha256=kept.sha256,
        signed_sha256=kept.signed_sha256,
        level=Level(kept.level),
        signers=tuple(signer["name"] for signer in kept.signers),
        certificates=tuple(
            f"{signer['certificate']['serial']}, {signer['certificate']['issuer']}"
            for signer in kept.signers
        ),
        added_at=kept.added_at,
        doubts=kept.reasons,
    )


def _earlier(facts: dict[str, str]) -> ReportEarlier:
    return ReportEarlier(
        name=facts["name"],
        subject=facts["subject"],
        issuer=facts["issuer"],
        serial=facts["serial"],
        signed_at=datetime.fromisoformat(facts["signed_at"]) if facts["signed_at"] else None,
    )


def _event(document: Document, event: AuditEvent) -> ReportEvent:
    text, actor = sentence(event), _actor(document, event.actor)
    return ReportEvent(
        number=event.number,
        at=event.at,
        actor="" if actor in text else actor,
        text=text,
        chain_hash=event.hash,
    )


def _actor(document: Document, actor: str) -> str:
    """Who did it, in words: the journal names people by id."""
    kind, number = actor.split(":", 1) if ":" in actor else (actor, "")
    if kind == "robot":
        return _("robot of the business process")
    person: Signer | Employee | None = None
    if kind == "signer" and number.isdigit():
        person = Signer.objects.filter(document=document, pk=int(number)).first()
    elif kind == "employee" and number.isdigit():
        employees = Employee.objects.for_portal(document.portal)
        person = employees.filter(bitrix_user_id=int(number)).first()
    return person.name if person is not None else settings.OPERATOR_NAME


def _agreements(document: Document) -> Iterator[ReportAgreement]:
    """Of each other side: accepted in this signing, or in force since an earlier document."""
    for signer in document.signers.filter(side=Signer.Side.COUNTERPARTY):
        signer.document = document
        accepted = accepted_before(signer)
        if accepted is not None:
            yield ReportAgreement(
                signer.name,
                accepted.template_version,
                accepted.template_hash,
                accepted.accepted_at,
            )


def _seal(document: Document, at: datetime) -> ReportSeal:
    seal = platform_seal(at)
    return ReportSeal(
        subject=seal.subject,
        fingerprint=seal.fingerprint,
        not_after=seal.not_after,
        time_source=_time_source(document, at),
    )


def _time_source(document: Document, at: datetime) -> str:
    """What the signed file itself proves about the times of our signatures; settings are not
    asked."""
    stored = StoredFile.objects.get(document=document, kind=Kind.SIGNED)
    checked = verify_own(
        files.content_of(stored),
        roots=platform_roots(),
        timestamp_roots=timestamp_roots(),
        at=at,
    )
    earlier = {facts["field"] for facts in document.earlier_signatures}
    ours = tuple(one for one in checked.signatures if one.field not in earlier)
    if not all(signature.timestamp_at for signature in ours):
        return _("clock of the service; no outside time stamp")
    servers = {signature.timestamp_by for signature in ours}
    level = baseline_of(replace(checked, signatures=ours))
    return _("outside time stamps (%(servers)s), PAdES %(level)s") % {
        "servers": ", ".join(sorted(servers)),
        "level": level,
    }
