"""The signature of an employee: requested, turned on by a code, confirmed by support, stopped."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from employees.models import Employee, KeyPair, Right, SignatureProfile
from employees.signatures import certificates, codes
from employees.signatures.consent import CONSENT_VERSION, consent_sha256
from journal.events import EventKind
from journal.services import record
from outbox.services import queue
from signing.base import Level
from signx.errors import ErrorCode, SignXError

PURPOSE = "turn_on_signature"
# Support is not asked again sooner: one letter a day is a reminder, more are noise.
PAUSE_BETWEEN_REQUESTS = timedelta(hours=24)

_State = SignatureProfile.State


@transaction.atomic
def request_code(employee: Employee, *, email: str, at: datetime) -> SignatureProfile:
    """Send a code to `email`, the first step of turning a signature on.

    A signature that is already on stays as it is until the code comes back.
    Raises INPUT_INVALID, CODE_TOO_SOON(seconds), CODE_LIMIT.
    """
    email = _valid_email(email)
    profile = _locked_or_new(employee, email)
    code = codes.issue(
        purpose=PURPOSE,
        subject=_subject(profile),
        address=email,
        bound_to=_bound_to(profile, email),
        at=at,
    )
    profile.requested_email = email
    if not profile.is_on:
        profile.state = _State.CODE_SENT
    profile.save(update_fields=["requested_email", "state"])
    queue(
        key=f"employee-code:{profile.pk}:{at.isoformat()}",
        kind="employee_code",
        channel="mail",
        lane="mail",
        payload={"profile": profile.pk, "valid_until": (at + codes.CODE_LIFE).isoformat()},
        secret={"code": code, "to": email},
        subject=("employee", str(employee.bitrix_user_id)),
    )
    _journal(profile, EventKind.SIGNATURE_CODE_SENT, employee, at, address=email)
    return profile


def turn_on_signature(
    employee: Employee,
    *,
    code: str,
    robots_allowed: bool,
    at: datetime,
    level: Level = Level.SIMPLE,
) -> SignatureProfile:
    """Turn the signature on with the code from the letter; this accepts the consent text.

    A confirmed address stays confirmed, a new one must be confirmed by support. An unqualified
    signature gets its certificate with the confirmation; another address or another kind of
    signature ends the certificate there was. Not inside a transaction (codes.check). Raises
    SIGNATURE_MISSING, CODE_WRONG, CODE_EXPIRED, SIGNATURE_LEVEL_REFUSED.
    """
    _require_own(level)
    profile = _requested(employee)
    email = profile.requested_email
    codes.check(
        purpose=PURPOSE,
        subject=_subject(profile),
        bound_to=_bound_to(profile, email),
        code=code,
        at=at,
    )
    with transaction.atomic():
        profile = _locked(employee)
        if profile.requested_email != email:  # stopped, or asked anew, a moment ago
            raise SignXError(ErrorCode.CODE_EXPIRED, employee.audit_name)
        keeps = profile.state == _State.CONFIRMED and profile.email == email
        if not keeps or level != profile.level:
            _end_certificates(employee, KeyPair.Revocation.AFFILIATION_CHANGED, employee, at)
        profile.level = level
        _turn_on(profile, email, is_confirmed=keeps, robots_allowed=robots_allowed, at=at)
        certificates.issue_if_due(profile, by=employee.audit_name, at=at)
        _journal(
            profile,
            EventKind.SIGNATURE_TURNED_ON,
            employee,
            at,
            address=email,
            data={
                "level": profile.level,
                "robots_allowed": robots_allowed,
                "consent": CONSENT_VERSION,
                "consent_sha256": consent_sha256(level, robots_allowed=robots_allowed),
            },
        )
    return profile


@transaction.atomic
def request_confirmation(employee: Employee, *, at: datetime) -> SignatureProfile:
    """Ask support to confirm the e-mail; asking again within a day changes nothing.

    Raises SIGNATURE_MISSING when the signature is not turned on.
    """
    profile = _locked(employee)
    if not profile.is_on:
        raise _missing(employee)
    asked_at = profile.confirmation_requested_at
    is_waiting = asked_at is not None and at < asked_at + PAUSE_BETWEEN_REQUESTS
    if profile.state == _State.CONFIRMED or is_waiting:
        return profile
    profile.confirmation_requested_at = at
    profile.save(update_fields=["confirmation_requested_at"])
    queue(
        key=f"confirmation-request:{profile.pk}:{at.isoformat()}",
        kind="confirmation_request",
        channel="mail",
        lane="mail",
        payload={"profile": profile.pk},
        subject=("employee", str(employee.bitrix_user_id)),
    )
    _journal(
        profile,
        EventKind.SIGNATURE_CONFIRMATION_REQUESTED,
        employee,
        at,
        address=profile.email,
        data={"to": settings.OPERATOR_NAME},
    )
    return profile


@transaction.atomic
def confirm_signature(profile: SignatureProfile, *, by: str, at: datetime) -> SignatureProfile:
    """Support vouches for the e-mail that `profile` holds; `by` names the account, "support:anna".

    Raises STATUS_CONFLICT when the signature is not turned on, or the address has changed since
    `profile` was read. An unqualified signature gets its certificate now. May run twice.
    """
    seen_email = profile.email
    profile = _locked(profile.employee)
    if profile.state == _State.CONFIRMED and profile.email == seen_email:
        return profile
    if profile.state != _State.TURNED_ON or profile.email != seen_email:
        raise SignXError(ErrorCode.STATUS_CONFLICT, f"signature profile {profile.pk}")
    profile.state = _State.CONFIRMED
    profile.confirmed_at, profile.confirmed_by = at, by
    profile.save(update_fields=["state", "confirmed_at", "confirmed_by"])
    _journal(profile, EventKind.SIGNATURE_CONFIRMED, by, at, address=profile.email)
    certificates.issue_if_due(profile, by=by, at=at)
    return profile


@transaction.atomic
def stop_signature(employee: Employee, *, by: Employee, at: datetime) -> SignatureProfile:
    """Stop the signature at once: its owner, or one who may change rights. May run twice.

    Its certificate is revoked. Turning it on again takes a new code and a new confirmation.
    Raises SIGNATURE_MISSING, RIGHT_MISSING, NOT_FOUND.
    """
    _require_owner_or_settings(employee, by)
    profile = _locked(employee)
    if profile.state == _State.STOPPED:
        return profile
    profile.state = _State.STOPPED
    profile.stopped_at, profile.requested_email = at, ""
    profile.confirmation_requested_at = profile.confirmed_at = None
    profile.robots_allowed, profile.confirmed_by = False, ""
    profile.save()
    _end_certificates(employee, KeyPair.Revocation.CESSATION, by, at)
    _journal(profile, EventKind.SIGNATURE_STOPPED, by, at)
    return profile


@transaction.atomic
def forbid_robots(employee: Employee, *, by: Employee, at: datetime) -> SignatureProfile:
    """Take back the standing order to robots, the signature stays on. May run twice.

    Allowing again takes a code. Raises SIGNATURE_MISSING, RIGHT_MISSING, NOT_FOUND.
    """
    _require_owner_or_settings(employee, by)
    profile = _locked(employee)
    if profile.robots_allowed:
        profile.robots_allowed = False
        profile.save(update_fields=["robots_allowed"])
        _journal(profile, EventKind.SIGNATURE_ROBOTS_FORBIDDEN, by, at)
    return profile


def seconds_to_next_code(employee: Employee, *, at: datetime) -> int:
    """How long «send again» stays disabled on the employee's page."""
    profile = SignatureProfile.objects.filter(employee=employee).first()
    if profile is None:
        return 0
    return codes.seconds_to_next(purpose=PURPOSE, subject=_subject(profile), at=at)


def _turn_on(
    profile: SignatureProfile,
    email: str,
    *,
    is_confirmed: bool,
    robots_allowed: bool,
    at: datetime,
) -> None:
    if not is_confirmed:
        profile.state = _State.TURNED_ON
        profile.confirmation_requested_at = profile.confirmed_at = None
        profile.confirmed_by = ""
    profile.email, profile.requested_email = email, ""
    profile.robots_allowed = robots_allowed
    profile.consent_text_version = CONSENT_VERSION
    profile.turned_on_at, profile.stopped_at = at, None
    profile.save()


def _end_certificates(
    employee: Employee, reason: KeyPair.Revocation, by: Employee, at: datetime
) -> None:
    certificates.revoke_all(employee, reason=reason, by=by, at=at)


def _require_own(level: Level) -> None:
    """A qualified signature is made elsewhere, by an accredited authority's certificate."""
    if level not in (Level.SIMPLE, Level.UNQUALIFIED):
        raise SignXError(
            ErrorCode.SIGNATURE_LEVEL_REFUSED,
            f"{level} cannot be turned on",
            reason=_("SIGNX makes simple and unqualified signatures"),
        )


def _valid_email(email: str) -> str:
    email = email.strip()
    try:
        validate_email(email)
    except ValidationError as error:
        raise SignXError(
            ErrorCode.INPUT_INVALID, reason=_("this is not an e-mail address")
        ) from error
    return email


def _locked_or_new(employee: Employee, email: str) -> SignatureProfile:
    SignatureProfile.objects.get_or_create(employee=employee, defaults={"email": email})
    return _locked(employee)


def _locked(employee: Employee) -> SignatureProfile:
    """Raises SIGNATURE_MISSING when there is no profile."""
    profiles = SignatureProfile.objects.select_for_update(of=("self",))
    profile = profiles.select_related("employee__portal").filter(employee=employee).first()
    if profile is None:
        raise _missing(employee)
    return profile


def _requested(employee: Employee) -> SignatureProfile:
    profile = SignatureProfile.objects.filter(employee=employee).first()
    if profile is None:
        raise _missing(employee)
    if not profile.requested_email:
        raise SignXError(ErrorCode.CODE_EXPIRED, f"{employee.audit_name} requested no code")
    return profile


def _require_owner_or_settings(employee: Employee, by: Employee) -> None:
    if employee.portal_id != by.portal_id:
        raise SignXError(ErrorCode.NOT_FOUND, "employee of another portal")
    if by.pk != employee.pk:
        by.require(Right.SETTINGS)


def _missing(employee: Employee) -> SignXError:
    return SignXError(ErrorCode.SIGNATURE_MISSING, employee.audit_name, name=employee.name)


def _subject(profile: SignatureProfile) -> str:
    return f"profile:{profile.pk}"


def _bound_to(profile: SignatureProfile, email: str) -> str:
    """The code confirms this address and this wording, no other."""
    text = f"{profile.pk}\n{email}\n{CONSENT_VERSION}"
    return hashlib.sha256(text.encode()).hexdigest()


def _journal(
    profile: SignatureProfile,
    kind: EventKind,
    by: Employee | str,
    at: datetime,
    *,
    address: str = "",
    data: dict[str, Any] | None = None,
) -> None:
    employee = profile.employee
    record(
        employee.portal,
        kind,
        actor=by if isinstance(by, str) else by.audit_name,
        subject=("employee", str(employee.bitrix_user_id)),
        data=data,
        personal={
            "actor": "" if isinstance(by, str) else by.name,
            "name": employee.name,
            "address": address,
        },
        at=at,
    )
