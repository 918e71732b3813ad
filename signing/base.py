"""The words every part of signing shares: level, party, place and stamp."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class Level(StrEnum):
    """How strong a signature is. Source: Federal Law 63-FZ, article 5."""

    SIMPLE = "simple"
    UNQUALIFIED = "unqualified"
    QUALIFIED = "qualified"


Side = Literal["company", "counterparty"]


@dataclass(frozen=True)
class Party:
    """Someone who signs, in the words printed on the document.

    `confirmed_by` tells how the person confirmed the signature, already translated and masked.
    `certificate` is printed for a person's own certificate only (serial number, owner's term).
    """

    key: str
    name: str
    role: str
    organisation: str
    level: Level
    confirmed_by: str
    side: Side
    certificate: str = ""


@dataclass(frozen=True)
class Place:
    """A box on a page as a person sees it: millimetres from its top left corner.

    The page seen is the crop box after /Rotate; `page_index` counts from 0.
    """

    page_index: int
    x_mm: float
    y_mm: float
    width_mm: float
    height_mm: float

    @property
    def right_mm(self) -> float:
        return self.x_mm + self.width_mm

    @property
    def bottom_mm(self) -> float:
        return self.y_mm + self.height_mm

    def overlaps(self, other: Place) -> bool:
        """Whether the two boxes share more than an edge."""
        return (
            self.page_index == other.page_index
            and self.x_mm < other.right_mm
            and other.x_mm < self.right_mm
            and self.y_mm < other.bottom_mm
            and other.y_mm < self.bottom_mm
        )


@dataclass(frozen=True)
class StampText:
    """What a stamp says: the title, then the name (bold), then the other lines.

    `qr_url` is drawn as a QR code; empty draws none.
    """

    lines: tuple[str, ...]
    qr_url: str = ""
