"""The platform's own keys: its authorities and the seal that closes documents."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from employees.models import KeyPair
from signing.keys import authority as engine
from signing.keys.authority import KeyPairPem, KeyType
from signing.keys.tokens import Token

Purpose = KeyPair.Purpose
# A new key is made this long before the old one ends, so that whatever it issues meanwhile lives
# its whole term, and nothing waits for the new one.
_MARGIN = timedelta(days=30)
RENEW_BEFORE = {
    Purpose.SEAL: _MARGIN,
    Purpose.ISSUING: engine.SEAL_TERM + _MARGIN,
    Purpose.AUTHORITY: engine.AUTHORITY_TERM + _MARGIN,
}
KEY_TYPES: dict[str, KeyType] = {"ec-p256": "P-256", "rsa-3072": "RSA-3072"}


def platform_seal_pair(at: datetime | None = None) -> KeyPair:
    """The current seal; made at the first use, and anew before it ends."""
    return _issued(Purpose.SEAL, engine.issue_seal, issuing_authority, at or timezone.now())


def issuing_authority(at: datetime) -> KeyPair:
    """The authority that issues the seal and people's certificates now."""
    return _issued(Purpose.ISSUING, engine.new_issuing, _root, at)


def platform_roots() -> list[str]:
    """PEM certificates of every root there ever was: old documents stay verifiable."""
    roots = KeyPair.objects.filter(purpose=Purpose.AUTHORITY).order_by("pk")
    found = list(roots.values_list("certificate_pem", flat=True))
    return found or [_root(timezone.now()).certificate_pem]


def pem_of(pair: KeyPair) -> KeyPairPem:
    """A stored pair with the certificates above it, the nearest first."""
    chain, above = [], pair.issuer
    while above is not None:
        chain.append(above.certificate_pem)
        above = above.issuer
    return KeyPairPem(
        certificate_pem=pair.certificate_pem,
        private_key_pem=pair.private_key_pem,
        chain_pem="".join(chain),
        serial=pair.serial,
        subject="",
        not_after=pair.not_after,
    )


def pki_url() -> str:
    """Where certificates and revocation lists of the authorities are served to everybody."""
    return f"{settings.PUBLIC_URL}/pki"


def key_type() -> KeyType:
    return KEY_TYPES[settings.SIGNATURE_KEY_TYPE]


def token() -> Token | None:
    """The PKCS#11 token that keeps the platform's keys, if settings name one."""
    return _token(settings.PKCS11_MODULE, settings.PKCS11_TOKEN, settings.PKCS11_PIN)


@cache
def _token(module: str, label: str, pin: str) -> Token | None:
    return Token(module, label, pin) if module else None


def _root(at: datetime) -> KeyPair:
    if pair := _current(Purpose.AUTHORITY, at):
        return pair
    pem = engine.new_authority(settings.OPERATOR_NAME, at=at, key_type=key_type(), token=token())
    return _keep(Purpose.AUTHORITY, pem, issuer=None, at=at)


def _issued(
    purpose: KeyPair.Purpose,
    issue: Callable[..., KeyPairPem],
    issuer_at: Callable[[datetime], KeyPair],
    at: datetime,
) -> KeyPair:
    """The current pair of a purpose; else a new one below its issuer."""
    if pair := _current(purpose, at):
        return pair
    issuer = issuer_at(at)
    pem = issue(
        pem_of(issuer),
        organisation=settings.OPERATOR_NAME,
        at=at,
        key_type=key_type(),
        token=token(),
        pki_url=pki_url(),
    )
    return _keep(purpose, pem, issuer=issuer, at=at)


def _current(purpose: KeyPair.Purpose, at: datetime) -> KeyPair | None:
    pairs = KeyPair.objects.platform().usable(at + RENEW_BEFORE[purpose])
    return pairs.filter(purpose=purpose).select_related("issuer__issuer").first()


def _keep(
    purpose: KeyPair.Purpose, pem: KeyPairPem, *, issuer: KeyPair | None, at: datetime
) -> KeyPair:
    """Store a new current pair. Of several processes that try at once one wins, by the unique
    constraint on the current key, and all use the winner's."""
    stale = KeyPair.objects.platform().filter(purpose=purpose, is_current=True)
    try:
        with transaction.atomic():
            stale.filter(not_after__lte=at + RENEW_BEFORE[purpose]).update(is_current=False)
            return store(purpose, pem, issuer=issuer)
    except IntegrityError:
        winner = _current(purpose, at)
        if winner is None:
            raise
        return winner


def store(purpose: KeyPair.Purpose, pem: KeyPairPem, *, issuer: KeyPair | None) -> KeyPair:
    """The row of a new pair of the platform."""
    return KeyPair.objects.create(
        purpose=purpose,
        issuer=issuer,
        serial=pem.serial,
        certificate_pem=pem.certificate_pem,
        private_key_pem=pem.private_key_pem,
        not_after=pem.not_after,
    )
