"""What a signing report says: values without layout."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo

from signing.base import Level, Party
from signing.hashes import sha256, streebog256


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
