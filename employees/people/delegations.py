"""«Разрешаю отправлять от моего имени»: given by the owner or an administrator, with a term."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from employees.models import Delegation, Employee, EmployeeQuerySet, Right
from journal.events import EventKind
from journal.services import lock_head, record
from signx.errors import ErrorCode, SignXError

LONGEST_TERM = timedelta(days=366)


@transaction.atomic
def delegate(
    owner: Employee,
    delegate: Employee,
    *,
    by: Employee,
    until: datetime,
    limit: int | None,
    at: datetime,
) -> Delegation:
    """Let `delegate` send documents that `owner` signs; `limit` documents, None = no limit.

    Only the owner and portal administrators may: with the right to settings alone one could
    sign in a director's name. Raises RIGHT_MISSING, INPUT_INVALID, NOT_FOUND.
    """
    _require_giver(owner, by)
    _require_terms(owner, delegate, until, limit, at)
    delegation = Delegation.objects.create(
        owner=owner, delegate=delegate, given_by=by, valid_until=until, documents_limit=limit
    )
    _journal(EventKind.DELEGATION_GIVEN, delegation, by, at)
    return delegation


@transaction.atomic
def revoke(delegation: Delegation, *, by: Employee, at: datetime) -> None:
    """The owner, an administrator or the delegate takes it back. May run twice."""
    if by.pk != delegation.delegate_id:
        _require_giver(delegation.owner, by)
    lock_head(delegation.owner.portal)
    open_one = Delegation.objects.filter(pk=delegation.pk, revoked_at__isnull=True)
    if open_one.update(revoked_at=at):
        _journal(EventKind.DELEGATION_REVOKED, delegation, by, at)
    delegation.refresh_from_db()


@transaction.atomic
def count_delegated_document(owner: Employee, delegate: Employee, *, at: datetime) -> None:
    """Use up one document of the delegation that ends first, when a document is sent by it.

    In the transaction that sends. Raises RIGHT_MISSING when none is in force any more.
    """
    # Whoever sends has written to the journal already: all take its lock before a delegation's.
    lock_head(owner.portal)
    in_force = Delegation.objects.in_force(at).filter(owner=owner, delegate=delegate)
    for delegation in in_force.order_by("valid_until", "pk"):
        # Conditional: the last document of a limit goes to one of two who send at once.
        still_free = Delegation.objects.in_force(at).filter(pk=delegation.pk)
        if still_free.update(documents_used=F("documents_used") + 1):
            return
    raise SignXError(
        ErrorCode.RIGHT_MISSING,
        f"{delegate.audit_name} is not delegated by {owner.audit_name}",
        name=delegate.name,
        reason=_("the signer has not allowed to send on his behalf, or the term or limit is over"),
    )


def has_delegation(owner: Employee, delegate: Employee, at: datetime) -> bool:
    return Delegation.objects.in_force(at).filter(owner=owner, delegate=delegate).exists()


def owners_for(employee: Employee, at: datetime) -> EmployeeQuerySet:
    """Whose signature this employee may send with: his own and those delegated to him."""
    owners = Delegation.objects.in_force(at).filter(delegate=employee).values("owner")
    active = Employee.objects.filter(portal=employee.portal_id).active()
    return active.filter(Q(pk=employee.pk) | Q(pk__in=owners)).order_by("name")


def require_sender(employee: Employee, *, at: datetime) -> None:
    """Who has the right to send, or whom a signer allows to send for him.
    Raises SignXError(RIGHT_MISSING)."""
    if not may_send(employee, at=at):
        employee.require(Right.SEND)


def may_send(employee: Employee, *, at: datetime) -> bool:
    if employee.has_right(Right.SEND):
        return True
    return employee.is_active and owners_for(employee, at).exclude(pk=employee.pk).exists()


def _require_giver(owner: Employee, by: Employee) -> None:
    if owner.portal_id != by.portal_id:
        raise SignXError(ErrorCode.NOT_FOUND, "employee of another portal")
    if by.is_active and by.pk == owner.pk:
        return
    if by.is_active and by.is_portal_admin:
        by.require_confirmed()
        return
    raise SignXError(
        ErrorCode.RIGHT_MISSING,
        f"{by.audit_name} gives what belongs to {owner.audit_name}",
        name=by.name,
        reason=_("sending on behalf is allowed by the signer or a portal administrator"),
    )


def _require_terms(
    owner: Employee, delegate: Employee, until: datetime, limit: int | None, at: datetime
) -> None:
    if delegate.portal_id != owner.portal_id:
        raise SignXError(ErrorCode.NOT_FOUND, "employee of another portal")
    if delegate.pk == owner.pk:
        raise SignXError(ErrorCode.INPUT_INVALID, reason=_("choose another person"))
    if not delegate.is_active:
        raise SignXError(ErrorCode.SIGNER_UNKNOWN, name=delegate.name)
    if not at < until <= at + LONGEST_TERM:
        raise SignXError(ErrorCode.INPUT_INVALID, reason=_("the term is one year at most"))
    if limit is not None and limit < 1:
        raise SignXError(ErrorCode.INPUT_INVALID, reason=_("the limit is one document or more"))


def _journal(kind: EventKind, delegation: Delegation, by: Employee, at: datetime) -> None:
    record(
        delegation.owner.portal,
        kind,
        actor=by.audit_name,
        subject=("employee", str(delegation.owner.bitrix_user_id)),
        data={
            "delegate": delegation.delegate.bitrix_user_id,
            "until": delegation.valid_until.isoformat(),
            "limit": delegation.documents_limit,
        },
        personal={
            "actor": by.name,
            "name": delegation.owner.name,
            "delegate": delegation.delegate.name,
        },
        at=at,
    )
