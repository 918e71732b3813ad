"""Who may sign a document for the company: check 3 of the robots, and the same for a person."""

from __future__ import annotations

from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from bitrix24.models import Portal
from employees.models import Employee, Right, SignatureProfile
from employees.people.delegations import has_delegation
from employees.people.directory import find_employee
from employees.signatures.certificates import require_certificate
from signing.base import Level
from signx.errors import ErrorCode, SignXError


def signer_for_robots(
    portal: Portal, bitrix_user_id: int, *, responsible: Employee | None, at: datetime
) -> Employee:
    """The employee whose signature a robot may use now.

    May ask the portal: not inside a transaction. Raises, in this order, SIGNER_UNKNOWN,
    SIGNATURE_MISSING, SIGNATURE_NOT_CONFIRMED, RIGHT_MISSING.
    """
    signer = find_employee(portal, bitrix_user_id, at=at)
    profile = _require_signature(signer, at)
    if not profile.robots_allowed:
        raise _refused(signer, _("robots are not allowed to use this signature"))
    signer.require(Right.SIGN)
    if responsible is not None:
        _require_responsible(responsible, signer, at)
    return signer


def signer_for_person(sender: Employee, owner: Employee, *, at: datetime) -> Employee:
    """`owner`, if `sender` may send a document with the owner's signature from the app.

    One's own, or one delegated to the sender; `delegations.count_delegated_document` uses it up.
    Raises NOT_FOUND for another portal, RIGHT_MISSING, SIGNATURE_MISSING, SIGNATURE_NOT_CONFIRMED.
    """
    if sender.portal_id != owner.portal_id:
        raise SignXError(ErrorCode.NOT_FOUND, "employee of another portal")
    if not owner.is_active:
        raise SignXError(ErrorCode.SIGNER_UNKNOWN, name=owner.name)
    is_own = sender.pk == owner.pk
    if is_own:
        sender.require(Right.SEND)
    elif not (sender.is_active and has_delegation(owner, sender, at)):
        raise _refused(sender, _("the signer has not allowed to send on his behalf"))
    _require_signature(owner, at)
    owner.require(Right.SIGN)
    return owner


def _require_signature(signer: Employee, at: datetime) -> SignatureProfile:
    """The signer's profile, active, with a certificate in force where it needs one.

    Raises SIGNATURE_MISSING, SIGNATURE_NOT_CONFIRMED, RIGHT_MISSING.
    """
    profile = SignatureProfile.objects.filter(employee=signer).first()
    if profile is None or not profile.is_on:
        raise SignXError(ErrorCode.SIGNATURE_MISSING, signer.audit_name, name=signer.name)
    if profile.state != SignatureProfile.State.CONFIRMED:
        raise SignXError(ErrorCode.SIGNATURE_NOT_CONFIRMED, signer.audit_name, name=signer.name)
    if profile.level != Level.SIMPLE:
        require_certificate(signer, at=at)
    return profile


def _require_responsible(responsible: Employee, signer: Employee, at: datetime) -> None:
    if responsible.portal_id != signer.portal_id:
        raise SignXError(ErrorCode.NOT_FOUND, "employee of another portal")
    is_delegated = responsible.is_active and has_delegation(signer, responsible, at)
    if not (responsible.has_right(Right.SEND) or is_delegated):
        raise _refused(
            responsible, _("neither has the right to send nor is allowed to send for the signer")
        )


def _refused(employee: Employee, reason: Promise | str) -> SignXError:
    return SignXError(
        ErrorCode.RIGHT_MISSING, employee.audit_name, name=employee.name, reason=reason
    )
