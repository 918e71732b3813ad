"""Which text of the agreement is offered now, and which one was accepted then."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from documents.models.agreement_text import AgreementTemplate
from signing.papers import agreement as engine
from signing.papers.agreement import Kind, Template
from signx.errors import ErrorCode, SignXError


def current(kind: Kind, language: str) -> Template:
    """The newest published text; the shipped one as long as support has published none of its
    own. Writes nothing: looking at a page changes nothing."""
    language = engine.known_language(language)
    published = AgreementTemplate.objects.filter(
        kind=kind.value, language=language, published_at__isnull=False
    )
    newest = published.order_by("-published_at", "-pk").first()
    shipped = engine.shipped(language, kind)
    return shipped if newest is None or newest.is_shipped else newest.template


def by_hash(digest: str) -> Template:
    """A text that was offered once. Raises SignXError(NOT_FOUND)."""
    found = AgreementTemplate.objects.filter(sha256=digest).first()
    if found is not None:
        return found.template
    _kind, shipped = _shipped_as(digest)
    return shipped


def keep(digest: str) -> None:
    """What was accepted stays readable word for word, also when the product ships a newer text.

    In the transaction of the acceptance. A portal's own agreement is a file of the document and
    no text of ours: it is kept there.
    """
    if AgreementTemplate.objects.filter(sha256=digest).exists():
        return
    with suppress(SignXError):
        _ship(*_shipped_as(digest))


def keep_shipped() -> None:
    """The texts of this release, for support to read and to start its own from."""
    for kind in Kind:
        for language in engine.LANGUAGES:
            _ship(kind, engine.shipped(language, kind))


def _shipped_as(digest: str) -> tuple[Kind, Template]:
    for kind in Kind:
        for language in engine.LANGUAGES:
            shipped = engine.shipped(language, kind)
            if shipped.sha256 == digest:
                return kind, shipped
    raise SignXError(ErrorCode.NOT_FOUND, f"no agreement text {digest[:16]}")


@transaction.atomic
def publish(row: AgreementTemplate, *, by: str, at: datetime) -> None:
    """From now on this text is offered; publishing it again changes nothing."""
    waiting = AgreementTemplate.objects.filter(pk=row.pk, published_at__isnull=True)
    waiting.update(published_at=at, published_by=by)


def _ship(kind: Kind, shipped: Template) -> AgreementTemplate:
    row, _made = AgreementTemplate.objects.get_or_create(
        sha256=shipped.sha256,
        defaults={
            "kind": kind.value,
            "language": shipped.language,
            "version": shipped.version,
            "text": shipped.text,
            "is_shipped": True,
            "published_at": timezone.now(),
        },
    )
    return row
