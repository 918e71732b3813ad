"""What the card offers to the reader whose own signature is awaited."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from documents.access.links import LinkState, state_of
from documents.core import agreement_papers
from documents.core.agreement_offers import due_offer
from documents.models import Document, Signer
from documents.signer import services
from employees.models import Employee
from employees.signatures.codes import mask_address
from signing.papers.agreement import AgreementText


@dataclass(frozen=True)
class OwnTurn:
    """`digest` names the agreement to accept, empty when nothing is due."""

    signer: Signer
    digest: str
    agreement: AgreementText | None
    is_code_sent: bool
    address: str


def own_signer(document: Document, reader: Employee) -> Signer | None:
    signer = document.signers.select_related("employee").filter(employee=reader).first()
    if signer is not None:
        signer.document = document
    return signer


def own_turn(document: Document, reader: Employee, at: datetime) -> OwnTurn | None:
    """None when the reader has nothing to sign here now."""
    signer = own_signer(document, reader)
    if signer is None or not signer.link_hash or state_of(signer, at=at) != LinkState.READY:
        return None
    offer = due_offer(signer)
    is_own_text = offer is not None and offer.own_file is not None
    return OwnTurn(
        signer=signer,
        digest=offer.digest if offer else "",
        agreement=agreement_papers.text_for(signer) if offer and not is_own_text else None,
        is_code_sent=services.live_code(signer, at=at) is not None,
        address=mask_address(signer.code_address),
    )
