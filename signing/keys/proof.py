"""What a signature carries besides itself, to be provable later: the levels of PAdES.

Source: ETSI EN 319 142-1, 6. B-B: the signature alone, its time told by our clock. B-T: a
time-stamp over it. B-LT: also the certificates and revocation lists to check it offline.
B-LTA: a time-stamp over all of that, which can be renewed for decades.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from asn1crypto import x509

from signing.keys.timestamps import TimestampClient


class Baseline(StrEnum):
    """The levels, each with everything of the ones before it."""

    B = "B-B"
    T = "B-T"
    LT = "B-LT"
    LTA = "B-LTA"


@dataclass(frozen=True)
class OwnAuthorities:
    """Certificates of the installation's authorities and their revocation lists (DER)."""

    roots: tuple[x509.Certificate, ...] = ()
    issuing: tuple[x509.Certificate, ...] = ()
    lists: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Proof:
    """The level that every signature must reach, and what it takes.

    `own` is read when a file is closed, because revocation lists change.
    """

    baseline: Baseline = Baseline.B
    timestamps: TimestampClient | None = None
    own: Callable[[], OwnAuthorities] = OwnAuthorities

    def __post_init__(self) -> None:
        if (self.baseline is Baseline.B) != (self.timestamps is None):
            raise ValueError(f"{self.baseline} and its time-stamping servers do not fit")

    @property
    def is_closed_by_data(self) -> bool:
        """Whether a finished file gets validation data after its last signature."""
        return self.baseline in {Baseline.LT, Baseline.LTA}
