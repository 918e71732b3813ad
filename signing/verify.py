"""Is this file what was signed? Three verdicts, each with its reasons in plain words.

The registered hash is compared first: it alone knows of a roll-back to an earlier signed
revision. Then every signature and every change after it is checked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from signing import child
from signing.embedded.certificates import certificates_of
from signing.hashes import sha256
from signing.verification.examine import examine

VerdictWord = Literal["valid", "invalid", "unknown"]


@dataclass(frozen=True)
class Registered:
    """What we keep about a finished document: the hash of its final file and of earlier ones."""

    final_sha256: str
    earlier_sha256: tuple[str, ...] = ()


@dataclass(frozen=True)
class SignatureCheck:
    """One signature. `signed_at` is the signer's claim; empty texts are unknown."""

    field: str
    name: str
    subject: str
    issuer: str
    serial: str
    fingerprint: str
    signed_at: datetime | None
    is_intact: bool
    is_trusted: bool
    is_pinned: bool
    causes: tuple[str, ...]

    @property
    def verdict(self) -> VerdictWord:
        return _verdict(self.causes)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it is not valid, in the active language; empty for a valid one."""
        return _sentences(self.causes)


@dataclass(frozen=True)
class Verdict:
    """The answer about a file. `causes` are the machine's words for `reasons`."""

    verdict: VerdictWord
    causes: tuple[str, ...]
    signatures: tuple[SignatureCheck, ...]
    is_registered: bool

    @property
    def reasons(self) -> tuple[str, ...]:
        """One sentence for each cause, in the active language."""
        return _sentences(self.causes)


# Causes that make the file or a signature false, and those that leave it open.
INVALID: dict[str, Promise] = {
    "rolled_back": _("This is an earlier stage of the document, not the one signed by everyone."),
    "not_registered": _("The file differs from the one that was signed."),
    "range_broken": _("The marks that tell what was signed are forged or damaged."),
    "unreadable_signed": _("The file holds a signature but is damaged."),
    "signature_broken": _("The signature is damaged."),
    "altered": _("The file was changed after it was signed."),
    "changed_after": _("Something was added to the file after it was signed."),
    "other_certificate": _("It was signed with another certificate than the service's seal."),
    "outside_term": _("At the time of signing the certificate was not valid."),
}
UNKNOWN: dict[str, Promise] = {
    "not_pdf": _("This is not a PDF file."),
    "unreadable": _("The file cannot be read."),
    "too_heavy": _("The file takes too much time or memory to check."),
    "no_signatures": _("The file has no electronic signatures."),
    "unfinished": _("Not everyone has signed yet."),
    "issuer_unknown": _("We do not know the issuer of the certificate."),
    "certificate_expired": _("The certificate has expired, and the time of signing is not proven."),
    "time_wrong": _("The time of signing is missing or lies in the future."),
}
CAUSES: dict[str, Promise] = {**INVALID, **UNKNOWN}
# A registered file needs no other proof of when it was signed.
_PROVEN_BY_REGISTRATION = {"certificate_expired", "issuer_unknown", "time_wrong"}


def verify(
    pdf: bytes,
    *,
    roots: Sequence[str],
    registered: Registered | None = None,
    pinned: Sequence[str] = (),
    at: datetime | None = None,
    apart: bool = True,
    seconds: int = 30,
    memory_mb: int = 1024,
) -> Verdict:
    """Check a file. Never raises for what the file holds.

    `roots` are PEM texts; `pinned` are SHA-256 fingerprints of the certificates that may have
    signed (then others of the same issuer are refused). `apart` runs the check in a child process
    with limits, as files of strangers need; our own fresh files are checked faster without.
    """
    moment = at or datetime.now(UTC)
    if apart:
        facts = _examined_apart(pdf, roots, pinned, moment, seconds, memory_mb)
    else:
        certificates = [item for text in roots for item in certificates_of(text)]
        facts = examine(pdf, roots=certificates, pinned=pinned, at=moment)
    return _judged(facts, registered, sha256(pdf))


def _examined_apart(
    pdf: bytes,
    roots: Sequence[str],
    pinned: Sequence[str],
    moment: datetime,
    seconds: int,
    memory_mb: int,
) -> dict[str, Any]:
    argument = {"roots": "\n".join(roots), "pinned": list(pinned), "at": moment.isoformat()}
    try:
        facts, _body = child.run(
            "signing.verification.worker", argument, pdf, seconds=seconds, memory_mb=memory_mb
        )
    except child.ChildDied as error:
        return {"causes": ["too_heavy" if error.at_limit else "unreadable"], "signatures": []}
    return facts


def _judged(facts: dict[str, Any], registered: Registered | None, digest: str) -> Verdict:
    is_registered = registered is not None and digest == registered.final_sha256
    forgiven = _PROVEN_BY_REGISTRATION if is_registered else set()
    checks = tuple(_check(signature, forgiven) for signature in facts["signatures"])
    causes = list(facts["causes"])
    if registered is not None and not is_registered:
        is_earlier = digest in registered.earlier_sha256
        causes.insert(0, "rolled_back" if is_earlier else "not_registered")
    for check in checks:
        causes += [cause for cause in check.causes if cause not in causes]
    return Verdict(_verdict(causes), tuple(causes), checks, is_registered)


def _check(facts: dict[str, Any], forgiven: set[str]) -> SignatureCheck:
    signed_at = facts.get("signed_at", "")
    return SignatureCheck(
        field=facts["field"],
        name=facts.get("name", ""),
        subject=facts.get("subject", ""),
        issuer=facts.get("issuer", ""),
        serial=facts.get("serial", ""),
        fingerprint=facts.get("fingerprint", ""),
        signed_at=datetime.fromisoformat(signed_at) if signed_at else None,
        is_intact=facts.get("is_intact", False),
        is_trusted=facts.get("is_trusted", False),
        is_pinned=facts.get("is_pinned", False),
        causes=tuple(cause for cause in facts["causes"] if cause not in forgiven),
    )


def _verdict(causes: Iterable[str]) -> VerdictWord:
    causes = set(causes)
    if causes & INVALID.keys():
        return "invalid"
    return "unknown" if causes else "valid"


def _sentences(causes: Iterable[str]) -> tuple[str, ...]:
    return tuple(str(CAUSES[cause]) for cause in causes)
