"""The additional agreement of one signer: the words that fill it, and its paper."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import translation
from django.utils.formats import date_format

from documents.core import files
from documents.core.agreement_offers import template_for
from documents.models import CodeChannel, Document, Signer, StoredFile
from signing.paper import joined
from signing.papers import agreement as template

Kind = StoredFile.Kind


def text_for(signer: Signer) -> template.AgreementText:
    """The agreement in pieces, as the signing pages show it."""
    return template.agreement_text(values_for(signer), template_for(signer))


def pdf_for(signer: Signer) -> bytes:
    """The same words on paper, not sealed yet."""
    return template.agreement_pdf(values_for(signer), template_for(signer))


def values_for(signer: Signer) -> template.AgreementValues:
    """What fills the template for a signer: the page shows and the file holds the same words."""
    document = signer.document
    company = document.signers.filter(side=Signer.Side.COMPANY).first()
    day = document.created_at.astimezone(ZoneInfo(settings.TIME_ZONE))
    with translation.override(document.language):
        return template.AgreementValues(
            number=document.number,
            date=date_format(day, "DATE_FORMAT"),
            company=(company.organisation if company else "") or document.portal.domain,
            company_signer=company.name if company else "",
            counterparty=_named(signer),
            address=signer.code_address,
            channel=str(CodeChannel(signer.code_channel).label),
            service=settings.PUBLIC_URL,
            operator=settings.OPERATOR_NAME,
            operator_details=settings.SUPPORT_EMAIL,
        )


def paper_of(document: Document) -> bytes | None:
    """The agreement as PDF, not sealed yet; None when none was accepted with this document.

    Several signers have one each: they follow one another in the same file.
    """
    accepted = list(document.signers.exclude(agreed_at=None))
    if not accepted:
        return None
    if files.find(document, Kind.AGREEMENT_SOURCE) is not None:
        return files.read(document, Kind.AGREEMENT_SOURCE)
    return joined([pdf_for(signer) for signer in accepted])


def _named(signer: Signer) -> str:
    return ", ".join(part for part in (signer.name, signer.organisation) if part)
