"""Certificates as PEM text and as objects."""

from __future__ import annotations

import hashlib

from asn1crypto import pem, x509


def certificates_of(text: str) -> list[x509.Certificate]:
    """The certificates of a PEM text, in its order; other blocks are passed over."""
    if not text.strip():
        return []
    blocks = pem.unarmor(text.encode(), multiple=True)
    return [x509.Certificate.load(der) for kind, _headers, der in blocks if kind == "CERTIFICATE"]


def fingerprint(certificate_pem: str) -> str:
    """SHA-256 of a certificate in DER, lowercase hexadecimal: what verification pins."""
    (certificate,) = certificates_of(certificate_pem)
    return hashlib.sha256(certificate.dump()).hexdigest()
