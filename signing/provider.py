"""What makes and carries the signatures of a document. Who implements it: signing/registry.py.

A provider gets bytes and values and gives bytes: it keeps no state of the document, so every call
may be repeated after a crash.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from signing.base import Level, Place, StampText
from signing.keys.authority import SealKey


@dataclass(frozen=True)
class SigningRequest:
    """A clean PDF and the boxes of everybody who will sign it, in the order of signing.

    `document_key` names the document at the provider: the same key is the same document.
    """

    document_key: str
    pdf: bytes
    places: Mapping[str, tuple[Place, ...]]


@dataclass(frozen=True)
class PreparedDocument:
    """A PDF with its signature fields, and how the provider calls it."""

    provider_document_id: str
    pdf: bytes


@dataclass(frozen=True)
class SignatureOrder:
    """One party's signature. `is_last` closes the file; `at` is when the party decided."""

    key: str
    name: str
    reason: str
    stamp: StampText
    at: datetime
    with_key: SealKey
    is_last: bool = False


class SigningProvider(Protocol):
    """Raises SignXError: PROVIDER_FAILED is worth another try, DOCUMENT_INVALID is not.

    `levels` are the kinds of signature that it makes.
    """

    levels: frozenset[Level]

    def prepare(self, request: SigningRequest) -> PreparedDocument:
        """Take a document in, with every signature field in its box."""

    def sign(self, pdf: bytes, order: SignatureOrder) -> bytes:
        """The file with one more revision: the party's stamp and signature."""

    def seal(self, pdf: bytes, *, with_key: SealKey, at: datetime, reason: str) -> bytes:
        """A file of ours (agreement, report) closed by the platform's seal."""
