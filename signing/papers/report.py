"""The signing report: what was signed, by whom, how they confirmed, and how to check it.

A PDF for people with the same facts as JSON attached for machines. It is sealed by the caller
(`signing.embedded.seal.seal_whole`), so it is made before and stored after sealing.
"""

from __future__ import annotations

import io
import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

import pikepdf
from django.utils import translation

from signing.base import Level, Party
from signing.hashes import sha256, streebog256
from signing.paper import build
from signing.papers.report_layout import report_story

JSON_NAME = "signing-report.json"
FORMAT_VERSION = 2


@dataclass(frozen=True)
class ReportFile:
    """A file by its name, size and hashes (lowercase hexadecimal)."""

    name: str
    size_bytes: int
    page_count: int
    sha256: str
    streebog256: str

    @classmethod
    def of(cls, name: str, data: bytes, page_count: int) -> ReportFile:
        """Measure and hash a file."""
        return cls(name, len(data), page_count, sha256(data), streebog256(data))


@dataclass(frozen=True)
class ReportStep:
    """One step of a signer's confirmation («код отправлен», «код принят»), already in words."""

    at: datetime
    text: str


@dataclass(frozen=True)
class ReportSigner:
    """A party with the traces of the signing; `address` is masked."""

    party: Party
    address: str
    signed_at: datetime
    ip: str = ""
    device: str = ""
    authority: str = ""
    steps: tuple[ReportStep, ...] = ()


@dataclass(frozen=True)
class ReportDetached:
    """A signature made elsewhere for the shown file (`signed_sha256`), kept beside it.

    `doubts` are sentences about what could not be proven; empty when everything was.
    """

    name: str
    sha256: str
    signed_sha256: str
    level: Level
    signers: tuple[str, ...]
    certificates: tuple[str, ...]
    added_at: datetime
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReportEarlier:
    """A signature that the file came with, as it names itself; `signed_at` is its claim."""

    name: str
    subject: str
    issuer: str
    serial: str
    signed_at: datetime | None


@dataclass(frozen=True)
class ReportAgreement:
    """One side's accepted agreement: template version and hash, and the moment of acceptance."""

    name: str
    version: str
    template_hash: str
    accepted_at: datetime


@dataclass(frozen=True)
class ReportEvent:
    """One journal event; `chain_hash` is the hash that the next event carries on."""

    number: int
    at: datetime
    actor: str
    text: str
    chain_hash: str


@dataclass(frozen=True)
class ReportSeal:
    """The certificate that sealed the file, and where the times come from, in words."""

    subject: str
    fingerprint: str
    not_after: datetime
    time_source: str


@dataclass(frozen=True)
class ReportData:
    """Everything a report says. Times are told in `zone` on paper and in UTC in the JSON copy."""

    document_number: str
    document_title: str
    language: str
    zone: tzinfo
    made_at: datetime
    source: ReportFile
    result: ReportFile
    signers: tuple[ReportSigner, ...]
    events: tuple[ReportEvent, ...]
    agreements: tuple[ReportAgreement, ...]
    seal: ReportSeal
    journal_head: str
    verification_url: str
    operator: str
    operator_details: str
    software: str
    detached: tuple[ReportDetached, ...] = ()
    earlier: tuple[ReportEarlier, ...] = ()


def report_pdf(data: ReportData) -> bytes:
    """The report as A4 pages with its JSON copy attached; the same data give the same bytes."""
    with translation.override(data.language):
        title, mark, story = report_story(data)
        output = io.BytesIO()
        build(output, story, title=title, mark=mark)
    return _with_json(output.getvalue(), report_json(data), data.made_at)


def report_json(data: ReportData) -> bytes:
    """The facts of a report for machines, keys sorted, times in UTC."""
    facts = asdict(data)
    del facts["zone"]
    facts["format_version"] = FORMAT_VERSION
    text = json.dumps(facts, ensure_ascii=False, indent=2, sort_keys=True, default=_plain)
    return text.encode()


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    raise TypeError(f"not a fact: {type(value).__name__}")


def _with_json(pdf: bytes, facts: bytes, made_at: datetime) -> bytes:
    with pikepdf.open(io.BytesIO(pdf)) as document:
        stamp = made_at.astimezone(UTC).strftime("D:%Y%m%d%H%M%SZ")
        attached = pikepdf.AttachedFileSpec(
            document,
            facts,
            description="Signing report, machine-readable",
            filename=JSON_NAME,
            mime_type="application/json",
            creation_date=stamp,
            mod_date=stamp,
            relationship=pikepdf.Name("/Data"),
        )
        document.attachments[JSON_NAME] = attached
        document.Root.AF = pikepdf.Array([attached.obj])
        output = io.BytesIO()
        document.save(output, deterministic_id=True, force_version="2.0")
    return output.getvalue()


def attached_json(pdf: bytes) -> dict[str, Any]:
    """The machine-readable copy inside a report."""
    with pikepdf.open(io.BytesIO(pdf)) as document:
        facts: dict[str, Any] = json.loads(document.attachments[JSON_NAME].get_file().read_bytes())
    return facts
