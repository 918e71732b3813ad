"""What a signer can do through the link: open, get a code, sign, refuse, ask the sender."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from bitrix24.rest.chat import plain, queue_notice
from documents.access import act_codes
from documents.access.act_codes import Act
from documents.access.links import LinkState, open_link, require_ready, state_of
from documents.core import files, flow
from documents.core.agreement_offers import due_offer
from documents.core.evidence import Evidence
from documents.models import CodeChannel, Document, Signer, StoredFile
from documents.news import notices
from employees.models import OneTimeCode
from employees.signatures import codes
from journal.events import EventKind
from journal.services import chain_of, record
from signx.errors import ErrorCode, SignXError

__all__ = [
    "LinkState",
    "Request",
    "Visit",
    "ask_sender",
    "confirm",
    "decline",
    "live_code",
    "mark_viewed",
    "open_link",
    "request_code",
    "shown_file",
    "state_of",
]


@dataclass(frozen=True)
class Visit:
    """Who stands before the page: address, device, time zone, and the page session.

    `session_key` is the browser session's secret; `accepted` the digest of the agreement whose
    box was ticked in it. A code is bound to both.
    """

    ip: str = ""
    user_agent: str = ""
    time_zone: str = ""
    session_key: str = ""
    accepted: str = ""

    @property
    def trace(self) -> dict[str, str]:
        """For the erasable part of the journal."""
        return {"ip": self.ip, "user_agent": self.user_agent}


class Request(StrEnum):
    """What a signer may ask of the sender."""

    NEW_LINK = "new_link"
    ADDRESS_CHANGED = "address_changed"


def shown_file(document: Document) -> StoredFile:
    """The checked and cleaned file: what the pages are pictures of, and what is signed."""
    stored = files.find(document, StoredFile.Kind.SHOWN)
    if stored is None:
        raise SignXError(ErrorCode.NOT_FOUND, f"no shown file of {document.public_id}")
    return stored


def mark_viewed(signer: Signer, visit: Visit, *, at: datetime) -> None:
    """«Открыл»: once, and only while the document waits for this signer."""
    if signer.status == Signer.Status.PENDING and state_of(signer, at=at) == LinkState.READY:
        flow.signer_viewed(signer.pk, _evidence(signer, visit), at)


@transaction.atomic
def request_code(signer: Signer, visit: Visit, *, at: datetime) -> None:
    """Send a one-time code to the signer's address; earlier codes stop working.

    Raises NOT_YOUR_TURN, STATUS_CONFLICT, CONSENT_MISSING, CODE_TOO_SOON, CODE_LIMIT,
    LIMIT_REACHED.
    """
    require_ready(signer, at=at)
    _require_consent(signer, visit)
    act_codes.send(signer, Act.SIGN, bound_to=_binding(signer, visit), trace=visit.trace, at=at)


def live_code(signer: Signer, *, at: datetime) -> OneTimeCode | None:
    """The code a signer may type now, for the timers of the page."""
    return act_codes.live(signer, Act.SIGN, at=at)


def seconds_to_next_code(signer: Signer, *, at: datetime) -> int:
    return codes.seconds_to_next(purpose=Act.SIGN, subject=act_codes.subject(signer), at=at)


def confirm(signer: Signer, code: str, visit: Visit, *, at: datetime) -> Document:
    """Sign with a code; it confirms the agreement too, when one is due.

    Not inside a transaction: a try is counted in its own, so a failure here never gives one
    back. Raises NOT_YOUR_TURN, STATUS_CONFLICT, CONSENT_MISSING, CODE_WRONG, CODE_EXPIRED,
    LIMIT_REACHED, LINK_INVALID (handed over or moved while the code was checked).
    """
    require_ready(signer, at=at)
    _require_consent(signer, visit)
    act_codes.check(
        signer, Act.SIGN, code=code, bound_to=_binding(signer, visit), trace=visit.trace, at=at
    )
    evidence = _evidence(signer, visit)
    with transaction.atomic():
        require_same(signer)
        offer = due_offer(signer)
        if offer is not None:
            flow.signer_agreed(
                signer.pk,
                evidence,
                at,
                template_version=offer.version,
                template_hash=offer.digest,
                language=signer.document.language,
            )
        return flow.signer_signed(signer.pk, evidence, at)


def require_same(signer: Signer) -> Document:
    """The locked document. Raises LINK_INVALID when, since the signer was read, the signing was
    handed over or his address changed: the act of one would stand under another's name."""
    document = flow.lock(signer.document_id)
    now = document.signers.get(pk=signer.pk)
    before = (signer.delegated_at, signer.address_changed_at)
    if (now.delegated_at, now.address_changed_at) != before:
        raise SignXError(ErrorCode.LINK_INVALID, "handed over or moved meanwhile")
    return document


@transaction.atomic
def decline(signer: Signer, reason: str, visit: Visit, *, at: datetime) -> Document:
    """Refuse to sign, with the reason every party will see. Final for the document."""
    require_ready(signer, at=at)
    require_same(signer)
    return flow.signer_declined(signer.pk, reason, _evidence(signer, visit), at)


@transaction.atomic
def ask_sender(signer: Signer, request: Request, visit: Visit, *, at: datetime) -> None:
    """Tell the senders in the portal's chat that the signer needs help, and write it down; once a
    day per request."""
    document = flow.lock(signer.document_id)
    data = {"signer": signer.key, "request": request.value}
    today = at.replace(hour=0, minute=0, second=0, microsecond=0)
    events = chain_of(document.subject, document.portal).filter(at__gte=today)
    if any(event.data == data for event in events.filter(kind=EventKind.SIGNER_ASKED)):
        return
    record(
        document.portal,
        EventKind.SIGNER_ASKED,
        actor=signer.audit_name,
        subject=document.subject,
        data=data,
        personal=visit.trace | {"name": signer.name},
        at=at,
    )
    with translation.override(document.portal.language):
        facts = {"name": plain(signer.name), "title": plain(document.title)}
        message = _asked(request, signer) % facts
    for person in notices.askable(document):
        queue_notice(
            document.portal,
            person.bitrix_user_id,
            message,
            key=f"asked:{signer.pk}:{request.value}:{at:%Y%m%d}:{person.pk}",
            kind="notice",
            subject=document.subject,
            at=at,
        )


def _asked(request: Request, signer: Signer) -> str:
    if request == Request.NEW_LINK:
        return _(
            "%(name)s asks for a new link: the term for signing “%(title)s” is over. "
            "Send the document again."
        )
    if signer.code_channel == CodeChannel.SMS:
        return _(
            "%(name)s cannot get the code for “%(title)s”: the phone is out of date. "
            "Change it on the document's card in SIGNX."
        )
    return _(
        "%(name)s cannot get the code for “%(title)s”: the e-mail address is out of date. "
        "Change it on the document's card in SIGNX."
    )


def _require_consent(signer: Signer, visit: Visit) -> None:
    offer = due_offer(signer)
    if offer is not None and visit.accepted != offer.digest:
        raise SignXError(ErrorCode.CONSENT_MISSING)


def _binding(signer: Signer, visit: Visit) -> str:
    """What a code confirms: this signer, this file, this agreement, in this browser session."""
    offer = due_offer(signer)
    agreement = offer.digest if offer else ""
    shown = files.shown_sha256(signer.document)
    return act_codes.bind(act_codes.subject(signer), shown, agreement, visit.session_key)


def _evidence(signer: Signer, visit: Visit) -> Evidence:
    with translation.override(signer.document.language):
        confirmed_by = act_codes.way(signer)
    return Evidence(
        ip=visit.ip or None,
        user_agent=visit.user_agent,
        time_zone=visit.time_zone,
        confirmed_by=confirmed_by,
        signed_sha256=files.shown_sha256(signer.document),
        level=signer.document.level,
    )
