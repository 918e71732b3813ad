"""Which level of PAdES a file has, told from the file itself."""

from __future__ import annotations

from signing.keys.proof import Baseline
from signing.verify import Verdict


def baseline_of(verdict: Verdict) -> Baseline:
    """The level that every signature of a checked file reaches.

    Source: ETSI EN 319 142-1, 6: B-T is a time-stamp over the signature, B-LT also what proves
    that its certificate was not revoked, B-LTA a time-stamp over all of it.
    """
    signatures = verdict.signatures
    if not signatures or not all(signature.timestamp_at for signature in signatures):
        return Baseline.B
    if not all(signature.is_revocation_checked for signature in signatures):
        return Baseline.T
    return Baseline.LTA if verdict.timestamps else Baseline.LT
