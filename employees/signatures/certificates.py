"""Certificates of employees: issued after support vouched for the person, renewed, revoked.

The key is the person's own and is used for unqualified signatures only (63-FZ, article 5, part 3).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from employees.models import Employee, KeyPair, Right, SignatureProfile
from employees.signatures.keys import issuing_authority, key_type, pem_of, pki_url, token
from journal.events import EventKind
from journal.services import record
from signing.base import Level
from signing.keys.authority import issue_person
from signx.errors import ErrorCode, SignXError

Reason = KeyPair.Revocation
# From the first warning on a person may renew.
RENEWABLE_BEFORE = timedelta(days=60)


def certificate_of(employee: Employee, *, at: datetime) -> KeyPair | None:
    """The person's certificate in force."""
    return KeyPair.objects.usable(at).filter(employee=employee).select_related("issuer").first()


def require_certificate(employee: Employee, *, at: datetime) -> KeyPair:
    """Raises SignXError(RIGHT_MISSING) when the person has none: no weaker signature is made."""
    pair = certificate_of(employee, at=at)
    if pair is None:
        raise SignXError(
            ErrorCode.RIGHT_MISSING,
            f"{employee.audit_name} has no certificate",
            name=employee.name,
            reason=_("the certificate has ended or was revoked; renew it in SIGNX, Employees"),
        )
    return pair


def words_of(pair: KeyPair) -> str:
    """How a stamp names a certificate: number and term, as GOST R 7.0.97-2016 asks.

    In the active language; the owner's name stands in the stamp already.
    """
    from_day, to_day = (
        timezone.localtime(day).strftime("%d.%m.%Y") for day in (pair.created_at, pair.not_after)
    )
    return str(
        format_lazy(
            _("{serial}, valid {from_day} – {to_day}"),
            serial=pair.serial.upper(),
            from_day=from_day,
            to_day=to_day,
        )
    )


@transaction.atomic
def issue_if_due(profile: SignatureProfile, *, by: str, at: datetime) -> KeyPair | None:
    """The certificate of a confirmed unqualified signature; under the profile's lock.

    None when the kind of signature needs none. The one in force stays while it fits the person.
    """
    if profile.level != Level.UNQUALIFIED or profile.state != SignatureProfile.State.CONFIRMED:
        return None
    return certificate_of(profile.employee, at=at) or _issue(profile, by=by, at=at)


@transaction.atomic
def renew(employee: Employee, *, by: Employee | str, at: datetime) -> KeyPair:
    """A new key and certificate in place of one that ends; the old one is revoked.

    The owner, one with the right to settings, or support ("support:anna") renews it. Raises
    SignXError: SIGNATURE_MISSING, SIGNATURE_NOT_CONFIRMED, RIGHT_MISSING, NOT_FOUND, and
    STATUS_CONFLICT while the present one is good for long.
    """
    _require_may(employee, by)
    profile = _locked_profile(employee)
    present = certificate_of(employee, at=at)
    if present is not None and present.not_after > at + RENEWABLE_BEFORE:
        raise SignXError(ErrorCode.STATUS_CONFLICT, f"{employee.audit_name}: renewed too early")
    return _issue(profile, by=_name(by), at=at)


@transaction.atomic
def revoke_all(
    employee: Employee, *, reason: KeyPair.Revocation, by: Employee | str, at: datetime
) -> int:
    """End every certificate of the person at once; returns how many. May run twice.

    Signatures made before stay valid. Source: RFC 5280, 5.3.1 (reasons); 63-FZ, article 14, 6.1.
    """
    pairs = KeyPair.objects.select_for_update().filter(employee=employee, revoked_at__isnull=True)
    pairs = pairs.filter(not_after__gt=at)
    revoked = 0
    for pair in pairs:
        _end(pair, reason, at)
        _journal(employee, EventKind.CERTIFICATE_REVOKED, by, pair, at, reason=reason.value)
        revoked += 1
    return revoked


def _issue(profile: SignatureProfile, *, by: str, at: datetime) -> KeyPair:
    employee = profile.employee
    authority = issuing_authority(at)
    pem = issue_person(
        pem_of(authority),
        name=employee.name,
        # Only what support or the portal's authorization server confirmed may be attested.
        organisation=employee.portal.domain,
        email=profile.email,
        at=at,
        key_type=key_type(),
        token=token(),
        pki_url=pki_url(),
    )
    for old in KeyPair.objects.select_for_update().filter(
        employee=employee, revoked_at__isnull=True, not_after__gt=at
    ):
        _end(old, Reason.SUPERSEDED, at)
    KeyPair.objects.filter(employee=employee, is_current=True).update(is_current=False)
    pair = KeyPair.objects.create(
        purpose=KeyPair.Purpose.PERSONAL,
        employee=employee,
        issuer=authority,
        serial=pem.serial,
        certificate_pem=pem.certificate_pem,
        private_key_pem=pem.private_key_pem,
        not_after=pem.not_after,
    )
    _journal(employee, EventKind.CERTIFICATE_ISSUED, by, pair, at)
    return pair


def _end(pair: KeyPair, reason: KeyPair.Revocation, at: datetime) -> None:
    pair.is_current, pair.revoked_at, pair.revocation_reason = False, at, reason
    pair.save(update_fields=["is_current", "revoked_at", "revocation_reason"])


def _require_may(employee: Employee, by: Employee | str) -> None:
    if isinstance(by, str) or by.pk == employee.pk:
        return
    if by.portal_id != employee.portal_id:
        raise SignXError(ErrorCode.NOT_FOUND, "employee of another portal")
    by.require(Right.SETTINGS)


def _locked_profile(employee: Employee) -> SignatureProfile:
    profiles = SignatureProfile.objects.select_for_update(of=("self",))
    profile = profiles.select_related("employee__portal").filter(employee=employee).first()
    if profile is None or profile.level != Level.UNQUALIFIED:
        raise SignXError(ErrorCode.SIGNATURE_MISSING, employee.audit_name, name=employee.name)
    if profile.state != SignatureProfile.State.CONFIRMED:
        raise SignXError(ErrorCode.SIGNATURE_NOT_CONFIRMED, employee.audit_name, name=employee.name)
    return profile


def _name(by: Employee | str) -> str:
    return by if isinstance(by, str) else by.audit_name


def _journal(
    employee: Employee,
    kind: EventKind,
    by: Employee | str,
    pair: KeyPair,
    at: datetime,
    **data: str,
) -> None:
    record(
        employee.portal,
        kind,
        actor=_name(by),
        subject=("employee", str(employee.bitrix_user_id)),
        data={"serial": pair.serial, "not_after": pair.not_after.isoformat(), **data},
        personal={"actor": "" if isinstance(by, str) else by.name, "name": employee.name},
        at=at,
    )
