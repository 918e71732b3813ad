"""The proposal to annul a document: whether one is open, and who has not signed it yet."""

from __future__ import annotations

from documents.models import Annulment, Document, Signer
from signx.errors import ErrorCode, SignXError


def proposal_of(document: Document) -> Annulment | None:
    """The proposal that waits for signatures."""
    return document.annulments.open().select_related("proposed_by").first()


def waiting_for(document: Document) -> list[Signer]:
    """Who has not signed the open proposal; nobody without one."""
    proposal = proposal_of(document)
    if proposal is None:
        return []
    return list(document.signers.exclude(pk__in=proposal.consents.values("signer")))


def open_proposal(document: Document) -> Annulment:
    proposal = proposal_of(document)
    if proposal is None:
        raise SignXError(ErrorCode.STATUS_CONFLICT, "no open proposal")
    return proposal
