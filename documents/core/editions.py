"""A document sent in place of another one: its new edition, for the same parties."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from documents.access.visibility import visible_to
from documents.models import Document, Signer
from employees.models import Employee
from journal.events import EventKind
from journal.services import record
from signx.errors import ErrorCode, SignXError


def find_replaced(reader: Employee, public_id: str) -> Document:
    """The document that a new one is to replace. Raises SignXError: NOT_FOUND, STATUS_CONFLICT
    while it can still be signed."""
    found = visible_to(reader).filter(public_id=public_id).first()
    if found is None:
        raise SignXError(ErrorCode.NOT_FOUND, "no such document for this reader")
    if not found.is_final:
        raise SignXError(ErrorCode.STATUS_CONFLICT, f"replaced while {found.status}")
    return found


def told_edition(document: Document) -> Document | None:
    """The new edition that strangers are told of: as long as it is in force itself."""
    edition = document.replaced_by
    is_signed = edition is not None and edition.status == Document.Status.COMPLETED
    return edition if is_signed else None


def take_its_place(edition: Document, *, actor: str, at: datetime) -> None:
    """A completed document takes the place of the one that it was sent for, in the transaction
    that completes it.

    Only when all other sides of the former one, as they signed it, are among its signers: nobody's
    contract is replaced by one that he has not signed.
    """
    former = edition.replaces
    if former is None or former.status != Document.Status.COMPLETED:
        return
    if not _identities(former) <= _identities(edition):
        return
    Document.objects.filter(pk=former.pk).update(replaced_by=edition)
    record(
        edition.portal,
        EventKind.DOCUMENT_REPLACED,
        actor=actor,
        subject=former.subject,
        data={"edition": edition.number},
        at=at,
    )


def _identities(document: Document) -> set[tuple[str, ...]]:
    """Who the other sides are, and for whom; with the address that proved it, because everything
    else is what the sender says."""
    return {
        (
            signer.counterparty,
            signer.organisation,
            signer.tax_number,
            signer.code_address.casefold(),
        )
        for signer in others(document)
    }


def others(document: Document) -> QuerySet[Signer]:
    """The other sides, in the order of their turns."""
    return document.signers.filter(side=Signer.Side.COUNTERPARTY).select_related("employee")
