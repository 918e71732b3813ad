"""People of a portal, what they may do, and for whom they may send."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from bitrix24.models import Portal
from signx.errors import ErrorCode, SignXError


class Right(models.TextChoices):
    SEND = "send", _("Send documents")
    SIGN = "sign", _("Sign for the company")
    JOURNAL = "journal", _("Read the journal")
    SETTINGS = "settings", _("Change settings and rights")


class EmployeeQuerySet(models.QuerySet["Employee"]):
    def for_portal(self, portal: Portal) -> EmployeeQuerySet:
        return self.filter(portal=portal)

    def active(self) -> EmployeeQuerySet:
        return self.filter(is_active=True)

    def administrators(self) -> EmployeeQuerySet:
        return self.filter(is_portal_admin=True)


class Employee(models.Model):
    portal = models.ForeignKey(
        Portal, on_delete=models.CASCADE, related_name="employees", verbose_name=_("portal")
    )
    bitrix_user_id = models.PositiveIntegerField(_("user number in the portal"))
    # «Фамилия Имя Отчество», as the portal tells it.
    name = models.CharField(_("name"), max_length=200)
    email = models.EmailField(_("e-mail"), blank=True)
    position = models.CharField(_("position"), max_length=200, blank=True)
    is_active = models.BooleanField(_("works here"), default=True)
    is_portal_admin = models.BooleanField(_("portal administrator"), default=False)
    language = models.CharField(_("language"), max_length=8, blank=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)
    # When the portal last told us about this person; employees.people.directory decides how old is
    # too old.
    checked_at = models.DateTimeField(_("told by the portal"), null=True, blank=True)

    # Not stored: for this request it is unknown whether he is an administrator still.
    is_unconfirmed = False

    objects = EmployeeQuerySet.as_manager()

    class Meta:
        verbose_name = _("employee")
        verbose_name_plural = _("employees")
        constraints = [
            models.UniqueConstraint(
                fields=["portal", "bitrix_user_id"], name="one_employee_per_portal_user"
            )
        ]

    def __str__(self) -> str:
        return self.audit_name  # no name: this is what admin shows wherever an employee is meant

    @property
    def audit_name(self) -> str:
        return f"employee:{self.bitrix_user_id}"

    @property
    def spoken_language(self) -> str:
        """The language to write to this person in."""
        return self.language or self.portal.language

    def has_right(self, right: Right) -> bool:
        """A portal administrator has every right; a dismissed employee has none."""
        if not self.is_active:
            return False
        return self.is_portal_admin or self.rights.filter(right=right).exists()

    def require(self, right: Right) -> None:
        """Raises SignXError: RIGHT_MISSING, ADMIN_UNCONFIRMED."""
        if not self.has_right(right):
            raise SignXError(
                ErrorCode.RIGHT_MISSING,
                f"{self.audit_name} lacks {right}",
                name=self.name,
                reason=format_lazy(
                    _("the right “{right}” is given by a portal administrator"), right=right.label
                ),
            )
        if not self.rights.filter(right=right).exists():
            self.require_confirmed()

    def require_confirmed(self) -> None:
        """For what only an administrator may do. Raises SignXError(ADMIN_UNCONFIRMED)."""
        if self.is_unconfirmed:
            raise SignXError(ErrorCode.ADMIN_UNCONFIRMED, self.audit_name)


class EmployeeRight(models.Model):
    """A right given by someone with the right to settings; administrators need no rows."""

    employee = models.ForeignKey(
        Employee, on_delete=models.CASCADE, related_name="rights", verbose_name=_("employee")
    )
    right = models.CharField(_("right"), max_length=20, choices=Right.choices)

    class Meta:
        verbose_name = _("right of an employee")
        verbose_name_plural = _("rights of employees")
        constraints = [
            models.UniqueConstraint(fields=["employee", "right"], name="a_right_is_given_once")
        ]

    def __str__(self) -> str:
        return f"{self.employee_id} {self.right}"


class DelegationQuerySet(models.QuerySet["Delegation"]):
    def in_force(self, at: datetime) -> DelegationQuerySet:
        return self.filter(
            models.Q(documents_limit__isnull=True)
            | models.Q(documents_used__lt=models.F("documents_limit")),
            revoked_at__isnull=True,
            valid_until__gt=at,
        )


class Delegation(models.Model):
    """«Разрешаю отправлять от моего имени»: given by the owner or an administrator."""

    owner = models.ForeignKey(
        Employee, on_delete=models.CASCADE, related_name="delegations", verbose_name=_("signer")
    )
    delegate = models.ForeignKey(
        Employee, on_delete=models.CASCADE, related_name="may_send_for", verbose_name=_("may send")
    )
    given_by = models.ForeignKey(
        Employee, on_delete=models.PROTECT, related_name="+", verbose_name=_("given by")
    )
    valid_until = models.DateTimeField(_("valid until"))
    documents_limit = models.PositiveIntegerField(_("documents at most"), null=True, blank=True)
    documents_used = models.PositiveIntegerField(_("documents sent"), default=0)
    created_at = models.DateTimeField(_("given"), auto_now_add=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    objects = DelegationQuerySet.as_manager()

    class Meta:
        verbose_name = _("sending on behalf")
        verbose_name_plural = _("sending on behalf")
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(owner=models.F("delegate")), name="nobody_delegates_to_himself"
            )
        ]

    def __str__(self) -> str:
        return f"{self.owner_id} -> {self.delegate_id}"
