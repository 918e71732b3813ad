"""From a signature's row to what the provider draws and signs."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from documents.models import Document, Signature, Signer
from employees.keys import platform_seal, platform_seal_pair
from signing.base import Level, Party, Place
from signing.provider import SignatureOrder
from signing.stamps import stamp_lines


def places_of(document: Document) -> dict[str, tuple[Place, ...]]:
    """The boxes of each key, in the order of signing."""
    order = document.signers.order_by("order").values_list("key", flat=True)
    return {key: tuple(Place(**box) for box in document.places[key]) for key in order}


def party_of(signature: Signature) -> Party:
    """Who signs, as printed."""
    signer = signature.signer
    return Party(
        key=signer.key,
        name=signer.name,
        role=signer.role,
        organisation=signer.organisation,
        level=Level(signature.level),
        confirmed_by=signature.confirmed_by,
        side="company" if signer.side == Signer.Side.COMPANY else "counterparty",
    )


def order_for(document: Document, signature: Signature) -> SignatureOrder:
    """One party's signature, with the platform's seal as the key of a simple signature."""
    signer = signature.signer
    first = document.signers.order_by("order").values_list("pk", flat=True).first()
    with translation.override(document.language):
        reason = _("Document %(number)s") % {"number": document.number}
    return SignatureOrder(
        key=signer.key,
        name=signer.name,
        reason=reason,
        stamp=stamp_lines(
            party_of(signature),
            signed_at=signature.signed_at,
            document_number=document.number,
            language=document.language,
            qr_url=document.verification_url,
            zone=zone_of(signature.time_zone),
        ),
        # A certificate proves nothing about a time before it was made.
        at=max(signature.signed_at, platform_seal_pair().created_at),
        is_first=signer.pk == first,
        with_key=platform_seal(),
    )


def zone_of(name: str) -> ZoneInfo:
    """The signer's own time zone, or the service's when the browser named none we know."""
    try:
        return ZoneInfo(name or settings.TIME_ZONE)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo(settings.TIME_ZONE)
