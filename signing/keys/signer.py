"""The key behind pyHanko's signatures, parsed once instead of at every signature."""

from __future__ import annotations

from asn1crypto import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from pyhanko.sign.signers import Signer
from pyhanko_certvalidator.registry import SimpleCertificateStore

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
DIGEST = "sha256"


class CachedKeySigner(Signer):
    """Signs with a key of the `cryptography` package. Both kinds of signature are deterministic.

    Determinism (RFC 6979 for ECDSA, PKCS#1 v1.5 for RSA) lets a repeated seal give the same bytes.
    """

    def __init__(
        self, certificate: x509.Certificate, key: PrivateKey, store: SimpleCertificateStore
    ) -> None:
        super().__init__(signing_cert=certificate, cert_registry=store, embed_roots=False)
        self._key = key

    async def async_sign_raw(
        self, data: bytes, digest_algorithm: str, dry_run: bool = False
    ) -> bytes:
        """The raw signature of `data`; pyHanko passes the encoded signed attributes."""
        if digest_algorithm != DIGEST:
            raise ValueError(f"unexpected digest: {digest_algorithm}")
        if isinstance(self._key, rsa.RSAPrivateKey):
            return self._key.sign(data, padding.PKCS1v15(), hashes.SHA256())
        return self._key.sign(data, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
