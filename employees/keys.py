"""The platform's own keys: a certificate authority and the seal that closes documents."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Literal

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, transaction
from django.utils import timezone

from employees.models import KeyPair
from signing.embedded.keys import KeyPairPem, SealKey, issue_seal, load, new_authority

# A new key is made this long before the old one ends, so that nothing waits for it.
RENEW_BEFORE = timedelta(days=30)

KeyType = Literal["P-256", "RSA-3072"]
KEY_TYPES: dict[str, KeyType] = {"ec-p256": "P-256", "rsa-3072": "RSA-3072"}


def platform_seal(at: datetime | None = None) -> SealKey:
    """The seal, ready to sign with; parsed once per process."""
    pair = platform_seal_pair(at)
    return load(_pem(pair))


def platform_seal_pair(at: datetime | None = None) -> KeyPair:
    """The current seal; made at the first use, and anew before it ends."""
    at = at or timezone.now()
    if pair := _current(KeyPair.Purpose.SEAL, at):
        return pair
    authority = _authority(at)

    def make() -> KeyPairPem:
        return issue_seal(
            _pem(authority), organisation=settings.OPERATOR_NAME, at=at, key_type=_key_type()
        )

    return _make(KeyPair.Purpose.SEAL, make, issuer=authority, at=at)


def platform_roots() -> list[str]:
    """PEM certificates of every authority there ever was: old documents stay verifiable."""
    authorities = KeyPair.objects.filter(purpose=KeyPair.Purpose.AUTHORITY).order_by("pk")
    found = list(authorities.values_list("certificate_pem", flat=True))
    return found or [_authority(timezone.now()).certificate_pem]


def _authority(at: datetime) -> KeyPair:
    if pair := _current(KeyPair.Purpose.AUTHORITY, at):
        return pair

    def make() -> KeyPairPem:
        return new_authority(settings.OPERATOR_NAME, at=at, key_type=_key_type())

    return _make(KeyPair.Purpose.AUTHORITY, make, issuer=None, at=at)


def _current(purpose: KeyPair.Purpose, at: datetime) -> KeyPair | None:
    pairs = KeyPair.objects.filter(purpose=purpose, employee__isnull=True, is_current=True)
    return pairs.filter(not_after__gt=at + RENEW_BEFORE).select_related("issuer").first()


def _make(
    purpose: KeyPair.Purpose,
    make: Callable[[], KeyPairPem],
    *,
    issuer: KeyPair | None,
    at: datetime,
) -> KeyPair:
    """Store a new current pair. Of several processes that try at once one wins, by the unique
    constraint on the current key, and all use the winner's."""
    pem = make()
    try:
        with transaction.atomic():
            stale = KeyPair.objects.filter(purpose=purpose, employee__isnull=True, is_current=True)
            stale.filter(not_after__lte=at + RENEW_BEFORE).update(is_current=False)
            return KeyPair.objects.create(
                purpose=purpose,
                issuer=issuer,
                serial=pem.serial,
                certificate_pem=pem.certificate_pem,
                private_key_pem=pem.private_key_pem,
                not_after=pem.not_after,
            )
    except IntegrityError:
        winner = _current(purpose, at)
        if winner is None:
            raise
        return winner


def _pem(pair: KeyPair) -> KeyPairPem:
    return KeyPairPem(
        certificate_pem=pair.certificate_pem,
        private_key_pem=pair.private_key_pem,
        chain_pem=pair.issuer.certificate_pem if pair.issuer else "",
        serial=pair.serial,
        subject="",
        not_after=pair.not_after,
    )


def _key_type() -> KeyType:
    try:
        return KEY_TYPES[settings.SIGNATURE_KEY_TYPE]
    except KeyError as error:
        known = ", ".join(KEY_TYPES)
        raise ImproperlyConfigured(f"SIGNX_KEY_TYPE must be one of: {known}") from error
