"""Revocation lists: our own, made by an authority, and other people's, fetched and kept a while.

Source: RFC 5280, 5.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

import asn1crypto.crl
import asn1crypto.x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from signing.keys.fetching import Fetch, FetchFailed, Question
from signing.keys.issuing import Issuer

# Checkers may keep a list this long; a revocation is told to them with the next one.
LIST_TERM = timedelta(days=7)
_LIST_LIMIT = 8 * 1024 * 1024
_LIST_TIMEOUT_S = 15


@dataclass(frozen=True)
class Revoked:
    """A certificate that is no longer good; `reason` is a word of RFC 5280, 5.3.1."""

    serial: str
    at: datetime
    reason: x509.ReasonFlags = x509.ReasonFlags.unspecified


def revocation_list(
    issuer: Issuer, revoked: Iterable[Revoked], *, number: int, at: datetime
) -> bytes:
    """The signed list in DER; `number` grows with every list of the authority."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.certificate.subject)
        .last_update(at)
        .next_update(at + LIST_TERM)
        .add_extension(x509.CRLNumber(number), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key()),
            critical=False,
        )
    )
    for entry in revoked:
        builder = builder.add_revoked_certificate(_entry(entry))
    return builder.sign(issuer.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def _entry(revoked: Revoked) -> x509.RevokedCertificate:
    builder = x509.RevokedCertificateBuilder()
    builder = builder.serial_number(int(revoked.serial, 16)).revocation_date(revoked.at)
    # An unspecified reason is told by saying nothing (RFC 5280, 5.3.1).
    if revoked.reason is not x509.ReasonFlags.unspecified:
        builder = builder.add_extension(x509.CRLReason(revoked.reason), critical=False)
    return builder.build()


def lists_for(
    certificates: Iterable[asn1crypto.x509.Certificate], fetch: Fetch, at: datetime
) -> list[bytes]:
    """The lists that certificates of other authorities name; those we cannot get are left out.

    Whether one is missing shows when the path is checked.
    """
    found: dict[str, bytes] = {}
    for url in (url for certificate in certificates for url in _list_urls(certificate)):
        if url not in found:
            der = _kept(fetch, url, _slot_of(at)) or b""
            if der:
                found[url] = der
    return list(found.values())


def _list_urls(certificate: asn1crypto.x509.Certificate) -> Iterator[str]:
    for point in certificate.crl_distribution_points:
        url = point.url
        if url and url.startswith(("http://", "https://")):
            yield url


def _slot_of(at: datetime) -> int:
    """A list is fetched anew at least every hour."""
    return int(at.astimezone(UTC).timestamp() // 3600)


def _kept(fetch: Fetch, url: str, slot: int) -> bytes | None:
    """Lists are kept, failures are not: the next try asks again."""
    try:
        return _fetched(fetch, url, slot)
    except (FetchFailed, ValueError, TypeError):
        return None


@lru_cache(maxsize=32)
def _fetched(fetch: Fetch, url: str, _slot: int) -> bytes:
    der = fetch(Question(url, timeout_s=_LIST_TIMEOUT_S, limit_bytes=_LIST_LIMIT))
    return asn1crypto.crl.CertificateList.load(der, strict=True).dump()
