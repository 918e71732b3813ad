"""Which additional agreement a signer must accept, and what was accepted before."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet

from documents import files
from documents.models import Agreement, Signer, StoredFile
from signing import agreement as template

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
    """None when the document asks for no agreement."""
    if not signer.document.needs_agreement:
        return None
    own_file = files.find(signer.document, StoredFile.Kind.AGREEMENT_SOURCE)
    if own_file is not None:
        version, digest = OWN_VERSION, own_file.sha256
    else:
        version = template.TEMPLATE_VERSION
        digest = template.template_hash(signer.document.language)
    return AgreementOffer(version, digest, own_file, _accepted(signer, digest))


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
    return Agreement.objects.filter(
        portal=signer.document.portal,
        counterparty=signer.counterparty,
        address=signer.email,
    )
