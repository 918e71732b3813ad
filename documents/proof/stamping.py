"""From a signature's row to what the provider draws and signs."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from documents.models import Document, Signature, Signer
from employees.models import KeyPair
from employees.signatures.certificates import words_of
from employees.signatures.keys import platform_seal_pair
from employees.signatures.seal_keys import seal_key
from signing.base import Level, Party, Place
from signing.placement.stamps import stamp_lines
from signing.provider import SignatureOrder
from signx.errors import ErrorCode, SignXError


def places_of(document: Document) -> dict[str, tuple[Place, ...]]:
    """The boxes of each key, in the order of signing."""
    order = document.signers.values_list("key", flat=True)
    return {key: tuple(Place(**box) for box in document.places[key]) for key in order}


def party_of(signature: Signature) -> Party:
    """Who signs, as printed, in the active language."""
    signer = signature.signer
    return Party(
        key=signer.key,
        name=signer.name,
        role=signer.role,
        organisation=signer.organisation_line,
        level=Level(signature.level),
        confirmed_by=signature.confirmed_by,
        side="company" if signer.side == Signer.Side.COMPANY else "counterparty",
        certificate=words_of(own) if (own := _own_key_pair(signature)) else "",
    )


def order_for(document: Document, signature: Signature) -> SignatureOrder:
    """One party's signature: with the person's own key, or with the platform's seal when it is a
    simple one."""
    signer = signature.signer
    *_others, last = document.signers.values_list("pk", flat=True)
    pair = _own_key_pair(signature) or platform_seal_pair()
    with translation.override(document.language):
        reason = _("Document %(number)s") % {"number": document.number}
        party = party_of(signature)
    return SignatureOrder(
        key=signer.key,
        name=signer.name,
        reason=reason,
        stamp=stamp_lines(
            party,
            signed_at=signature.signed_at,
            document_number=document.number,
            language=document.language,
            qr_url=document.verification_url,
            zone=zone_of(signature.time_zone),
        ),
        # A certificate proves nothing about a time before it was made.
        at=max(signature.signed_at, pair.created_at),
        is_last=signer.pk == last,
        with_key=seal_key(pair),
    )


def _own_key_pair(signature: Signature) -> KeyPair | None:
    """The person's own key pair. Raises SignXError(SIGNATURE_LEVEL_REFUSED) when a signature of
    a higher level has none: the platform's seal never stands in for it."""
    if signature.level == Level.SIMPLE:
        return None
    pair = signature.key_pair
    if pair is None or pair.employee_id is None or pair.employee_id != signature.signer.employee_id:
        raise SignXError(
            ErrorCode.SIGNATURE_LEVEL_REFUSED,
            f"signer {signature.signer.key} has no own key",
            reason=_("the signer has no certificate of his own"),
        )
    return pair


def zone_of(name: str) -> ZoneInfo:
    """The signer's own time zone, or the service's when the browser named none we know."""
    try:
        return ZoneInfo(name or settings.TIME_ZONE)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo(settings.TIME_ZONE)
