"""Sending a document: its price is held, the company signs, the rest follows in the background."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from documents.core import flow
from documents.core.creation import (
    NewDocument,
    Prepared,
    write,
)
from documents.core.standing_order import sign_for_company
from documents.models import Document
from employees.balances import ledger
from employees.people.delegations import count_delegated_document

Status = Document.Status


@transaction.atomic
def send_prepared(new: NewDocument, prepared: Prepared, *, actor: str, at: datetime) -> Document:
    """Write a prepared document and send it, at once or not at all: the one way for robots and
    people. Raises as `send_document`; RIGHT_MISSING when the permission to send is used up.
    """
    document = write(new, prepared, at=at)
    if new.delegate is not None:
        count_delegated_document(new.signer_company, new.delegate, at=at)
    return send_document(document, actor=actor, at=at)


@transaction.atomic
def send_document(document: Document, *, actor: str, at: datetime) -> Document:
    """Hold its price, sign for the company by the signer's standing order, and pass the document
    on in the background. Sending it twice is sending it once.

    `actor` is "robot:signx_send" or an employee's audit name. Raises SignXError: BALANCE_EMPTY,
    SIGNATURE_MISSING, SIGNATURE_NOT_CONFIRMED, RIGHT_MISSING, STATUS_CONFLICT.
    """
    document = flow.lock(document.pk)
    if document.status == Status.SENDING:
        return document
    if document.status == Status.DRAFT:
        ledger.hold(
            document.portal,
            units=document.units,
            document_id=document.pk,
            document_label=document.number,
            actor=actor,
            at=at,
        )
    if not document.ordered_by:
        Document.objects.filter(pk=document.pk).update(ordered_by=actor)
    sender = document.sender
    personal = {"actor": sender.name} if sender and actor == sender.audit_name else None
    moved = flow.move(document.pk, Status.SENDING, actor=actor, personal=personal, at=at)
    sign_for_company(moved, actor=actor, at=at)
    return moved
