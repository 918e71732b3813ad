"""Whom a check believes. No Django here: the public page checks in a child process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from asn1crypto import crl, pem, x509

from signing.keys.certificates import certificates_of


@dataclass(frozen=True)
class Trust:
    """PEM texts of the roots of signers and of time stamps and of revocation lists; `pinned` are
    SHA-256 fingerprints of the certificates that may have signed (empty: any under the roots)."""

    roots: tuple[str, ...] = ()
    pinned: tuple[str, ...] = ()
    timestamp_roots: tuple[str, ...] = ()
    revocation_lists: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        roots: Sequence[str],
        pinned: Sequence[str] = (),
        timestamp_roots: Sequence[str] = (),
        revocation_lists: Sequence[str] = (),
    ) -> Trust:
        return cls(tuple(roots), tuple(pinned), tuple(timestamp_roots), tuple(revocation_lists))

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> Trust:
        return cls(**{name: tuple(values) for name, values in facts.items()})

    def facts(self) -> dict[str, Any]:
        """The same as JSON can carry it."""
        return asdict(self)

    @cached_property
    def root_certificates(self) -> list[x509.Certificate]:
        return _certificates(self.roots)

    @cached_property
    def timestamp_certificates(self) -> list[x509.Certificate]:
        return _certificates(self.timestamp_roots)

    @cached_property
    def lists(self) -> list[crl.CertificateList]:
        return [
            crl.CertificateList.load(der)
            for text in self.revocation_lists
            for kind, _headers, der in pem.unarmor(text.encode(), multiple=True)
            if kind == "X509 CRL"
        ]


def _certificates(texts: Sequence[str]) -> list[x509.Certificate]:
    return [certificate for text in texts for certificate in certificates_of(text)]
