"""A signing provider that breaks when it is told to, and short names for what a path leaves."""

from __future__ import annotations

from datetime import datetime

from documents.models import Document, StoredFile
from signing.embedded.provider import EmbeddedProvider
from signing.keys.authority import SealKey
from signing.provider import PreparedDocument, SignatureOrder, SigningRequest

Kind = StoredFile.Kind


Status = Document.Status


class Killed(BaseException):
    """What a worker meets that is killed: nothing of ours may catch it."""


class Flaky(EmbeddedProvider):
    """The embedded provider, which breaks at the calls it is told to break at."""

    def __init__(self) -> None:
        self.breaks: list[tuple[str, BaseException]] = []
        self.calls: list[str] = []
        self.spoils = False

    def _meet(self, call: str) -> None:
        self.calls.append(call)
        if self.breaks and self.breaks[0][0] == call:
            raise self.breaks.pop(0)[1]

    def prepare(self, request: SigningRequest) -> PreparedDocument:
        self._meet("prepare")
        return super().prepare(request)

    def sign(self, pdf: bytes, order: SignatureOrder) -> bytes:
        self._meet(f"sign {order.key}")
        signed = super().sign(pdf, order)
        return signed.replace(b"/Contents <", b"/Contents <00", 1) if self.spoils else signed

    def seal(self, pdf: bytes, *, with_key: SealKey, at: datetime, reason: str) -> bytes:
        self._meet("seal")
        return super().seal(pdf, with_key=with_key, at=at, reason=reason)


def on(document: Document, provider: str) -> Document:
    Document.objects.filter(pk=document.pk).update(provider=provider)
    return fresh(document)


def fresh(document: Document) -> Document:
    return Document.objects.get(pk=document.pk)


def kinds_of(document: Document) -> set[str]:
    return set(document.files.values_list("kind", flat=True))
