"""Certificates of SIGNX's own authority: names, extensions, terms. Source: RFC 5280."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

from signing.keys.key_pairs import KeyPairPem, KeyType, new_key, open_key
from signing.keys.signer import PrivateKey
from signing.keys.tokens import Token

# Upper bounds of RFC 5280, A.1 for commonName and organizationName, in characters.
_NAME_LIMIT = 64
# Clocks differ: a certificate made now must be valid for a checker a little behind.
_CLOCK_SKEW = timedelta(minutes=5)
_PEM = serialization.Encoding.PEM


@dataclass(frozen=True)
class Subject:
    """Whom a certificate is for; `path_length` None is somebody who issues nothing."""

    common: str
    organisation: str
    email: str = ""
    path_length: int | None = None

    @property
    def name(self) -> x509.Name:
        values = {
            NameOID.COMMON_NAME: self.common[:_NAME_LIMIT],
            NameOID.ORGANIZATION_NAME: self.organisation[:_NAME_LIMIT],
            NameOID.EMAIL_ADDRESS: self.email,
        }
        # The library counts bytes of UTF-8 where RFC 5280 counts characters, which would cut
        # Russian names in half.
        return x509.Name(
            x509.NameAttribute(kind, value, _validate=False)
            for kind, value in values.items()
            if value
        )

    @property
    def usage(self) -> x509.KeyUsage:
        is_authority = self.path_length is not None
        allowed = (
            {"key_cert_sign", "crl_sign"}
            if is_authority
            else {"digital_signature", "content_commitment"}
        )
        return x509.KeyUsage(**{usage: usage in allowed for usage in _USAGES})


@dataclass(frozen=True)
class Issuer:
    """An authority ready to issue; `pki_url` is where its certificate and list are served."""

    pair: KeyPairPem
    key: PrivateKey
    certificate: x509.Certificate
    pki_url: str = ""

    @classmethod
    def of(cls, pair: KeyPairPem, *, token: Token | None = None, pki_url: str = "") -> Issuer:
        certificate = x509.load_pem_x509_certificate(pair.certificate_pem.encode())
        return cls(pair, open_key(pair.private_key_pem, token), certificate, pki_url)

    @property
    def addresses(self) -> list[x509.ExtensionType]:
        """Where a checker finds the revocation list and the issuer (RFC 5280, 4.2.1.13, 4.2.2.1).

        By plain names under one address: `<serial>.crl` and `<serial>.crt`.
        """
        if not self.pki_url:
            return []
        base = x509.UniformResourceIdentifier(f"{self.pki_url}/{self.pair.serial}.crl")
        issuer = x509.UniformResourceIdentifier(f"{self.pki_url}/{self.pair.serial}.crt")
        point = x509.DistributionPoint([base], None, None, None)
        access = x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, issuer)
        return [x509.CRLDistributionPoints([point]), x509.AuthorityInformationAccess([access])]


def self_signed(
    subject: Subject, key_type: KeyType, at: datetime, term: timedelta, token: Token | None
) -> KeyPairPem:
    """A root: its own issuer."""
    key, stored = new_key(key_type, token)
    builder = _builder(subject, key, subject.name, key, at, at + term)
    return _pair(builder.sign(key, hashes.SHA256()), stored, chain="")


def issued(
    issuer: Issuer,
    subject: Subject,
    key_type: KeyType,
    at: datetime,
    term: timedelta,
    token: Token | None = None,
) -> KeyPairPem:
    """A certificate under an authority; it never outlives its issuer."""
    key, stored = new_key(key_type, token)
    until = min(at + term, issuer.certificate.not_valid_after_utc)
    builder = _builder(subject, key, issuer.certificate.subject, issuer.key, at, until)
    for extension in issuer.addresses:
        builder = builder.add_extension(extension, critical=False)
    chain = issuer.pair.certificate_pem + issuer.pair.chain_pem
    return _pair(builder.sign(issuer.key, hashes.SHA256()), stored, chain)


def _builder(
    subject: Subject,
    key: PrivateKey,
    issuer_name: x509.Name,
    issuer_key: PrivateKey,
    at: datetime,
    until: datetime,
) -> x509.CertificateBuilder:
    public = key.public_key()
    constraint = x509.BasicConstraints(subject.path_length is not None, subject.path_length)
    return (
        x509.CertificateBuilder()
        .subject_name(subject.name)
        .issuer_name(issuer_name)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - _CLOCK_SKEW)
        .not_valid_after(until)
        .add_extension(constraint, critical=True)
        .add_extension(subject.usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()),
            critical=False,
        )
    )


def _pair(certificate: x509.Certificate, stored_key: str, chain: str) -> KeyPairPem:
    return KeyPairPem(
        certificate_pem=certificate.public_bytes(_PEM).decode(),
        private_key_pem=stored_key,
        chain_pem=chain,
        serial=f"{certificate.serial_number:x}",
        subject=certificate.subject.rfc4514_string(),
        not_after=certificate.not_valid_after_utc,
    )


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
