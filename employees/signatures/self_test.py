"""The self-test of an installation: it signs and verifies before it is called ready."""

from __future__ import annotations

import asyncio
import secrets
from datetime import datetime

from django.utils import timezone

from employees.signatures.keys import platform_roots
from employees.signatures.seal_keys import platform_seal
from employees.signatures.sealing_policy import proof
from signing.embedded.self_test import SelfTestFailed, check_seal
from signing.hashes import sha256
from signing.keys.signer import DIGEST
from signx.errors import SignXError

# Seals that this process has seen working.
_proven: set[str] = set()


def seal_problem(at: datetime | None = None) -> str:
    """What is wrong with the platform's seal; empty when it signs and verifies.

    Once a process has proven a seal the answer is free; a failure is looked at anew every time.
    """
    at = at or timezone.now()
    try:
        seal = platform_seal(at)
        if seal.fingerprint not in _proven:
            check_seal(seal, roots=platform_roots(), at=at)
            _proven.add(seal.fingerprint)
    except SelfTestFailed as error:
        return str(error)
    except Exception as error:  # no key: wrong encryption key, a token that is not there…
        return f"cannot be opened: {type(error).__name__}"
    return ""


def timestamp_problem() -> str:
    """Why no time-stamp can be had; empty when a server gave one, or when none is needed."""
    stamper = proof().timestamps
    if stamper is None:
        return ""
    digest = bytes.fromhex(sha256(secrets.token_bytes(32)))
    try:
        asyncio.run(stamper.async_timestamp(digest, DIGEST))
    except SignXError as error:
        return error.detail
    return ""
