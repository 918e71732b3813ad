"""Hand-over: the file gets its fields and the company's signature, the other side its letter."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from documents.core import evidence, files, flow
from documents.models import Document, Signature, Signer, StoredFile
from documents.news import invitations
from documents.proof.stamping import order_for, places_of
from signing.provider import SigningRequest
from signing.registry import provider

Kind = StoredFile.Kind
Status = Document.Status


def sign_for_company(document: Document, *, at: datetime) -> None:
    """The IN_WORK file: fields, and one revision for every signature given at sending.

    Repeated after a crash it makes the same bytes, because the moment of signing is in the row.
    """
    if files.find(document, Kind.IN_WORK) is not None:
        return
    signatures = list(_given(document))
    engine = provider(document.provider)
    prepared = engine.prepare(
        SigningRequest(document.public_id, files.read(document, Kind.SHOWN), places_of(document))
    )
    pdf = prepared.pdf
    for signature in signatures:
        pdf = engine.sign(pdf, order_for(document, signature))
    path = files.put(document, Kind.IN_WORK, pdf)
    _write(document, prepared.provider_document_id, path, pdf, signatures, at)


@transaction.atomic
def invite(document: Document) -> None:
    """Queue the letter to whose turn it is; from here on its delivery moves the document."""
    locked = flow.lock(document.pk)
    if locked.status != Status.SENDING:
        return
    invitations.invite_next(locked)
    locked.next_step_at = None
    locked.save(update_fields=["next_step_at"])


@transaction.atomic
def _write(
    document: Document,
    provider_document_id: str,
    path: str,
    pdf: bytes,
    signatures: list[Signature],
    at: datetime,
) -> None:
    locked = flow.lock(document.pk)
    if files.find(locked, Kind.IN_WORK) is not None:
        return  # a worker whose lease had run out was only slow
    shown = files.find(locked, Kind.SHOWN)
    files.register(locked, Kind.IN_WORK, shown.name if shown else locked.title, path, pdf)
    locked.provider_document_id = provider_document_id
    locked.save(update_fields=["provider_document_id"])
    for signature in signatures:
        signature.is_applied = True
        signature.save(update_fields=["is_applied"])
        if signature.signer.status != Signer.Status.SIGNED:
            flow.mark_signed(locked, signature.signer, evidence.Evidence.of(signature), at)


def _given(document: Document) -> list[Signature]:
    return list(
        Signature.objects.filter(signer__document=document)
        .select_related("signer")
        .order_by("signer__order", "signer__pk")
    )
