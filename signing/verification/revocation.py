"""Was a certificate taken back? Asked of signed revocation lists only: ours, and the ones that
the file carries. Nothing is fetched, because an address inside a stranger's file is a trap.

Source: RFC 5280, 5; ETSI EN 319 142-1, 5.4.2 (validation data in the file).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from asn1crypto import crl as asn1_crl
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey


@dataclass(frozen=True)
class Revocation:
    """`is_checked`: a list of each issuer in the path was there; `at` is the earliest revocation
    of a certificate in the path."""

    is_checked: bool = False
    at: datetime | None = None


def revocation_of(
    path: Sequence[asn1_x509.Certificate], lists: Iterable[asn1_crl.CertificateList]
) -> Revocation:
    """The state of a path that starts at its root; the root itself cannot be revoked."""
    known = [x509.load_der_x509_crl(found.dump()) for found in lists]
    chain = [x509.load_der_x509_certificate(one.dump()) for one in path]
    moments: list[datetime] = []
    is_checked = len(chain) > 1
    for issuer, certificate in pairwise(chain):
        sound = [one for one in known if _speaks_for(one, issuer)]
        is_checked = is_checked and bool(sound)
        moments += [at for one in sound if (at := _revoked_at(one, certificate.serial_number))]
    return Revocation(is_checked, min(moments, default=None))


def _speaks_for(found: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    if found.issuer != issuer.subject:
        return False
    key = issuer.public_key()
    if not isinstance(key, RSAPublicKey | EllipticCurvePublicKey):
        return False
    return found.is_signature_valid(key)


def _revoked_at(found: x509.CertificateRevocationList, serial: int) -> datetime | None:
    entry = found.get_revoked_certificate_by_serial_number(serial)
    return entry.revocation_date_utc if entry else None
