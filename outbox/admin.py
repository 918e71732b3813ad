"""The desk: what could not be delivered, why, and one safe «repeat»."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from outbox import services
from outbox.causes import sentence
from outbox.models import Delivery
from signx.errors import SignXError

if TYPE_CHECKING:
    _DeliveryAdmin = admin.ModelAdmin[Delivery]
else:
    _DeliveryAdmin = admin.ModelAdmin


class CauseFilter(admin.SimpleListFilter):
    """By error code, in people's words."""

    title = _("cause")
    parameter_name = "cause"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        codes = Delivery.objects.exclude(error_code="").values_list("error_code", flat=True)
        return [(code, sentence(code)) for code in sorted(set(codes))]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Delivery]
    ) -> QuerySet[Delivery] | None:
        value = self.value()
        return queryset.filter(error_code=value) if value else queryset


@admin.register(Delivery)
class DeliveryAdmin(_DeliveryAdmin):
    list_display = ("key", "kind", "state", "why", "attempts", "created_at", "next_attempt_at")
    list_filter = ("state", CauseFilter, "created_at", "channel", "kind")
    search_fields = ("key", "subject_id")
    search_help_text = _("Part of the key, or the number of a document")
    ordering = ("-created_at",)
    actions = ("repeat",)
    # The payload may hold people's words, the secret holds links and codes: neither is shown.
    fields = (
        "key",
        "kind",
        "channel",
        "lane",
        "subject_kind",
        "subject_id",
        "state",
        "attempts",
        "created_at",
        "next_attempt_at",
        "settled_at",
        "why",
        "error",
    )
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Delivery | None = None) -> bool:
        return False

    @admin.display(description=_("cause"))
    def why(self, delivery: Delivery) -> str:
        return sentence(delivery.error_code) if delivery.error_code else "—"

    @admin.action(description=_("Repeat"), permissions=["change"])
    def repeat(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        """Repeats the dead ones; those that needed a wiped secret are named as impossible."""
        repeated, refused = [], []
        for delivery in queryset:
            try:
                services.repeat(delivery, actor=f"support:{request.user.pk}")
                repeated.append(delivery.pk)
            except SignXError:
                refused.append(delivery.key)
        LogEntry.objects.log_actions(
            user_id=request.user.pk,  # type: ignore[arg-type]
            queryset=queryset.filter(pk__in=repeated),
            action_flag=CHANGE,
            change_message=str(_("Delivery repeated")),
        )
        self._report(request, len(repeated), refused)

    def _report(self, request: HttpRequest, repeated: int, refused: list[str]) -> None:
        if repeated:
            text = ngettext(
                "%d delivery is tried again.", "%d deliveries are tried again.", repeated
            )
            self.message_user(request, text % repeated)
        if refused:
            advice = _("Cannot be repeated: send the document's invitation or code anew (%s).")
            self.message_user(request, advice % ", ".join(refused), messages.WARNING)
