"""How provable signatures of this installation are, by its settings."""

from __future__ import annotations

from functools import cache

from django.conf import settings

from employees.signatures.pki import own_authorities
from signing.keys.certificates import certificates_of
from signing.keys.proof import Baseline, Proof
from signing.keys.timestamps import TimestampClient


def proof() -> Proof:
    """The level that every new signature must reach, with the servers that prove its time."""
    return _proof(
        settings.PADES_LEVEL,
        tuple(settings.TSA_URLS),
        settings.TSA_CERTIFICATES,
        settings.TSA_TIMEOUT_S,
    )


def timestamp_roots() -> list[str]:
    """PEM certificates that time-stamps must lead to, for whoever checks a file."""
    return [settings.TSA_CERTIFICATES] if settings.TSA_CERTIFICATES else []


@cache
def _proof(level: str, servers: tuple[str, ...], pem: str, timeout_s: float) -> Proof:
    if level == Baseline.B:
        return Proof()
    certificates = certificates_of(pem)
    client = TimestampClient(
        servers,
        roots=[item for item in certificates if item.self_signed != "no"],
        helpers=[item for item in certificates if item.self_signed == "no"],
        timeout_s=timeout_s,
    )
    return Proof(Baseline(level), client, own_authorities)
