"""Which additional agreement a signer must accept, and what was accepted before."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet

from documents.core import agreement_texts, files
from documents.models import Agreement, Signer, StoredFile
from signing.papers import agreement as template

# Agreements given to the robot as a document have no version of ours.
OWN_VERSION = "own"


@dataclass(frozen=True)
class AgreementOffer:
    """The agreement of a document, for one signer: our template, or the sender's own file.

    `digest` is the SHA-256 of the template or of the file; the code confirms exactly this text.
    `accepted` is the same text accepted by the same person from the same address, if it was.
    """

    version: str
    digest: str
    own_file: StoredFile | None
    accepted: Agreement | None

    @property
    def is_due(self) -> bool:
        return self.accepted is None


def offer_for(signer: Signer) -> AgreementOffer | None:
    """None when the document asks for no agreement, and for the company that offers it.

    An employee is always asked: without his consent no electronic paper binds him (Labour Code of
    the Russian Federation, article 22.2), whatever the company has chosen for its counterparties.
    """
    is_asked = signer.document.needs_agreement or signer.signs_in_portal
    if signer.side == Signer.Side.COMPANY or not is_asked:
        return None
    own_file = files.find(signer.document, StoredFile.Kind.AGREEMENT_SOURCE)
    if own_file is not None:
        version, digest = OWN_VERSION, own_file.sha256
    else:
        text = agreement_texts.current(kind_for(signer), signer.document.language)
        version, digest = text.version, text.sha256
    return AgreementOffer(version, digest, own_file, _accepted(signer, digest))


def template_for(signer: Signer) -> template.Template:
    """The text that a signer accepted with this document, or the one that is offered now."""
    if signer.agreed_at is not None:
        earlier = _of(signer).filter(accepted_at__lte=signer.agreed_at)
        accepted = earlier.order_by("-accepted_at", "-pk").first()
        if accepted is not None and accepted.template_version != OWN_VERSION:
            return agreement_texts.by_hash(accepted.template_hash)
    return agreement_texts.current(kind_for(signer), signer.document.language)


def kind_for(signer: Signer) -> template.Kind:
    """An employee consents to personnel documents; everybody else agrees on the signature."""
    is_employee = signer.employee_id is not None and signer.side == Signer.Side.COUNTERPARTY
    return template.Kind.HR_CONSENT if is_employee else template.Kind.AGREEMENT


def due_offer(signer: Signer) -> AgreementOffer | None:
    """What the signer still has to accept; None when nothing."""
    offer = offer_for(signer)
    return offer if offer is not None and offer.is_due else None


def accepted_before(signer: Signer) -> Agreement | None:
    """The newest agreement between these two sides, whichever document it came with."""
    return _of(signer).order_by("-accepted_at").first()


def _accepted(signer: Signer, digest: str) -> Agreement | None:
    return _of(signer).filter(template_hash=digest).first()


def _of(signer: Signer) -> QuerySet[Agreement]:
    """An agreement says by which address the signer is known (63-FZ, article 9, part 2): it holds
    for codes sent there and nowhere else."""
    return Agreement.objects.filter(
        portal=signer.document.portal,
        counterparty=signer.counterparty,
        address=signer.code_address,
    )
