"""Keys ready to sign with, each carrying the proof that its signatures must reach."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from employees.models import KeyPair
from employees.signatures.keys import pem_of, platform_seal_pair, token
from employees.signatures.sealing_policy import proof
from signing.keys.authority import SealKey, load


def platform_seal(at: datetime | None = None) -> SealKey:
    """The seal of the platform that is current at `at`."""
    return seal_key(platform_seal_pair(at))


def seal_key(pair: KeyPair) -> SealKey:
    """A stored pair ready to sign with, at the level of proof that settings ask for; parsed once
    per process."""
    return replace(load(pem_of(pair), token()), proof=proof())
