"""Proof that a clean file can be completed: it is signed and checked once, before anybody is asked.

Whatever stops the writer or the checker later would stop a document that people have signed.
To be imported late: it takes half a second to load, and files that are refused do without.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from types import FrameType
from typing import Any

from signing.embedded.self_test import signed_twice
from signing.keys import authority as keys
from signing.verification.causes import PROVEN_BY_REGISTRATION
from signing.verification.examine import examine
from signing.verification.trust import Trust

Facts = dict[str, Any]


def is_sealable(pdf: bytes, seconds: float) -> bool:
    """Whether two parties can sign the file with a throw-away key, and the result is true.

    `seconds` of the processor; in the main thread only.
    """
    at = datetime.now(UTC)
    authority = keys.new_authority("SIGNX", at=at)
    key = keys.load(keys.issue_seal(authority, organisation="SIGNX", at=at))
    trust = Trust.of([authority.certificate_pem])
    try:
        with _no_longer_than(seconds):
            found = examine(signed_twice(pdf, key, at=at), trust=trust, at=at)
    except MemoryError:
        raise
    except Exception:  # a file of any structure may stop the writer
        return False
    return not doubts(found)


def doubts(found: Facts) -> list[str]:
    """Causes that speak against the file itself; whom to believe is nobody's business here."""
    checks = (*found["signatures"], *found["timestamps"])
    causes = {cause for check in checks for cause in check["causes"]}
    return sorted((causes | set(found["causes"])) - PROVEN_BY_REGISTRATION)


class _OutOfTime(BaseException):
    """No Exception: nobody on the way may take it for damage of the file."""


@contextmanager
def _no_longer_than(seconds: float) -> Iterator[None]:
    before = signal.signal(signal.SIGPROF, _stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    except _OutOfTime as stopped:
        raise TimeoutError from stopped
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise _OutOfTime
