"""Health of the portals and the log of calls to them, to look at. Only a portal that nobody is left
to ask about can be ended."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin, messages
from django.db.models import Count, Model, Q, QuerySet
from django.db.models.functions import Lower
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from bitrix24.installation import lifecycle
from bitrix24.models import Portal, RestCall
from bitrix24.wire.answers import as_int
from bitrix24.wire.errors import BUSY, FORBIDDEN, MISSING, UNSTABLE, WITHDRAWN
from bitrix24.wire.limits import is_blocked
from bitrix24.wire.rest_log import NO_ANSWER
from signx.errors import SignXError

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
else:
    _ModelAdmin = admin.ModelAdmin


class ReadOnlyAdmin(_ModelAdmin):
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class AccessFilter(admin.SimpleListFilter):
    """Active portals that no request can reach."""

    title = _("access")
    parameter_name = "access"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, Any]]:
        return [("none", _("No working access"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Portal]) -> QuerySet[Portal]:
        lost = Portal.objects.without_access()
        return queryset.filter(pk__in=lost) if self.value() == "none" else queryset


@admin.register(Portal)
class PortalAdmin(ReadOnlyAdmin):
    list_display = ("domain", "status", "health", "administrators", "installed_at", "last_error")
    list_filter = (
        "status",
        AccessFilter,
        ("removal_unproved_at", admin.EmptyFieldListFilter),
        "installed_at",
    )
    search_fields = ("domain", "member_id")
    actions = ("end_portal",)
    # Tokens are not among them, not even masked.
    fields = (
        "domain",
        "member_id",
        "client_endpoint",
        "auth_server",
        "scope",
        "language",
        "status",
        "health",
        "disk_folder_id",
        "installed_at",
        "missing",
        "checked_at",
        "look_over_at",
        "access_lost_at",
        "uninstall_check_at",
        "removal_unproved_at",
        "uninstalled_at",
        "wipe_wish",
        "wipe_at",
        "wiped_at",
        "paused_until",
        "last_error",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Portal]:
        alive = Q(tokens__dead_at=None, tokens__is_admin=True)
        portals: QuerySet[Portal] = super().get_queryset(request)
        return portals.annotate(administrator_count=Count("tokens", filter=alive))

    def has_end_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("bitrix24.change_portal")

    @admin.action(description=_("The portal is gone"), permissions=["end"])
    def end_portal(
        self, request: HttpRequest, queryset: QuerySet[Portal]
    ) -> TemplateResponse | None:
        """What a proved removal does, after a page that asks. Portals that could be asked are
        refused: of those the authorization server decides."""
        if request.POST.get("is_confirmed"):
            self._end(request, queryset)
            return None
        doubted = queryset.exclude(status=Portal.Status.UNINSTALLED)
        doubted = doubted.exclude(removal_unproved_at=None)
        if not doubted.exists():
            self._refuse(request, queryset)
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": _("Is the portal gone?"),
            "opts": self.opts,
            "portals": doubted,
        }
        return TemplateResponse(request, "admin/bitrix24/portal_gone.html", context)

    def _end(self, request: HttpRequest, queryset: QuerySet[Portal]) -> None:
        ended = 0
        for portal in queryset:
            try:
                lifecycle.end_unproved(portal.pk, by=_staff_name(request), at=timezone.now())
            except SignXError:
                self._refuse(request, [portal])
            else:
                self.log_change(request, portal, str(_("The portal is gone")))
                ended += 1
        if ended:
            told = ngettext("%d portal has been ended.", "%d portals have been ended.", ended)
            self.message_user(request, told % ended, messages.SUCCESS)

    def _refuse(self, request: HttpRequest, portals: Iterable[Portal]) -> None:
        text = _("Not ended, for whether it is gone is not in doubt: %s")
        names = ", ".join(portal.domain for portal in portals)
        self.message_user(request, text % names, messages.WARNING)

    @admin.display(description=_("administrators who have opened the app"))
    def administrators(self, portal: Any) -> int:
        return int(portal.administrator_count)

    @admin.display(description=_("health"))
    def health(self, portal: Any) -> str:
        """The first thing that support would have to know."""
        if portal.status == Portal.Status.UNINSTALLED:
            return str(_("Uninstalled"))
        if portal.uninstall_check_at:
            return str(_("Uninstallation is being checked"))
        if portal.removal_unproved_at:
            since = date_format(localtime(portal.removal_unproved_at), "SHORT_DATE_FORMAT")
            text = _("Probably uninstalled on %(date)s: no token is left to prove it")
            return str(text) % {"date": since}
        if is_blocked(portal, timezone.now()):
            return str(_("Blocked by Bitrix24 (OVERLOAD_LIMIT): its support has to lift it"))
        if not portal.administrator_count:
            return str(_("No working access: an administrator has to open the app"))
        if portal.missing:
            return str(_("Works, but the portal lacks permissions or features"))
        if portal.paused_until and portal.paused_until > timezone.now():
            return str(_("Paused at the portal's request"))
        return str(_("Works"))


def _staff_name(request: HttpRequest) -> str:
    """The actor of a journal event, which stays for ever: no address."""
    name = request.user.get_username()
    return f"support:{request.user.pk if '@' in name else name}"[:80]


class StatusFilter(admin.SimpleListFilter):
    """By classes: to offer the statuses that there are, the whole log would have to be read."""

    title = _("HTTP status")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [(str(first), f"{first}xx") for first in (2, 3, 4, 5)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[RestCall]) -> QuerySet[RestCall]:
        first = as_int(self.value())
        if not first:
            return queryset
        return queryset.filter(http_status__range=(first * 100, first * 100 + 99))


class ErrorFilter(admin.SimpleListFilter):
    """By what can go wrong, for the same reason: kinds first, then the codes that have a meaning
    of their own for us. Each refusal is under one choice."""

    title = _("error")
    parameter_name = "error"
    kinds: ClassVar[dict[str, tuple[Any, frozenset[str]]]] = {
        "rights": (_("Rights refused"), FORBIDDEN),
        "missing": (_("Not found"), MISSING),
        "unstable": (_("Failure inside Bitrix24"), UNSTABLE),
    }
    codes = WITHDRAWN | BUSY
    # The authorization server's methods leave the error empty.
    unanswered = Q(error=NO_ANSWER) | Q(error="") & (Q(http_status=None) | Q(http_status__gte=400))

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, Any]]:
        return [
            ("unanswered", _("No answer, or none that says why")),
            *((kind, name) for kind, (name, _codes) in self.kinds.items()),
            ("other", _("Anything else")),
            *((code, code) for code in sorted(self.codes)),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[RestCall]) -> QuerySet[RestCall]:
        wanted = self.value()
        if not wanted:
            return queryset
        if wanted == "unanswered":
            return queryset.filter(self.unanswered)
        # Portals of different versions differ in the case of their codes.
        named = queryset.alias(code=Lower("error"))
        if wanted == "other":
            known = self.codes.union(*(codes for _name, codes in self.kinds.values()))
            return named.exclude(code__in=known | {"", NO_ANSWER})
        _name, codes = self.kinds.get(wanted, ("", {wanted.lower()}))
        return named.filter(code__in=codes)


@admin.register(RestCall)
class RestCallAdmin(ReadOnlyAdmin):
    list_display = ("at", "portal", "method", "http_status", "error", "duration_ms")
    list_filter = ("at", StatusFilter, ErrorFilter)
    list_select_related = ("portal",)
    search_fields = ("method", "portal__domain", "portal__member_id")
    search_help_text = _("Method, or the portal's address or member_id")
    show_full_result_count = False
