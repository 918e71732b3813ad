"""The journal for support: events without personal details, and the check of a chain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from journal.chain import ChainCheck
from journal.events import EventKind
from journal.models import AuditEvent, JournalHead
from journal.services import verify_chain

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
else:
    _ModelAdmin = admin.ModelAdmin


class ReadOnlyAdmin(_ModelAdmin):
    """Support looks, nobody edits."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class KindFilter(admin.SimpleListFilter):
    """By kind of event, in people's words."""

    title = _("event")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, Any]]:
        return list(EventKind.choices)

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[AuditEvent]
    ) -> QuerySet[AuditEvent]:
        value = self.value()
        return queryset.filter(kind=value) if value else queryset


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    """The chained part only: who is behind an actor is for the portal's own journal page."""

    list_display = ("number", "at", "portal", "what", "actor", "subject_kind", "subject_id")
    list_filter = ("at", "portal", KindFilter)
    list_select_related = ("portal",)
    search_fields = ("=subject_id", "=actor")
    ordering = ("-pk",)
    show_full_result_count = False
    fields = (
        "portal",
        "number",
        "at",
        "what",
        "actor",
        "subject_kind",
        "subject_id",
        "data",
        "previous_hash",
        "hash",
    )

    @admin.display(description=_("event"), ordering="kind")
    def what(self, event: AuditEvent) -> str:
        return str(EventKind(event.kind).label) if event.kind in EventKind.values else event.kind


@admin.register(JournalHead)
class JournalHeadAdmin(ReadOnlyAdmin):
    list_display = ("portal", "number", "hash")
    list_select_related = ("portal",)
    actions = ("verify",)

    @admin.action(description=_("Check the chain"), permissions=["view"])
    def verify(self, request: HttpRequest, queryset: QuerySet[JournalHead]) -> None:
        for head in queryset.select_related("portal"):
            check = verify_chain(head.portal)
            level = messages.SUCCESS if check.ok else messages.ERROR
            self.message_user(request, f"{head.portal}: {_outcome(check)}", level)


def _outcome(check: ChainCheck) -> str:
    if check.ok:
        return str(_("the chain holds, events: %d") % check.checked)
    label = check.reason.label if check.reason else ""
    return str(_("broken at event %(number)s. %(reason)s")) % {
        "number": check.broken_at or "—",
        "reason": label,
    }
