"""A document sent in place of another one: its new edition, for the same parties."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from documents.listing import visible_to
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


def sent_in_place_of(document: Document) -> Document | None:
    """The newest document that everybody has signed in place of this one.

    Only when the other sides of this one are all among its signers: nobody's contract is replaced
    by one that he has not signed.
    """
    asked = {signer.counterparty for signer in others(document)}
    signed = Document.objects.filter(replaces=document, status=Document.Status.COMPLETED)
    for edition in signed.order_by("-closed_at"):
        if asked <= {signer.counterparty for signer in others(edition)}:
            return edition
    return None


def tell_the_replaced(edition: Document, *, actor: str, at: datetime) -> None:
    """In the journal of the document whose place the completed edition has taken."""
    replaced = edition.replaces
    if replaced is not None and sent_in_place_of(replaced) == edition:
        record(
            edition.portal,
            EventKind.DOCUMENT_REPLACED,
            actor=actor,
            subject=replaced.subject,
            data={"edition": edition.number},
            at=at,
        )


def others(document: Document) -> QuerySet[Signer]:
    """The other sides, in the order of their turns."""
    return document.signers.filter(side=Signer.Side.COUNTERPARTY).select_related("employee")
