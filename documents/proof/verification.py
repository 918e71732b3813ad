"""Is this file what was signed with us? Our record first, then the signatures themselves."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from asn1crypto.pem import armor
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from documents.core.editions import told_edition
from documents.models import Document, StoredFile
from employees.models import KeyPair
from employees.signatures.keys import platform_roots
from employees.signatures.pki import own_authorities
from employees.signatures.sealing_policy import timestamp_roots
from signing import verify as engine
from signing.hashes import sha256
from signing.keys.certificates import fingerprint
from signing.verify import Registered, SignatureCheck, Verdict, VerdictWord
from signx.errors import ErrorCode, SignXError

Kind = StoredFile.Kind
RESULTS = (Kind.SIGNED, Kind.REPORT, Kind.AGREEMENT)
# What a stranger with a printed page may learn of; drafts and failures are nobody's business.
PUBLIC_STATUSES = frozenset(
    {
        Document.Status.SENT,
        Document.Status.SEALING,
        Document.Status.COMPLETED,
        Document.Status.DECLINED,
        Document.Status.EXPIRED,
        Document.Status.CANCELLED,
        Document.Status.ANNULLED,
    }
)

HEADLINES: dict[str, Promise] = {
    "valid": _("The signatures are valid, the file has not been changed"),
    "annulled": _("The signatures are valid, but the document is annulled"),
    "replaced": _("The signatures are valid, but all have signed a new edition since"),
    "altered": _("The file was changed after it was signed"),
    "rolled_back": _("This is not the final file"),
    "other_document": _("This file belongs to another document"),
    "invalid": _("The signatures are not valid"),
    "no_signatures": _("There are no signatures in the file"),
    "unfinished": _("Not everybody has signed yet"),
    "unknown": _("The signatures could not be verified"),
}
_CHANGED = frozenset({"altered", "changed_after", "not_registered"})


@dataclass(frozen=True)
class Finding:
    """The answer about one file; `stored` is the file of ours with the same hash, if any."""

    name: str
    sha256: str
    size_bytes: int
    verdict: VerdictWord
    headline: Promise
    reasons: tuple[str, ...]
    signatures: tuple[SignatureCheck, ...]
    stored: StoredFile | None
    causes: tuple[str, ...] = ()
    timestamps: tuple[SignatureCheck, ...] = ()

    @property
    def document(self) -> Document | None:
        return self.stored.document if self.stored else None

    @property
    def is_companion(self) -> bool:
        """Whether it is a report or an agreement, which came with the signed document."""
        return self.stored is not None and self.stored.kind in (Kind.REPORT, Kind.AGREEMENT)


def find_record(public_id: str) -> Document:
    """The document of a QR code or of a number typed from paper. Raises SignXError(NOT_FOUND)."""
    wanted = re.sub(r"[^a-z0-9]", "", public_id.lower())
    found = Document.objects.filter(public_id=wanted, status__in=PUBLIC_STATUSES).first()
    if found is None:
        raise SignXError(ErrorCode.NOT_FOUND, "no such record")
    return found


def check_file(name: str, content: bytes, *, expected: Document | None, at: datetime) -> Finding:
    """Check a stranger's file; with `expected`, also that it is a file of that document."""
    digest = sha256(content)
    stored = _known(digest, expected)
    verdict = engine.verify(
        content,
        roots=platform_roots(),
        registered=_registered(stored, expected, digest),
        pinned=_fingerprints(stored.document if stored else expected),
        timestamp_roots=timestamp_roots(),
        revocation_lists=[armor("X509 CRL", der).decode() for der in own_authorities().lists],
        at=at,
    )
    if stored and stored.sha256 != digest:
        verdict = replace(verdict, causes=(*verdict.causes, "extended_since"))
    finding = _finding(name, content, verdict, stored)
    if stored and expected and stored.document_id != expected.pk:
        return replace(finding, verdict="invalid", headline=HEADLINES["other_document"])
    return finding


def check_without_record(name: str, content: bytes, *, at: datetime) -> Finding:
    """The signatures alone, where there is no database yet: no issuer is known then."""
    verdict = engine.verify(content, roots=[], timestamp_roots=timestamp_roots(), at=at)
    return _finding(name, content, verdict, None)


def _finding(name: str, content: bytes, verdict: Verdict, stored: StoredFile | None) -> Finding:
    return Finding(
        name=name,
        sha256=sha256(content),
        size_bytes=len(content),
        verdict=verdict.verdict,
        headline=_headline(verdict.verdict, verdict.causes, stored),
        reasons=verdict.reasons,
        signatures=verdict.signatures,
        stored=stored,
        causes=verdict.causes,
        timestamps=verdict.timestamps,
    )


def _known(digest: str, expected: Document | None) -> StoredFile | None:
    """Our file with this hash; of several documents with equal files the expected one."""
    found = list(
        StoredFile.objects.filter(Q(sha256=digest) | Q(editions__sha256=digest))
        .filter(kind__in=[*RESULTS, Kind.IN_WORK], document__status__in=PUBLIC_STATUSES)
        .select_related("document__portal", "document__replaced_by")
    )
    own = [stored for stored in found if expected and stored.document_id == expected.pk]
    return next(iter(own or found), None)


def _registered(
    stored: StoredFile | None, expected: Document | None, digest: str
) -> Registered | None:
    """The hashes to hold the file against; None while the document has no final file."""
    if stored is not None and stored.kind in RESULTS:
        return Registered(digest)  # the present edition, or one before its protection was extended
    document = stored.document if stored else expected
    if document is None:
        return None
    hashes = dict(
        document.files.filter(kind__in=[Kind.SIGNED, Kind.IN_WORK]).values_list("kind", "sha256")
    )
    if Kind.SIGNED not in hashes:
        return None
    earlier = tuple(hashes[kind] for kind in (Kind.IN_WORK,) if kind in hashes)
    return Registered(hashes[Kind.SIGNED], earlier)


def _fingerprints(document: Document | None) -> list[str]:
    """Every seal there ever was, and the own certificates of the document's signers, or of all
    employees for a file of no known document: others of our own issuer did not sign here."""
    purposes = KeyPair.Purpose
    own = Q(purpose=purposes.PERSONAL)
    if document is not None:
        own &= Q(signature__signer__document=document)
    pairs = KeyPair.objects.filter(Q(purpose=purposes.SEAL) | own).distinct()
    return [fingerprint(text) for text in pairs.values_list("certificate_pem", flat=True)]


def _headline(word: VerdictWord, causes: Sequence[str], stored: StoredFile | None) -> Promise:
    if word == "valid":
        if stored and stored.document.status == Document.Status.ANNULLED:
            return HEADLINES["annulled"]
        # An agreement or a report stays what it is.
        if stored and stored.kind == Kind.SIGNED and told_edition(stored.document):
            return HEADLINES["replaced"]
        return HEADLINES["valid"]
    if "rolled_back" in causes:
        return HEADLINES["rolled_back"]
    if word == "invalid":
        return HEADLINES["altered" if _CHANGED & set(causes) else "invalid"]
    for cause in ("no_signatures", "unfinished"):
        if cause in causes:
            return HEADLINES[cause]
    return HEADLINES["unknown"]


def masked_name(name: str) -> str:
    """A person as an outsider may see it: «Иванов Иван Петрович» -> «И*** И. П.»."""
    words = name.split()
    if not words:
        return "***"
    initials = [f"{word[0].upper()}." for word in words[1:3]]
    return "\N{NO-BREAK SPACE}".join([f"{words[0][0].upper()}***", *initials])
