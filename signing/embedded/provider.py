"""The provider that works out of the box: everything is done in this process."""

from __future__ import annotations

from datetime import datetime

from signing.base import Level
from signing.embedded import seal
from signing.keys.authority import SealKey
from signing.provider import PreparedDocument, SignatureOrder, SigningRequest


class EmbeddedProvider:
    """`signing.provider.SigningProvider` over our own PAdES engine."""

    levels = frozenset({Level.SIMPLE, Level.UNQUALIFIED})

    def prepare(self, request: SigningRequest) -> PreparedDocument:
        return PreparedDocument(request.document_key, seal.add_fields(request.pdf, request.places))

    def sign(self, pdf: bytes, order: SignatureOrder) -> bytes:
        return seal.sign(
            pdf,
            key=order.key,
            stamp=order.stamp,
            with_key=order.with_key,
            at=order.at,
            reason=order.reason,
            name=order.name,
            is_last=order.is_last,
        )

    def seal(self, pdf: bytes, *, with_key: SealKey, at: datetime, reason: str) -> bytes:
        return seal.seal_whole(pdf, with_key=with_key, at=at, reason=reason)
