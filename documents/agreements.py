"""The additional agreement of one signer: the words that fill it, and its paper."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from documents import files
from documents.models import Document, Signer, StoredFile
from signing import agreement as template

Kind = StoredFile.Kind


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
            address=signer.email,
            channel=_("e-mail"),
            service=settings.PUBLIC_URL,
            operator=settings.OPERATOR_NAME,
            operator_details=settings.SUPPORT_EMAIL,
        )


def paper_of(document: Document) -> bytes | None:
    """The agreement as PDF, not sealed yet; None when none was accepted with this document."""
    signer = document.signers.exclude(agreed_at=None).order_by("order").first()
    if signer is None:
        return None
    if files.find(document, Kind.AGREEMENT_SOURCE) is not None:
        return files.read(document, Kind.AGREEMENT_SOURCE)
    return template.agreement_pdf(values_for(signer), document.language)


def _named(signer: Signer) -> str:
    return ", ".join(part for part in (signer.name, signer.organisation) if part)
