"""Signing links: a secret that only the signer's letter holds."""

from __future__ import annotations

import secrets
from enum import StrEnum

from documents.models import Document, Signer
from documents.signer_links import hash_token
from outbox.models import Delivery
from outbox.services import queue

KIND = "invitation"


class Why(StrEnum):
    """Why a letter with a link is written; `documents.letters` words it accordingly."""

    INVITATION = "invitation"
    REMINDER = "reminder"
    NEW_LINK = "new_link"


def key_of(signer: Signer) -> str:
    """The key of the letter with the signer's present link."""
    return f"{KIND}:{signer.pk}:{signer.link_hash[:16]}"


def send_link(signer: Signer, *, why: Why) -> Delivery:
    """A new link in a letter; the signer's earlier link stops working. In a transaction.

    An employee gets a notice in the portal instead, and the token is given to nobody: its hash
    only names the invitation.
    """
    token = secrets.token_urlsafe(32)  # 256 bits
    signer.link_hash = hash_token(token)
    signer.link_expires_at = signer.document.expires_at
    signer.save(update_fields=["link_hash", "link_expires_at"])
    if signer.signs_in_portal:
        return _notify_employee(signer)
    return queue(
        key=key_of(signer),
        kind=KIND,
        channel="mail",
        lane="mail",
        payload={"signer": signer.pk, "why": why.value},
        secret={"token": token},
        subject=signer.document.subject,
    )


def invite_next(document: Document) -> None:
    """Invite everybody whose turn it is and who was not invited yet."""
    for signer in document.awaited_signers:
        if not signer.link_hash:
            send_link(signer, why=Why.INVITATION)


def _notify_employee(signer: Signer) -> Delivery:
    return queue(
        key=key_of(signer),
        kind="portal_invitation",
        channel="portal",
        lane=signer.document.portal.lane,
        payload={"signer": signer.pk},
        subject=signer.document.subject,
    )
