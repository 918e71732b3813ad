"""Signing links: a secret that only the signer's letter holds."""

from __future__ import annotations

import secrets
from datetime import datetime
from enum import StrEnum

from documents.access.links import hash_token
from documents.access.recipients import payload_for
from documents.models import Document, EarlierLink, Signer
from outbox.models import Delivery
from outbox.services import queue

KIND = "invitation"
# A signer's links that work beside the newest one; older letters say where the newest is.
EARLIER_LINKS = 5


class Why(StrEnum):
    """Why a letter with a link is written; `documents.news.letters` words it accordingly."""

    INVITATION = "invitation"
    REMINDER = "reminder"
    NEW_LINK = "new_link"


def key_of(signer: Signer) -> str:
    """The key of the letter with the signer's present link."""
    return f"{KIND}:{signer.pk}:{signer.link_hash[:16]}"


def send_link(signer: Signer, *, why: Why) -> Delivery:
    """A link in a letter. In a transaction.

    A reminder's link works beside the earlier ones, because somebody may be signing by one of
    them this minute; any other letter makes them stop. An employee gets a notice in the portal
    instead, and the token is given to nobody: its hash only names the invitation.
    """
    is_added = why is Why.REMINDER
    token = new_link(signer, until=signer.document.expires_at, is_added=is_added)
    if signer.signs_in_portal:
        return _notify_employee(signer)
    return queue(
        key=key_of(signer),
        kind=KIND,
        channel="mail",
        lane="mail",
        payload=payload_for(signer, why=why.value),
        secret={"token": token},
        subject=signer.document.subject,
    )


def new_link(signer: Signer, *, until: datetime, is_added: bool) -> str:
    """The token of a signer's newest link; the earlier links go on or stop."""
    if not is_added:
        signer.earlier_links.all().delete()
    elif signer.link_hash:
        EarlierLink.objects.create(signer=signer, link_hash=signer.link_hash)
        too_old = signer.earlier_links.order_by("-pk").values_list("pk", flat=True)
        signer.earlier_links.filter(pk__in=list(too_old[EARLIER_LINKS:])).delete()
    token = secrets.token_urlsafe(32)  # 256 bits
    signer.link_hash, signer.link_expires_at = hash_token(token), until
    signer.save(update_fields=["link_hash", "link_expires_at"])
    return token


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
