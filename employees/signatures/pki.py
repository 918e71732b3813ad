"""What the authorities of the installation publish: their certificates and revocation lists."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime

from asn1crypto.x509 import Certificate
from cryptography.x509 import ReasonFlags
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from employees.models import KeyPair, RevocationList
from employees.signatures.keys import pem_of, pki_url, token
from signing.keys.certificates import certificates_of
from signing.keys.issuing import Issuer
from signing.keys.proof import OwnAuthorities
from signing.keys.revocation import LIST_TERM, Revoked, revocation_list
from signx.errors import ErrorCode, SignXError

log = logging.getLogger(__name__)

Purpose = KeyPair.Purpose
_AUTHORITIES = (Purpose.AUTHORITY, Purpose.ISSUING)
# A list is made anew at half of its life, so that a checker always gets one with days to go.
_RENEW_AFTER = LIST_TERM / 2


def published_certificate(serial: str) -> bytes:
    """An authority's certificate in DER. Raises SignXError(NOT_FOUND)."""
    (certificate,) = certificates_of(_authority(serial).certificate_pem)
    return bytes(certificate.dump())


def published_list(serial: str, *, at: datetime) -> bytes:
    """An authority's revocation list in DER. Raises SignXError(NOT_FOUND)."""
    return current_list(_authority(serial), at=at)


def current_list(authority: KeyPair, *, at: datetime) -> bytes:
    """The stored list while it is fresh, else a new one under the next number.

    While the authority's key cannot be used the last list goes on being served; checkers see how
    old it is. Raises what the key raised when there is none.
    """
    kept = RevocationList.objects.filter(authority=authority).first()
    if kept is not None and _is_fresh(kept, at):
        return bytes(kept.der)
    try:
        return bytes(_renewed(authority, at).der)
    except IntegrityError:  # another process made the first list a moment ago
        return bytes(RevocationList.objects.get(authority=authority).der)
    except (SignXError, ValueError, LookupError):
        if kept is None:
            raise
        log.exception("the revocation list of %s is not renewed", authority)
        return bytes(kept.der)


def own_authorities() -> OwnAuthorities:
    """Every authority whose certificates are still in their term, with the lists of now."""
    now = timezone.now()
    pairs = list(_in_term(now))
    return OwnAuthorities(
        roots=_certificates(pair for pair in pairs if pair.purpose == Purpose.AUTHORITY),
        issuing=_certificates(pair for pair in pairs if pair.purpose == Purpose.ISSUING),
        lists=tuple(current_list(pair, at=now) for pair in pairs),
    )


def _certificates(pairs: Iterable[KeyPair]) -> tuple[Certificate, ...]:
    return tuple(one for pair in pairs for one in certificates_of(pair.certificate_pem))


def renew_lists(*, at: datetime) -> None:
    """Every day: lists are made by the worker, before anybody asks for a stale one."""
    for authority in _in_term(at):
        current_list(authority, at=at)


def _in_term(at: datetime) -> QuerySet[KeyPair]:
    pairs = KeyPair.objects.filter(purpose__in=_AUTHORITIES, not_after__gt=at)
    return pairs.select_related("issuer__issuer").order_by("pk")


def _authority(serial: str) -> KeyPair:
    authorities = KeyPair.objects.filter(purpose__in=_AUTHORITIES).select_related("issuer__issuer")
    found = authorities.filter(serial=serial.lower()).first()
    if found is None:
        raise SignXError(ErrorCode.NOT_FOUND, "no such authority")
    return found


def _is_fresh(kept: RevocationList, at: datetime) -> bool:
    """Young enough, and nothing was revoked since it was made."""
    if not kept.made_at <= at < kept.made_at + _RENEW_AFTER:
        return False
    return _revocations(kept.authority_id).count() == kept.entries


@transaction.atomic
def _renewed(authority: KeyPair, at: datetime) -> RevocationList:
    kept = RevocationList.objects.select_for_update().filter(authority=authority).first()
    if kept is not None and _is_fresh(kept, at):
        return kept
    number = kept.number + 1 if kept is not None else 1
    issuer = Issuer.of(pem_of(authority), token=token(), pki_url=pki_url())
    revoked = _revoked_by(authority)
    row = kept or RevocationList(authority=authority)
    row.der = revocation_list(issuer, revoked, number=number, at=at)
    row.number, row.entries, row.made_at = number, len(revoked), at
    row.save()
    return row


def _revoked_by(authority: KeyPair) -> list[Revoked]:
    """Certificates past their term stay listed: signatures made with them are checked later."""
    rows = _revocations(authority.pk).order_by("pk")
    return [
        Revoked(serial, at, ReasonFlags(reason or "unspecified"))
        for serial, at, reason in rows.values_list("serial", "revoked_at", "revocation_reason")
        if at is not None
    ]


def _revocations(authority_id: int) -> QuerySet[KeyPair]:
    return KeyPair.objects.filter(issuer=authority_id, revoked_at__isnull=False)
