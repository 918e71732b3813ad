"""Is this file what was signed? Three verdicts, each with its reasons in plain words.

The registered hash is compared first: it alone knows of a roll-back to an earlier signed
revision. Then every signature, its certificates and every change after it are checked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from signing import child
from signing.hashes import sha256
from signing.verification.causes import (
    CAUSES,
    EXAMINATION_FAILED,
    PROVEN_BY_REGISTRATION,
    Judged,
    VerdictWord,
    merged,
)
from signing.verification.examine import PDF_MARK, examine
from signing.verification.trust import Trust
from signx.errors import ErrorCode, SignXError

__all__ = [
    "CAUSES",
    "CHANGES",
    "Registered",
    "SignatureCheck",
    "Verdict",
    "VerdictWord",
    "verify",
    "verify_own",
]

# What was added to the file after a signature, told for the technical details.
CHANGES: dict[str, Promise] = {
    "none": _("nothing"),
    "lta_updates": _("data for checking it in later years"),
    "form_filling": _("the signatures of the others"),
    "annotations": _("notes over the pages"),
    "other": _("changes of the document itself"),
}


# Several times what the intake's trial may take (signing.intake.Limits).
_OWN_SECONDS = 60


@dataclass(frozen=True)
class Registered:
    """What we keep about a finished document: the hash of its final file and of earlier ones."""

    final_sha256: str
    earlier_sha256: tuple[str, ...] = ()


@dataclass(frozen=True)
class SignatureCheck(Judged):
    """One signature, or a time stamp over the whole file. Empty texts are unknown.

    `signed_at` is the signer's claim; `timestamp_at` what an outside authority says, and
    `is_time_proven` whether we believe it. `changes` is a key of CHANGES.
    """

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
    covers_file: bool = False
    changes: str = ""
    timestamp_at: datetime | None = None
    timestamp_by: str = ""
    is_time_proven: bool = False
    is_revocation_checked: bool = False
    revoked_at: datetime | None = None

    @property
    def changes_in_words(self) -> str:
        return str(CHANGES[self.changes]) if self.changes in CHANGES else ""


@dataclass(frozen=True)
class Verdict(Judged):
    """The answer about a file. `causes` are the machine's words for `reasons`."""

    causes: tuple[str, ...]
    signatures: tuple[SignatureCheck, ...]
    is_registered: bool
    timestamps: tuple[SignatureCheck, ...] = ()


def verify(
    pdf: bytes,
    *,
    roots: Sequence[str],
    registered: Registered | None = None,
    pinned: Sequence[str] = (),
    timestamp_roots: Sequence[str] = (),
    revocation_lists: Sequence[str] = (),
    at: datetime | None = None,
    apart: bool = True,
    seconds: int = 30,
    memory_mb: int = 1024,
) -> Verdict:
    """Check a file. Never raises for what the file holds.

    `roots`, `timestamp_roots` and `revocation_lists` are PEM texts; `pinned` are SHA-256
    fingerprints of the certificates that may have signed (then others of the same issuer are
    refused). `apart` runs the check in a child process with limits, as every file needs whose
    pages a stranger has made.
    """
    at = at or datetime.now(UTC)
    trust = Trust.of(roots, pinned, timestamp_roots, revocation_lists)
    # What is no PDF at all is told without starting a process.
    if apart and pdf.startswith(PDF_MARK):
        facts = _examined_apart(pdf, trust, at, seconds, memory_mb)
    else:
        facts = examine(pdf, trust=trust, at=at)
    return _judged(facts, registered, sha256(pdf), trust)


def verify_own(pdf: bytes, *, roots: Sequence[str], **trust: Any) -> Verdict:
    """Check a file that we have just made, as `verify` does, with more time.

    Raises SignXError(PROVIDER_FAILED), worth another try, when it could not be checked: that says
    nothing about the file.
    """
    verdict = verify(pdf, roots=roots, seconds=_OWN_SECONDS, **trust)
    if EXAMINATION_FAILED & set(verdict.causes):
        causes = ", ".join(verdict.causes)
        raise SignXError(ErrorCode.PROVIDER_FAILED, f"our own file was not checked: {causes}")
    return verdict


def _examined_apart(
    pdf: bytes, trust: Trust, at: datetime, seconds: int, memory_mb: int
) -> dict[str, Any]:
    argument = {"trust": trust.facts(), "at": at.isoformat()}
    try:
        facts, _body = child.run(
            "signing.verification.worker", argument, pdf, seconds=seconds, memory_mb=memory_mb
        )
    except child.ChildDied as error:
        cause = "too_heavy" if error.at_limit or error.is_waiting else "unreadable"
        return {"causes": [cause], "signatures": [], "timestamps": []}
    return facts


def _judged(
    facts: dict[str, Any], registered: Registered | None, digest: str, trust: Trust
) -> Verdict:
    is_registered = registered is not None and digest == registered.final_sha256
    if is_registered and any(_is_foreign(found, trust) for found in facts["signatures"]):
        facts["causes"].append("made_elsewhere")
    forgiven = PROVEN_BY_REGISTRATION if is_registered else frozenset()
    signatures, timestamps = (
        tuple(_check(found, forgiven) for found in facts[kind])
        for kind in ("signatures", "timestamps")
    )
    causes = list(facts["causes"])
    if is_registered and EXAMINATION_FAILED & set(causes):
        # The hash says all: nothing in the file can be different from what was signed.
        causes = ["details_missing"]
    if registered is not None and not is_registered:
        is_earlier = digest in registered.earlier_sha256
        causes.insert(0, "rolled_back" if is_earlier else "not_registered")
    causes_of_all = merged(causes, *(check.causes for check in (*signatures, *timestamps)))
    return Verdict(causes_of_all, signatures, is_registered, timestamps)


def _is_foreign(facts: dict[str, Any], trust: Trust) -> bool:
    """Made by a certificate that is not one of the service's own, as far as those were told."""
    return bool(trust.pinned and facts.get("fingerprint") and not facts.get("is_pinned"))


def _check(facts: dict[str, Any], forgiven: frozenset[str]) -> SignatureCheck:
    known: dict[str, Any] = {name: facts.get(name, "") for name in _TEXTS}
    known |= {name: _time(facts.get(name, "")) for name in _TIMES}
    known |= {name: facts.get(name, False) for name in _ANSWERS}
    return SignatureCheck(
        **known, causes=tuple(cause for cause in facts["causes"] if cause not in forgiven)
    )


_TEXTS = ("field", "name", "subject", "issuer", "serial", "fingerprint", "changes", "timestamp_by")
_TIMES = ("signed_at", "timestamp_at", "revoked_at")
_ANSWERS = (
    *("is_intact", "is_trusted", "is_pinned", "covers_file"),
    *("is_time_proven", "is_revocation_checked"),
)


def _time(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
