"""Outside authorities of the tests: one that stamps the time, and revocation lists."""

from __future__ import annotations

from datetime import datetime, timedelta

from asn1crypto import cms, keys, pem
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pyhanko.sign.timestamps import DummyTimeStamper

from signing.keys.authority import KeyPairPem

_TERM = timedelta(days=3653)


class TimeAuthority:
    """Its own root; `stamper()` signs time stamps as an RFC 3161 server would."""

    def __init__(self, at: datetime) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Служба времени «Полдень»")])
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(name)
        self._certificate = (
            builder.public_key(self._key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(at - timedelta(days=1))
            .not_valid_after(at + _TERM)
            .add_extension(usage, critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.certificate_pem = self._certificate.public_bytes(serialization.Encoding.PEM).decode()

    def stamper(self, at: datetime) -> DummyTimeStamper:
        return DummyTimeStamper(*self._pair(), fixed_dt=at)

    def careless_stamper(self, at: datetime) -> DummyTimeStamper:
        """Stamps another hash than the one it was asked for."""
        return _Careless(*self._pair(), fixed_dt=at)

    def _pair(self) -> tuple[asn1_x509.Certificate, keys.PrivateKeyInfo]:
        encoding = serialization.Encoding.DER
        private = self._key.private_bytes(
            encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        certificate = asn1_x509.Certificate.load(self._certificate.public_bytes(encoding))
        return certificate, keys.PrivateKeyInfo.load(private)


class _Careless(DummyTimeStamper):  # type: ignore[misc]
    async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> cms.ContentInfo:
        other = bytes(len(message_digest))
        token: cms.ContentInfo = await super().async_timestamp(other, md_algorithm)
        return token


def revocation_list(authority: KeyPairPem, revoked: KeyPairPem, *, at: datetime) -> str:
    """A list of the authority in PEM, with one certificate revoked at the given moment."""
    issuer = x509.load_pem_x509_certificate(authority.certificate_pem.encode())
    key = serialization.load_pem_private_key(authority.private_key_pem.encode(), None)
    entry = (
        x509.RevokedCertificateBuilder()
        .serial_number(int(revoked.serial, 16))
        .revocation_date(at)
        .build()
    )
    made = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.subject)
        .last_update(at)
        .next_update(at + timedelta(days=7))
        .add_revoked_certificate(entry)
        .sign(key, hashes.SHA256())  # type: ignore[arg-type]
    )
    return pem.armor("X509 CRL", made.public_bytes(serialization.Encoding.DER)).decode()
