"""A signing link: whose it is, and what it may still be used for."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from documents.models import Document, Signer
from signx.errors import ErrorCode, SignXError

# After this a closed document can no longer be read by its link: letters outlive mailboxes' owners.
READABLE_AFTER_CLOSE = timedelta(days=90)


class LinkState(StrEnum):
    """What the holder of a link meets; each is a page of its own."""

    READY = "ready"
    PREPARING = "preparing"
    NOT_YOUR_TURN = "not_your_turn"
    SIGNED = "signed"
    DECLINED = "declined"
    DECLINED_BY_OTHER = "declined_by_other"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    ANNULLED = "annulled"


_CLOSED = {
    Document.Status.DRAFT: LinkState.PREPARING,
    Document.Status.SEALING: LinkState.SIGNED,
    Document.Status.COMPLETED: LinkState.SIGNED,
    Document.Status.EXPIRED: LinkState.EXPIRED,
    Document.Status.CANCELLED: LinkState.CANCELLED,
    Document.Status.FAILED: LinkState.CANCELLED,
    Document.Status.ANNULLED: LinkState.ANNULLED,
}


def hash_token(token: str) -> str:
    """What the database knows of a link's token (`Signer.link_hash`)."""
    return sha256(token.encode()).hexdigest()


def open_link(token: str, *, at: datetime) -> Signer:
    """The signer a link belongs to. Changes nothing.

    Raises SignXError(LINK_INVALID) for a token that is unknown, was revoked by a newer one, or
    belongs to a document closed long ago; the three are not told apart.
    """
    known = Signer.objects.select_related("document__portal", "document__sender", "employee")
    digest = hash_token(token)
    signer = known.filter(link_hash=digest).first()
    signer = signer or known.filter(earlier_links__link_hash=digest).first()
    if signer is None or _is_forgotten(signer, at):
        raise SignXError(ErrorCode.LINK_INVALID)
    return signer


def _is_forgotten(signer: Signer, at: datetime) -> bool:
    """Closed long ago, unless a newer letter has given the link a longer life."""
    closed_at = signer.document.ended_at
    if closed_at is None:
        return False
    last = closed_at + READABLE_AFTER_CLOSE
    return at > max(last, signer.link_expires_at or last)


def state_of(signer: Signer, *, at: datetime) -> LinkState:
    """The state of a signer's link now; expiry counts from the clock, not from the sweep.

    A document still `sending` is open already: who holds the link has got the letter, and
    documents.core.flow says so too.
    """
    document = signer.document
    if document.status == Document.Status.DECLINED:
        own = signer.status == Signer.Status.DECLINED
        return LinkState.DECLINED if own else LinkState.DECLINED_BY_OTHER
    if document.status in _CLOSED:
        return _CLOSED[Document.Status(document.status)]
    if signer.status == Signer.Status.SIGNED:
        return LinkState.SIGNED
    if _is_expired(signer, at):
        return LinkState.EXPIRED
    return LinkState.READY if is_turn_of(signer) else LinkState.NOT_YOUR_TURN


def _is_expired(signer: Signer, at: datetime) -> bool:
    ends = [signer.document.expires_at]
    if signer.link_expires_at:
        ends.append(signer.link_expires_at)
    return at >= min(ends)


def is_turn_of(signer: Signer) -> bool:
    """Whether everybody who signs earlier has signed."""
    earlier = signer.document.signers.filter(order__lt=signer.order)
    return not earlier.exclude(status=Signer.Status.SIGNED).exists()


def require_ready(signer: Signer, *, at: datetime) -> None:
    """Raises the SignXError of a link that cannot be signed with now."""
    state = state_of(signer, at=at)
    if state == LinkState.READY:
        return
    if state in (LinkState.NOT_YOUR_TURN, LinkState.PREPARING):
        raise SignXError(ErrorCode.NOT_YOUR_TURN, state.value)
    raise SignXError(ErrorCode.STATUS_CONFLICT, state.value)


def may_delegate(signer: Signer) -> bool:
    """Only a person of an organisation has colleagues; the sender decides about the document."""
    return bool(
        signer.document.may_delegate
        and signer.side == Signer.Side.COUNTERPARTY
        and signer.organisation
        and not signer.signs_in_portal
    )
