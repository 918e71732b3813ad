"""Which documents an employee may see."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from documents.models import Document, DocumentQuerySet, Signer
from employees.models import Employee, Right
from signx.errors import ErrorCode, SignXError


def visible_to(reader: Employee) -> DocumentQuerySet:
    """Documents of the reader's portal that he may see.

    The rights to the journal and to settings open all of them; everybody else sees what he
    sent, answers for, or is asked to sign.
    """
    documents = Document.objects.for_portal(reader.portal)
    if reader.has_right(Right.JOURNAL) or reader.has_right(Right.SETTINGS):
        return documents
    # By key, not by Exists: each of the three ways in has an index of its own.
    signs = Signer.objects.filter(employee=reader).values("document")
    return documents.filter(Q(sender=reader) | Q(responsible=reader) | Q(pk__in=signs))


def with_parties(documents: QuerySet[Document]) -> QuerySet[Document]:
    """All that a row or a card draws, in a constant number of queries."""
    related = documents.select_related("sender", "responsible", "crm_binding")
    return related.prefetch_related("signers")


def find(reader: Employee, public_id: str) -> Document:
    """A document the reader may see. Raises SignXError(NOT_FOUND)."""
    visible = with_parties(visible_to(reader)).select_related("portal")
    document = visible.filter(public_id=public_id).first()
    if document is None:
        raise SignXError(ErrorCode.NOT_FOUND, "no such document for this reader")
    return document
