"""The letter that asks a party to sign the proposal to annul a document."""

from __future__ import annotations

from datetime import datetime, timedelta

from documents.access.recipients import payload_for
from documents.core.annulment import open_proposal
from documents.models import Signer
from documents.news import invitations
from outbox.services import queue

# How long the link in the letter about a proposal works, however old the document is.
LINK_LIFE = timedelta(days=30)


def ask(signer: Signer, *, is_again: bool, at: datetime) -> None:
    """A letter with a link to a party that has not signed the open proposal; `is_again` makes the
    links of earlier letters stop. An employee is told by the portal's notice and answers there."""
    if signer.signs_in_portal:
        return
    proposal = open_proposal(signer.document)
    token = invitations.new_link(signer, until=at + LINK_LIFE, is_added=not is_again)
    queue(
        key=f"annulment:{proposal.pk}:{signer.pk}:{signer.link_hash[:16]}",
        kind="annulment_request",
        channel="mail",
        lane="mail",
        payload=payload_for(signer, annulment=proposal.pk),
        secret={"token": token},
        subject=signer.document.subject,
    )
