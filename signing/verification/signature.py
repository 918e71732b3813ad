"""One signature of a file: is it whole, whose is it, when was it made, what came after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from asn1crypto import x509
from pyhanko.sign.diff_analysis import DiffPolicy, ModificationLevel
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko.sign.validation.status import PdfSignatureStatus, SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

from signing.verification.changes import is_harmless, policy_for
from signing.verification.limits import OUT_OF_ROOM
from signing.verification.revocation import Revocation, revocation_of
from signing.verification.timestamp import timestamp_context, token_facts
from signing.verification.trust import Trust
from signing.verification.validation_data import ValidationData

Facts = dict[str, Any]
# A signer's clock may be a little ahead of ours.
_CLOCK_SKEW = timedelta(minutes=10)


@dataclass(frozen=True)
class Surroundings:
    """What every signature of a file is judged by; `at` is the moment of the check."""

    trust: Trust
    data: ValidationData
    at: datetime


def one_signature(
    signature: EmbeddedPdfSignature,
    around: Surroundings,
    *,
    stamp_at: datetime,
    later: Sequence[Facts],
) -> Facts:
    """Facts and causes; never raises for what the file holds, except OUT_OF_ROOM.

    `stamp_at` is the moment to judge its time-stamp at; `later` are the facts of the signatures
    made after it.
    """
    facts: Facts = {"field": signature.field_name, "causes": []}
    try:
        claimed = signature.self_reported_timestamp
        facts |= _who(signature, claimed)
        rules = policy_for(later, around.trust)
        status = _status(signature, around, claimed, stamp_at, rules)
        facts |= token_facts(status.timestamp_validity)
        revocation = _revocation(status, around)
    except OUT_OF_ROOM:
        raise
    except Exception as error:  # a hostile structure can provoke any of them in the parser
        return facts | {"causes": ["signature_broken"], "detail": type(error).__name__}
    is_pinned = facts["fingerprint"] in around.trust.pinned
    facts |= {
        "is_intact": bool(status.intact and status.valid),
        "is_trusted": bool(status.trusted) or is_pinned,
        "is_pinned": is_pinned,
        "covers_file": status.coverage == SignatureCoverageLevel.ENTIRE_FILE,
        "changes": _changes(status),
        "is_revocation_checked": revocation.is_checked,
        "revoked_at": revocation.at.isoformat() if revocation.at else "",
    }
    facts["causes"] = _integrity_causes(status, is_last=not later) or [
        *facts.get("timestamp_causes", ()),
        *_certificate_causes(facts, signature.signer_cert, around, revocation, claimed),
    ]
    return facts


def _who(signature: EmbeddedPdfSignature, claimed: datetime | None) -> Facts:
    certificate = signature.signer_cert
    return {
        "name": str(signature.sig_object.get("/Name", "")),
        "subject": certificate.subject.human_friendly,
        "issuer": certificate.issuer.human_friendly,
        "serial": f"{certificate.serial_number:x}",
        "fingerprint": certificate.sha256.hex(),
        "signed_at": claimed.isoformat() if claimed else "",
    }


def _status(
    signature: EmbeddedPdfSignature,
    around: Surroundings,
    claimed: datetime | None,
    stamp_at: datetime,
    rules: DiffPolicy,
) -> PdfSignatureStatus:
    """Validate as of the claimed time; whether that time may be believed is judged later."""
    known: Sequence[x509.Certificate] = around.data.certificates
    context = ValidationContext(
        trust_roots=list(around.trust.root_certificates),
        other_certs=list(known),
        moment=claimed or around.at,
        allow_fetching=False,
        revocation_mode="soft-fail",
    )
    return validate_pdf_signature(
        signature,
        context,
        timestamp_context(around.trust, known, stamp_at),
        key_usage_settings=KeyUsageConstraints(key_usage={"digital_signature"}),
        diff_policy=rules,
    )


def _revocation(status: PdfSignatureStatus, around: Surroundings) -> Revocation:
    if status.validation_path is None:
        return Revocation()
    lists = [*around.trust.lists, *around.data.revocation_lists]
    return revocation_of(list(status.validation_path), lists)


def _changes(status: PdfSignatureStatus) -> str:
    """What was added after this signature, as a key of `signing.verify.CHANGES`."""
    level = status.modification_level
    return level.name.lower() if isinstance(level, ModificationLevel) else "other"


def _integrity_causes(status: PdfSignatureStatus, *, is_last: bool) -> list[str]:
    if not (status.intact and status.valid):
        return ["altered"]
    if not status.docmdp_ok or not is_harmless(status.modification_level, is_last=is_last):
        return ["changed_after"]
    return []


def _certificate_causes(
    facts: Facts,
    certificate: x509.Certificate,
    around: Surroundings,
    revocation: Revocation,
    claimed: datetime | None,
) -> list[str]:
    causes = []
    if not facts["is_trusted"]:
        causes.append("issuer_unknown")
    elif around.trust.pinned and not facts["is_pinned"]:
        causes.append("other_certificate")
    is_proven = facts.get("is_time_proven", False)
    proven = datetime.fromisoformat(facts["timestamp_at"]) if is_proven else None
    return causes + _time_causes(certificate, around.at, revocation, claimed, proven)


def _time_causes(
    certificate: x509.Certificate,
    at: datetime,
    revocation: Revocation,
    claimed: datetime | None,
    proven: datetime | None,
) -> list[str]:
    """`proven` is the time of a trusted time stamp: the signature existed then, at the latest."""
    validity = certificate["tbs_certificate"]["validity"]
    starts, ends = validity["not_before"].native, validity["not_after"].native
    signed = claimed or proven
    if signed is None or signed > (proven or at) + _CLOCK_SKEW:
        return ["time_wrong"]
    causes = []
    if not starts <= signed <= ends:
        causes.append("outside_term")
    elif (proven or at) > ends:
        causes.append("certificate_expired")
    if revocation.at and revocation.at <= signed:
        causes.append("revoked")
    elif revocation.at and (proven is None or proven >= revocation.at):
        causes.append("revoked_later")
    return causes
