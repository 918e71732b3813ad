"""Keys and certificates: a portal's certificate authority, its seal and its people's own keys."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from pyhanko_certvalidator.registry import SimpleCertificateStore

from signing.embedded.certificates import certificates_of, fingerprint
from signing.embedded.signer import CachedKeySigner, PrivateKey

__all__ = [
    "KeyPairPem",
    "SealKey",
    "fingerprint",
    "issue_person",
    "issue_seal",
    "load",
    "new_authority",
]

KeyType = Literal["P-256", "RSA-3072"]
AUTHORITY_TERM = timedelta(days=3653)
SEAL_TERM = timedelta(days=1096)
# Upper bounds of RFC 5280, A.1 for commonName and organizationName, in characters.
_NAME_LIMIT = 64
# Clocks differ: a certificate made now must be valid for a checker a little behind.
_CLOCK_SKEW = timedelta(minutes=5)


@dataclass(frozen=True)
class KeyPairPem:
    """A certificate with its private key (PKCS#8, not encrypted: the caller encrypts it).

    `chain_pem` holds the certificates above it; empty for an authority.
    """

    certificate_pem: str
    private_key_pem: str
    chain_pem: str
    serial: str
    subject: str
    not_after: datetime


@dataclass(frozen=True)
class SealKey:
    """A key ready to sign with; `fingerprint` is the SHA-256 of its certificate in hexadecimal."""

    signer: CachedKeySigner
    fingerprint: str
    subject: str
    not_after: datetime


def new_authority(
    organisation: str,
    *,
    at: datetime,
    key_type: KeyType = "P-256",
    term: timedelta = AUTHORITY_TERM,
) -> KeyPairPem:
    """A root certificate that issues seals and personal certificates, and nothing above them."""
    key = _new_key(key_type)
    name = _name(f"SIGNX CA: {organisation}", organisation)
    usage = _usage(key_cert_sign=True, crl_sign=True)
    constraint = x509.BasicConstraints(ca=True, path_length=0)
    return _issue(name, key, name, key, usage, constraint, at=at, until=at + term, chain="")


def issue_seal(
    authority: KeyPairPem,
    *,
    organisation: str,
    at: datetime,
    key_type: KeyType = "P-256",
    term: timedelta = SEAL_TERM,
) -> KeyPairPem:
    """The platform's seal: it proves integrity and time, and names no person."""
    name = _name(f"SIGNX: {organisation}", organisation)
    return _issue_under(authority, name, key_type, at, term)


def issue_person(
    authority: KeyPairPem,
    *,
    name: str,
    organisation: str,
    email: str,
    at: datetime,
    key_type: KeyType = "P-256",
    term: timedelta = SEAL_TERM,
) -> KeyPairPem:
    """A person's own certificate, for unqualified signatures."""
    return _issue_under(authority, _name(name, organisation, email), key_type, at, term)


def load(pair: KeyPairPem) -> SealKey:
    """The pair ready to sign with; parsed once per process."""
    return _load(pair.certificate_pem, pair.private_key_pem, pair.chain_pem)


@lru_cache(maxsize=128)
def _load(certificate_pem: str, private_key_pem: str, chain_pem: str) -> SealKey:
    (certificate,) = certificates_of(certificate_pem)
    key = serialization.load_pem_private_key(private_key_pem.encode(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        raise TypeError(f"unsupported key: {type(key).__name__}")
    store = SimpleCertificateStore()
    store.register_multiple(certificates_of(chain_pem))
    return SealKey(
        signer=CachedKeySigner(certificate, key, store),
        fingerprint=fingerprint(certificate_pem),
        subject=certificate.subject.native.get("common_name", ""),
        not_after=certificate["tbs_certificate"]["validity"]["not_after"].native,
    )


def _issue_under(
    authority: KeyPairPem, name: x509.Name, key_type: KeyType, at: datetime, term: timedelta
) -> KeyPairPem:
    parent = x509.load_pem_x509_certificate(authority.certificate_pem.encode())
    parent_key = serialization.load_pem_private_key(authority.private_key_pem.encode(), None)
    return _issue(
        name,
        _new_key(key_type),
        parent.subject,
        parent_key,  # type: ignore[arg-type]
        _usage(digital_signature=True, content_commitment=True),
        x509.BasicConstraints(ca=False, path_length=None),
        at=at,
        until=min(at + term, parent.not_valid_after_utc),
        chain=authority.certificate_pem,
    )


def _issue(
    subject: x509.Name,
    key: PrivateKey,
    issuer: x509.Name,
    issuer_key: PrivateKey,
    usage: x509.KeyUsage,
    constraint: x509.BasicConstraints,
    *,
    at: datetime,
    until: datetime,
    chain: str,
) -> KeyPairPem:
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - _CLOCK_SKEW)
        .not_valid_after(until)
        .add_extension(constraint, critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()),
            critical=False,
        )
        .sign(issuer_key, hashes.SHA256())
    )
    return _pair(certificate, key, chain)


def _pair(certificate: x509.Certificate, key: PrivateKey, chain: str) -> KeyPairPem:
    pem = serialization.Encoding.PEM
    return KeyPairPem(
        certificate_pem=certificate.public_bytes(pem).decode(),
        private_key_pem=key.private_bytes(
            pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode(),
        chain_pem=chain,
        serial=f"{certificate.serial_number:x}",
        subject=certificate.subject.rfc4514_string(),
        not_after=certificate.not_valid_after_utc,
    )


def _new_key(key_type: KeyType) -> PrivateKey:
    if key_type == "RSA-3072":
        return rsa.generate_private_key(public_exponent=65537, key_size=3072)
    return ec.generate_private_key(ec.SECP256R1())


def _name(common: str, organisation: str, email: str = "") -> x509.Name:
    values = {
        NameOID.COMMON_NAME: common[:_NAME_LIMIT],
        NameOID.ORGANIZATION_NAME: organisation[:_NAME_LIMIT],
        NameOID.EMAIL_ADDRESS: email,
    }
    # The library counts bytes of UTF-8 where RFC 5280 counts characters, which would cut
    # Russian names in half.
    return x509.Name(
        x509.NameAttribute(kind, value, _validate=False) for kind, value in values.items() if value
    )


def _usage(**allowed: bool) -> x509.KeyUsage:
    return x509.KeyUsage(**dict.fromkeys(_USAGES, False) | allowed)


_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)
