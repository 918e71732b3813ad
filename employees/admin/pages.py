"""Employees for support: confirm a signer's e-mail, top up a balance, look at the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from employees.admin.forms import BalanceEntryForm
from employees.admin.reveal import RevealingAdmin, initials, support_name
from employees.balances import ledger
from employees.models import (
    BalanceEntry,
    Delegation,
    Employee,
    EmployeeRight,
    KeyPair,
    SignatureProfile,
)
from employees.signatures import certificates
from employees.signatures.profiles import confirm_signature
from journal.admin import ReadOnlyAdmin
from signx.errors import ErrorCode, SignXError

if TYPE_CHECKING:
    _RightInline = admin.TabularInline[EmployeeRight, Employee]
else:
    _RightInline = admin.TabularInline


class WaitingFilter(admin.SimpleListFilter):
    title = _("confirmation")
    parameter_name = "waiting"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, Any]]:
        return [("yes", _("Waiting for support"))]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[SignatureProfile]
    ) -> QuerySet[SignatureProfile]:
        if self.value() != "yes":
            return queryset
        waiting = SignatureProfile.objects.waiting_for_support()
        return queryset.filter(pk__in=waiting.values("pk"))


@admin.register(SignatureProfile)
class SignatureProfileAdmin(RevealingAdmin):
    """Requests stand first, the oldest on top."""

    list_display = ("who", "portal", "masked_email", "state", "requested_at", "robots_allowed")
    list_filter = (WaitingFilter, "state", "employee__portal")
    list_select_related = ("employee__portal",)
    search_fields = ("=email", "=employee__portal__domain", "=employee__portal__member_id")
    search_help_text = _("Exact e-mail, portal domain or member id")
    actions = ("confirm_email",)
    fields = (
        "who",
        "portal",
        "portal_user",
        "masked_email",
        "level",
        "state",
        "robots_allowed",
        "consent_text_version",
        "turned_on_at",
        "confirmation_requested_at",
        "confirmed_at",
        "confirmed_by",
        "stopped_at",
    )

    def employee_of(self, obj: SignatureProfile) -> Employee:
        return obj.employee

    def get_queryset(self, request: HttpRequest) -> QuerySet[SignatureProfile]:
        return SignatureProfile.objects.requests_first().select_related("employee__portal")

    def get_urls(self) -> list[URLPattern]:
        confirm = path(
            "<path:object_id>/confirm/",
            self.admin_site.admin_view(self.confirm_view),
            name="employees_signatureprofile_confirm",
        )
        return [confirm, *super().get_urls()]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        profile = self.get_object(request, object_id)
        context = (extra_context or {}) | {
            "may_confirm": profile is not None
            and profile.state == SignatureProfile.State.TURNED_ON
            and self.has_confirm_permission(request),
            "seen": _seen(profile) if profile else "",
        }
        return super().change_view(request, object_id, form_url, context)

    @method_decorator(require_POST)
    def confirm_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Confirm one profile, unless its address is no longer the one on the page."""
        profile = self.object_or_404(request, object_id)
        if not self.has_confirm_permission(request):
            raise PermissionDenied
        if constant_time_compare(request.POST.get("seen", ""), _seen(profile)):
            self._confirm(request, [profile])
        else:
            self.message_user(
                request, _("The address has changed meanwhile. Check it again."), messages.ERROR
            )
        return HttpResponseRedirect(self.page_of(profile))

    @admin.action(description=_("Confirm the e-mail"), permissions=["confirm"])
    def confirm_email(self, request: HttpRequest, queryset: QuerySet[SignatureProfile]) -> None:
        self._confirm(request, list(queryset))

    def has_confirm_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("employees.change_signatureprofile")

    def _confirm(self, request: HttpRequest, profiles: list[SignatureProfile]) -> None:
        confirmed = 0
        for profile in profiles:
            try:
                confirm_signature(profile, by=support_name(request), at=timezone.now())
            except SignXError:
                text = _("%s: not turned on, nothing to confirm.")
                self.message_user(request, text % self.who(profile), messages.WARNING)
            else:
                self.log_change(request, profile, str(_("E-mail confirmed")))
                confirmed += 1
        if confirmed:
            told = ngettext("%d e-mail is confirmed.", "%d e-mails are confirmed.", confirmed)
            self.message_user(request, told % confirmed, messages.SUCCESS)

    @admin.display(description=_("employee"))
    def who(self, profile: SignatureProfile) -> str:
        return self.shown_name(profile, profile.employee.name)

    @admin.display(description=_("portal"))
    def portal(self, profile: SignatureProfile) -> str:
        return profile.employee.portal.domain

    @admin.display(description=_("user number in the portal"))
    def portal_user(self, profile: SignatureProfile) -> int:
        return profile.employee.bitrix_user_id

    @admin.display(description=_("e-mail"))
    def masked_email(self, profile: SignatureProfile) -> str:
        return self.shown_email(profile, profile.email)

    @admin.display(description=_("requested"))
    def requested_at(self, profile: SignatureProfile) -> Any:
        is_waiting = profile.state == SignatureProfile.State.TURNED_ON
        return profile.confirmation_requested_at if is_waiting else None


class RightInline(_RightInline):
    model = EmployeeRight
    fields = readonly_fields = ("right",)
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Employee | None = None) -> bool:
        return False


@admin.register(Employee)
class EmployeeAdmin(RevealingAdmin):
    list_display = ("who", "portal", "bitrix_user_id", "is_active", "is_portal_admin")
    list_filter = ("is_active", "is_portal_admin", "portal")
    list_select_related = ("portal",)
    search_fields = ("=email", "=portal__domain", "=portal__member_id", "=bitrix_user_id")
    ordering = ("portal", "bitrix_user_id")
    inlines = (RightInline,)
    fields = (
        "who",
        "portal",
        "bitrix_user_id",
        "masked_email",
        "is_active",
        "is_portal_admin",
        "language",
        "checked_at",
    )

    def employee_of(self, obj: Employee) -> Employee:
        return obj

    @admin.display(description=_("employee"))
    def who(self, employee: Employee) -> str:
        return self.shown_name(employee, employee.name)

    @admin.display(description=_("e-mail"))
    def masked_email(self, employee: Employee) -> str:
        return self.shown_email(employee, employee.email)


@admin.register(BalanceEntry)
class BalanceEntryAdmin(ReadOnlyAdmin):
    """The ledger. An added row is a top-up or a correction; rows are never edited."""

    form = BalanceEntryForm
    list_display = (
        "at",
        "portal",
        "kind",
        "units",
        "available_after",
        "document_label",
        "reason",
        "actor",
    )
    list_filter = ("kind", "portal")
    list_select_related = ("portal",)
    search_fields = ("=document_label", "=portal__domain", "=portal__member_id")
    date_hierarchy = "at"
    ordering = ("-pk",)
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("employees.add_balanceentry")

    def get_fields(self, request: HttpRequest, obj: BalanceEntry | None = None) -> Any:
        shown = ("at", "actor", "available_after", "held_after", "document_label")
        return ("portal", "kind", "units", "reason", *(shown if obj else ()))

    def save_model(
        self,
        request: HttpRequest,
        obj: BalanceEntry,
        form: ModelForm[BalanceEntry],
        change: bool,
    ) -> None:
        is_top_up = obj.kind == BalanceEntry.Kind.TOP_UP
        add = ledger.top_up if is_top_up else ledger.correct
        entry = add(
            obj.portal,
            units=obj.units,
            reason=obj.reason,
            actor=support_name(request),
            at=timezone.now(),
        )
        obj.pk = entry.pk

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """A balance that was spent between the check and the entry is told as a message."""
        try:
            return super().add_view(request, form_url, extra_context)
        except SignXError as error:
            if error.code != ErrorCode.INPUT_INVALID:
                raise
            self.message_user(request, error.sentence, messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())


@admin.register(Delegation)
class DelegationAdmin(ReadOnlyAdmin):
    list_display = (
        "owner_initials",
        "delegate_initials",
        "valid_until",
        "documents_used",
        "documents_limit",
        "revoked_at",
    )
    list_filter = ("owner__portal",)
    list_select_related = ("owner__portal", "delegate")
    ordering = ("-pk",)
    fields = (*list_display, "created_at")

    @admin.display(description=_("signer"))
    def owner_initials(self, delegation: Delegation) -> str:
        return _initials_with_id(delegation.owner)

    @admin.display(description=_("may send"))
    def delegate_initials(self, delegation: Delegation) -> str:
        return _initials_with_id(delegation.delegate)


@admin.register(KeyPair)
class KeyPairAdmin(ReadOnlyAdmin):
    """Certificates. The private key is on no page."""

    list_display = ("purpose", "owner", "serial", "not_after", "is_current", "revoked_at")
    list_filter = ("purpose", "is_current", "revocation_reason", "employee__portal")
    list_select_related = ("employee__portal", "issuer")
    search_fields = ("=serial",)
    ordering = ("-pk",)
    fields = (*list_display, "revocation_reason", "issuer", "created_at", "certificate_pem")
    actions = ("revoke_compromised", "renew")

    @admin.display(description=_("employee"))
    def owner(self, pair: KeyPair) -> str:
        return _initials_with_id(pair.employee) if pair.employee else ""

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("employees.change_keypair")

    @admin.action(description=_("Revoke: the key may be known to others"), permissions=["revoke"])
    def revoke_compromised(self, request: HttpRequest, queryset: QuerySet[KeyPair]) -> None:
        """People's certificates only. The platform's own keys are replaced, not revoked here."""
        reason = KeyPair.Revocation.KEY_COMPROMISE
        revoked = 0
        for employee in _owners(queryset):
            revoked += certificates.revoke_all(
                employee, reason=reason, by=support_name(request), at=timezone.now()
            )
        told = ngettext("%d certificate is revoked.", "%d certificates are revoked.", revoked)
        self.message_user(request, told % revoked, messages.SUCCESS)

    @admin.action(description=_("Renew the certificate"), permissions=["revoke"])
    def renew(self, request: HttpRequest, queryset: QuerySet[KeyPair]) -> None:
        for employee in _owners(queryset):
            try:
                certificates.renew(employee, by=support_name(request), at=timezone.now())
            except SignXError:
                text = _("%s: nothing to renew now.") % _initials_with_id(employee)
                self.message_user(request, text, messages.WARNING)
            else:
                text = _("%s: a new certificate is issued.") % _initials_with_id(employee)
                self.message_user(request, text, messages.SUCCESS)


def _owners(pairs: QuerySet[KeyPair]) -> QuerySet[Employee]:
    return Employee.objects.filter(key_pairs__in=pairs).select_related("portal").distinct()


def _seen(profile: SignatureProfile) -> str:
    """Stands for the address on the page without showing it."""
    return salted_hmac("employees.admin.seen", f"{profile.pk}:{profile.email}").hexdigest()


def _initials_with_id(employee: Employee) -> str:
    return f"{initials(employee.name)} ({employee.audit_name})"
