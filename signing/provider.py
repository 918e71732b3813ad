"""What makes and carries the signatures of a document: the interface, and who implements it.

A provider gets bytes and values and gives bytes: it keeps no state of the document, so every call
may be repeated after a crash.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from django.utils.translation import gettext_lazy as _

from signing.base import Level, Place, StampText
from signing.keys.authority import SealKey
from signx.errors import ErrorCode, SignXError


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
    """Raises SignXError: PROVIDER_FAILED is worth another try, DOCUMENT_INVALID is not."""

    def prepare(self, request: SigningRequest) -> PreparedDocument:
        """Take a document in, with every signature field in its box."""

    def sign(self, pdf: bytes, order: SignatureOrder) -> bytes:
        """The file with one more revision: the party's stamp and signature."""

    def seal(self, pdf: bytes, *, with_key: SealKey, at: datetime, reason: str) -> bytes:
        """A file of ours (agreement, report) closed by the platform's seal."""


@dataclass(frozen=True)
class _Entry:
    make: Callable[[], SigningProvider]
    levels: frozenset[Level]


_PROVIDERS: dict[str, _Entry] = {}


def register(name: str, make: Callable[[], SigningProvider], *, levels: Iterable[Level]) -> None:
    """Make a provider known under the name that documents carry, with the levels it makes."""
    _PROVIDERS[name] = _Entry(make, frozenset(levels))


def provider(name: str) -> SigningProvider:
    """The provider of a document. Raises SignXError(PROVIDER_FAILED) for an unknown name."""
    return _entry(name).make()


def require_level(name: str, level: str) -> None:
    """Raises SignXError(SIGNATURE_LEVEL_REFUSED) for a level that the provider does not make:
    it is never replaced by a lower one."""
    if level not in _entry(name).levels:
        raise SignXError(
            ErrorCode.SIGNATURE_LEVEL_REFUSED,
            f"{name} does not make {level}",
            reason=_("this signing service does not make signatures of this kind"),
        )


def _entry(name: str) -> _Entry:
    if name not in _PROVIDERS:
        raise SignXError(ErrorCode.PROVIDER_FAILED, f"no provider {name}")
    return _PROVIDERS[name]


def _embedded() -> SigningProvider:
    # Imported late, because it imports this module.
    from signing.embedded.provider import EmbeddedProvider

    return EmbeddedProvider()


register("embedded", _embedded, levels={Level.SIMPLE, Level.UNQUALIFIED})
