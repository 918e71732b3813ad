"""Time stamps by an outside authority: of one signature, and of the whole file (RFC 3161)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from asn1crypto import x509
from pyhanko.sign.validation import validate_pdf_timestamp
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.status import ModificationInfo, TimestampSignatureStatus
from pyhanko_certvalidator import ValidationContext

from signing.verification.changes import is_harmless, policy_for
from signing.verification.limits import OUT_OF_ROOM
from signing.verification.trust import Trust

Facts = dict[str, Any]


def timestamp_context(
    trust: Trust, known: Sequence[x509.Certificate], at: datetime
) -> ValidationContext:
    """Authorities of time are trusted apart from signers: neither may speak for the other."""
    return ValidationContext(
        trust_roots=list(trust.timestamp_certificates),
        other_certs=list(known),
        moment=at,
        allow_fetching=False,
        revocation_mode="soft-fail",
    )


def token_facts(status: TimestampSignatureStatus | None) -> Facts:
    """What a token says; empty when there is none."""
    if status is None:
        return {}
    is_sound = bool(status.intact and status.valid)
    causes = ["timestamp_broken"] if not is_sound else []
    if is_sound and not status.trusted:
        causes.append("timestamp_unknown")
    return {
        "timestamp_at": status.timestamp.isoformat(),
        "timestamp_by": status.signing_cert.subject.human_friendly,
        "is_time_proven": not causes,
        "timestamp_causes": causes,
    }


def document_timestamp(
    embedded: EmbeddedPdfSignature, trust: Trust, known: Sequence[x509.Certificate], at: datetime
) -> Facts:
    """The facts of a time stamp over the whole file, as those of a signature are given."""
    facts: Facts = {"field": embedded.field_name, "causes": []}
    try:
        context = timestamp_context(trust, known, at)
        facts |= token_facts(validate_pdf_timestamp(embedded, context, skip_diff=True))
    except OUT_OF_ROOM:
        raise
    except Exception as error:  # a hostile structure can provoke any of them in the parser
        return facts | {"causes": ["timestamp_broken"], "detail": type(error).__name__}
    facts["causes"] = list(facts["timestamp_causes"])
    return facts


def causes_of_later_changes(
    embedded: EmbeddedPdfSignature, later: Sequence[Facts], trust: Trust
) -> list[str]:
    """What speaks against the revisions after a time stamp; `later` are the facts of the
    signatures made after it."""
    try:
        embedded.compute_integrity_info(policy_for(later, trust))
        changes = ModificationInfo(embedded.coverage, embedded.diff_result)
        is_sound = is_harmless(changes.modification_level, is_last=not later)
    except OUT_OF_ROOM:
        raise
    except Exception:  # as above
        is_sound = False
    return [] if is_sound else ["changed_after"]
