"""The answer about a file as plain data: what the API and `verify_pdf --json` give."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from documents.core.editions import told_edition
from documents.models import Document
from documents.proof.verification import Finding
from signing.verification.detached import DetachedCheck, DetachedSigner
from signing.verify import SignatureCheck


def facts_of(finding: Finding, detached: DetachedCheck | None = None) -> dict[str, Any]:
    """Machine words (`verdict`, `causes`) with their sentences in the active language.

    `document` is told only of a file whose hash is ours. Times are ISO 8601 in UTC.
    """
    document = finding.document
    facts = {
        "name": finding.name,
        "size_bytes": finding.size_bytes,
        "sha256": finding.sha256,
        "verdict": finding.verdict,
        "headline": str(finding.headline),
        "causes": list(finding.causes),
        "reasons": list(finding.reasons),
        "document": _document(finding, document) if document else None,
        "signatures": [_signature(check) for check in finding.signatures],
        "timestamps": [_signature(check) for check in finding.timestamps],
    }
    return facts if detached is None else facts | {"detached": detached_facts(detached)}


def detached_facts(check: DetachedCheck) -> dict[str, Any]:
    """The answer about a signature file beside the document."""
    return {
        "verdict": check.verdict,
        "level": check.level.value,
        "causes": list(check.causes),
        "reasons": list(check.reasons),
        "signers": [_signer(signer) for signer in check.signers],
    }


def _document(finding: Finding, document: Document) -> dict[str, Any]:
    edition = told_edition(document)
    return {
        "number": document.number,
        "status": document.status,
        "file": finding.stored.kind if finding.stored else "",
        "url": document.verification_url,
        "replaced_by": edition.verification_url if edition else "",
    }


def _signature(check: SignatureCheck) -> dict[str, Any]:
    return {
        "field": check.field,
        "verdict": check.verdict,
        "causes": list(check.causes),
        "reasons": list(check.reasons),
        "name": check.name,
        "signed_at": _moment(check.signed_at),
        "timestamp_at": _moment(check.timestamp_at),
        "timestamp_by": check.timestamp_by,
        "is_time_proven": check.is_time_proven,
        "is_intact": check.is_intact,
        "is_trusted": check.is_trusted,
        "is_own": check.is_pinned,
        "covers_file": check.covers_file,
        "changes": check.changes,
        "is_revocation_checked": check.is_revocation_checked,
        "revoked_at": _moment(check.revoked_at),
        "certificate": {
            "subject": check.subject,
            "issuer": check.issuer,
            "serial": check.serial,
            "sha256": check.fingerprint,
        },
    }


def _signer(signer: DetachedSigner) -> dict[str, Any]:
    return {
        "name": signer.name,
        "verdict": signer.verdict,
        "causes": list(signer.causes),
        "level": signer.level.value,
        "algorithm": signer.algorithm,
        "signed_at": _moment(signer.signed_at),
        "certificate": {
            "subject": signer.subject,
            "issuer": signer.issuer,
            "serial": signer.serial,
        },
    }


def _moment(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat() if at else None
