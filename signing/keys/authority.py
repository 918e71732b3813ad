"""Keys and certificates of an installation: its authority, its seal, its people's own keys.

A root issues only the issuing authority, which issues the seal and the people's certificates.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from pyhanko_certvalidator.registry import SimpleCertificateStore

from signing.keys.certificates import certificates_of, fingerprint
from signing.keys.issuing import Issuer, Subject, issued, self_signed
from signing.keys.key_pairs import KeyPairPem, KeyType, open_key
from signing.keys.proof import Proof
from signing.keys.signer import CachedKeySigner
from signing.keys.tokens import Token

__all__ = [
    "KeyPairPem",
    "KeyType",
    "SealKey",
    "fingerprint",
    "issue_person",
    "issue_seal",
    "load",
    "new_authority",
    "new_issuing",
]

ROOT_TERM = timedelta(days=7305)
AUTHORITY_TERM = timedelta(days=3653)
SEAL_TERM = timedelta(days=1096)
PERSON_TERM = timedelta(days=396)
_OUR_CLOCK = Proof()


@dataclass(frozen=True)
class SealKey:
    """A key ready to sign with; `fingerprint` is the SHA-256 of its certificate in hexadecimal.

    `proof` says what its signatures carry to prove their time and validity.
    """

    signer: CachedKeySigner
    fingerprint: str
    subject: str
    not_after: datetime
    proof: Proof = _OUR_CLOCK


def new_authority(
    organisation: str,
    *,
    at: datetime,
    key_type: KeyType = "P-256",
    term: timedelta = ROOT_TERM,
    token: Token | None = None,
) -> KeyPairPem:
    """A root certificate with at most one authority below it."""
    subject = Subject(f"SIGNX Root CA: {organisation}", organisation, path_length=1)
    return self_signed(subject, key_type, at, term, token)


def new_issuing(
    root: KeyPairPem,
    *,
    organisation: str,
    at: datetime,
    key_type: KeyType = "P-256",
    term: timedelta = AUTHORITY_TERM,
    token: Token | None = None,
    pki_url: str = "",
) -> KeyPairPem:
    """The authority that issues seals and personal certificates, and nothing above them."""
    subject = Subject(f"SIGNX CA: {organisation}", organisation, path_length=0)
    issuer = Issuer.of(root, token=token, pki_url=pki_url)
    return issued(issuer, subject, key_type, at, term, token)


def issue_seal(
    authority: KeyPairPem,
    *,
    organisation: str,
    at: datetime,
    key_type: KeyType = "P-256",
    term: timedelta = SEAL_TERM,
    token: Token | None = None,
    pki_url: str = "",
) -> KeyPairPem:
    """The platform's seal: it proves integrity and time, and names no person."""
    subject = Subject(f"SIGNX: {organisation}", organisation)
    issuer = Issuer.of(authority, token=token, pki_url=pki_url)
    return issued(issuer, subject, key_type, at, term, token)


def issue_person(
    authority: KeyPairPem,
    *,
    name: str,
    organisation: str,
    email: str,
    at: datetime,
    key_type: KeyType = "P-256",
    term: timedelta = PERSON_TERM,
    token: Token | None = None,
    pki_url: str = "",
) -> KeyPairPem:
    """A person's own certificate, for unqualified signatures.

    `token` opens the authority's key; the person's own is stored encrypted, one per person.
    """
    subject = Subject(name, organisation, email)
    issuer = Issuer.of(authority, token=token, pki_url=pki_url)
    return issued(issuer, subject, key_type, at, term)


def load(pair: KeyPairPem, token: Token | None = None) -> SealKey:
    """The pair ready to sign with; parsed once per process."""
    return _load(pair.certificate_pem, pair.private_key_pem, pair.chain_pem, token)


@lru_cache(maxsize=128)
def _load(
    certificate_pem: str, private_key_pem: str, chain_pem: str, token: Token | None
) -> SealKey:
    (certificate,) = certificates_of(certificate_pem)
    store = SimpleCertificateStore()
    store.register_multiple(certificates_of(chain_pem))
    return SealKey(
        signer=CachedKeySigner(certificate, open_key(private_key_pem, token), store),
        fingerprint=fingerprint(certificate_pem),
        subject=certificate.subject.native.get("common_name", ""),
        not_after=certificate["tbs_certificate"]["validity"]["not_after"].native,
    )
