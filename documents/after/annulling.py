"""Mutual annulment: a party proposes, every party signs the proposal with a code.

Nothing happens to the files: the signatures stay sound. The document's status says that the
parties have agreed it is no longer in force, and so does its verification page.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from documents.access import act_codes
from documents.access.act_codes import Act
from documents.core import files, flow
from documents.core.annulment import open_proposal, proposal_of, waiting_for
from documents.models import Annulment, AnnulmentConsent, Document, Signer, StoredFile
from documents.news import announcements, annulment_letters
from documents.signer.services import Visit, require_same
from employees.signatures.codes import mask_address
from journal.events import EventKind
from journal.services import record
from signing.base import Level
from signx.errors import ErrorCode, SignXError


def shown_to(signer: Signer | None, document: Document) -> dict[str, Any]:
    """What a page says of an annulment to one of the parties, or to a reader who is none."""
    proposal = proposal_of(document)
    return {
        "document": document,
        "signer": signer,
        "proposal": proposal,
        "has_signed": bool(proposal and signer and proposal.is_signed_by(signer)),
        "is_own": bool(proposal and signer and proposal.proposed_by_id == signer.pk),
        "address": mask_address(signer.code_address) if signer else "",
    }


@transaction.atomic
def request_code(signer: Signer, reason: str, visit: Visit, *, at: datetime) -> None:
    """A code to the signer. `reason` is of a new proposal; of an open one its own counts.

    Raises STATUS_CONFLICT, INPUT_INVALID, CODE_TOO_SOON, CODE_LIMIT.
    """
    reason = _reason(signer, reason)
    bound_to = _binding(signer, reason, visit)
    act_codes.ensure(signer, Act.ANNUL, bound_to=bound_to, trace=visit.trace, at=at)


@transaction.atomic
def request_refusal_code(signer: Signer, visit: Visit, *, at: datetime) -> None:
    """A code to a signer who came by a link: whoever holds the link alone decides nothing.

    Raises STATUS_CONFLICT, CODE_TOO_SOON, CODE_LIMIT.
    """
    bound_to = _binding(signer, open_proposal(signer.document).reason, visit)
    act_codes.ensure(signer, Act.KEEP, bound_to=bound_to, trace=visit.trace, at=at)


def refuse_by_code(signer: Signer, code: str, visit: Visit, *, at: datetime) -> Annulment:
    """`refuse` by a link. Not inside a transaction: a try of the code stays counted.

    Raises STATUS_CONFLICT, CODE_WRONG, CODE_EXPIRED.
    """
    bound_to = _binding(signer, open_proposal(signer.document).reason, visit)
    act_codes.check(signer, Act.KEEP, code=code, bound_to=bound_to, trace=visit.trace, at=at)
    return refuse(signer, "", visit, at=at)


def sign(signer: Signer, reason: str, code: str, visit: Visit, *, at: datetime) -> Document:
    """The signer's signature under the proposal; the first one makes it, the last one annuls.

    Not inside a transaction: a try of the code stays counted. Raises as `request_code`, and
    CODE_WRONG, CODE_EXPIRED.
    """
    reason = _reason(signer, reason)
    bound_to = _binding(signer, reason, visit)
    act_codes.check(signer, Act.ANNUL, code=code, bound_to=bound_to, trace=visit.trace, at=at)
    with transaction.atomic():
        document = require_same(signer)
        signer = document.signers.get(pk=signer.pk)
        signer.document = document
        _require_completed(document)
        proposal, is_new = _proposal(signer, reason, at)
        if proposal.reason != reason:
            raise SignXError(ErrorCode.STATUS_CONFLICT, "another proposal was shown")
        _consent(proposal, signer, visit, is_new, at)
        return _follow(document, proposal, signer, is_new, at)


@transaction.atomic
def refuse(signer: Signer, reason: str, visit: Visit, *, at: datetime) -> Annulment:
    """A party does not agree, or takes its own proposal back; the document stays in force.

    Raises STATUS_CONFLICT when there is no open proposal.
    """
    document = flow.lock(signer.document_id)
    signer = document.signers.get(pk=signer.pk)
    signer.document = document
    proposal = open_proposal(document)
    proposal.state, proposal.closed_at = Annulment.State.REFUSED, at
    proposal.save(update_fields=["state", "closed_at"])
    _record(EventKind.ANNULMENT_REFUSED, signer, visit, {"reason": reason}, at)
    announcements.tell(document, "annulment_refused", signer=signer, at=at)
    return proposal


def _reason(signer: Signer, typed: str) -> str:
    """What is signed: the reason of the open proposal, or of the one to be made."""
    _require_completed(signer.document)
    proposal = proposal_of(signer.document)
    if proposal is not None and proposal.is_signed_by(signer):
        raise SignXError(ErrorCode.STATUS_CONFLICT, "signed already")
    reason = proposal.reason if proposal else " ".join(typed.split())
    if not reason:
        raise SignXError(ErrorCode.INPUT_INVALID, "annulment", reason=_("give the reason"))
    return reason


def _require_completed(document: Document) -> None:
    """Completed, and signed with no stronger signature than the code that annuls it."""
    if document.level != Level.SIMPLE:
        reason = _("a code annuls only what was signed with a code; annul this one on paper")
        raise SignXError(ErrorCode.SIGNATURE_LEVEL_REFUSED, document.level, reason=reason)
    if document.status != Document.Status.COMPLETED:
        raise SignXError(ErrorCode.STATUS_CONFLICT, f"the document is {document.status}")


def _proposal(signer: Signer, reason: str, at: datetime) -> tuple[Annulment, bool]:
    """The open proposal, made by this signer when there was none. Under the document's lock."""
    return Annulment.objects.open().get_or_create(
        document=signer.document,
        state=Annulment.State.PROPOSED,
        defaults={"proposed_by": signer, "reason": reason, "proposed_at": at},
    )


def _consent(proposal: Annulment, signer: Signer, visit: Visit, is_new: bool, at: datetime) -> None:
    with translation.override(signer.document.language):
        confirmed_by = act_codes.way(signer)
    digest = _signed_sha256(signer.document)
    AnnulmentConsent.objects.get_or_create(
        annulment=proposal,
        signer=signer,
        defaults={
            "signed_at": at,
            "confirmed_by": confirmed_by[:200],
            "level": Level.SIMPLE.value,
            "signed_sha256": digest,
            "ip": flow.address(visit.ip),
            "user_agent": visit.user_agent[:300],
        },
    )
    personal = {"confirmed_by": confirmed_by}
    if is_new:
        _record(EventKind.ANNULMENT_PROPOSED, signer, visit, {"reason": proposal.reason}, at)
    _record(EventKind.ANNULMENT_SIGNED, signer, visit, personal, at, sha256=digest)


def _follow(
    document: Document, proposal: Annulment, signer: Signer, is_new: bool, at: datetime
) -> Document:
    """Annulled when all have signed; else the others are asked, once."""
    waiting = waiting_for(document)
    if not waiting:
        proposal.state, proposal.closed_at = Annulment.State.ACCEPTED, at
        proposal.save(update_fields=["state", "closed_at"])
        return flow.move(
            document.pk,
            Document.Status.ANNULLED,
            actor=signer.audit_name,
            detail=proposal.reason,
            at=at,
        )
    if is_new:
        for other in waiting:
            other.document = document
            annulment_letters.ask(other, is_again=False, at=at)
        announcements.tell(document, "annulment_proposed", signer=signer, at=at)
    return document


def _signed_sha256(document: Document) -> str:
    stored = files.find(document, StoredFile.Kind.SIGNED)
    if stored is None:
        raise SignXError(ErrorCode.STATUS_CONFLICT, "no signed file")
    return stored.sha256


def _binding(signer: Signer, reason: str, visit: Visit) -> str:
    digest = _signed_sha256(signer.document)
    return act_codes.bind(act_codes.subject(signer), digest, reason, visit.session_key)


def _record(
    kind: EventKind,
    signer: Signer,
    visit: Visit,
    personal: dict[str, str],
    at: datetime,
    **data: str,
) -> None:
    record(
        signer.document.portal,
        kind,
        actor=signer.audit_name,
        subject=signer.document.subject,
        data={"signer": signer.key} | data,
        personal=visit.trace | {"name": signer.name} | personal,
        at=at,
    )
