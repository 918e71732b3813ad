"""Texts of the agreement for support: written as a draft, published once, never changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from documents.core import agreement_texts
from documents.models.agreement_text import AgreementTemplate
from signing.papers.agreement import Kind

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[AgreementTemplate]
else:
    _ModelAdmin = admin.ModelAdmin


@admin.register(AgreementTemplate)
class AgreementTemplateAdmin(_ModelAdmin):
    list_display = ("version", "kind", "language", "published_at", "is_offered", "is_shipped")
    list_filter = ("kind", "language")
    ordering = ("kind", "language", "-pk")
    fields = ("kind", "language", "version", "text", "sha256", "published_at", "published_by")
    readonly_fields = ("sha256", "published_at", "published_by")
    actions = ("publish",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        is_open = obj is None or obj.published_at is None
        return is_open and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is not None and self.has_change_permission(request, obj)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """A new text begins as the one that is offered now."""
        kind = Kind(request.GET.get("kind", Kind.AGREEMENT.value))
        now = agreement_texts.current(kind, request.GET.get("language", "ru"))
        return {"kind": kind.value, "language": now.language, "text": now.text}

    @admin.display(description=_("offered now"), boolean=True)
    def is_offered(self, row: AgreementTemplate) -> bool:
        return agreement_texts.current(Kind(row.kind), row.language).sha256 == row.sha256

    @admin.action(description=_("Publish: offered to signers from now on"))
    def publish(self, request: HttpRequest, queryset: QuerySet[AgreementTemplate]) -> None:
        if queryset.count() != 1:
            self.message_user(request, _("Choose one text."), messages.WARNING)
            return
        row = queryset.get()
        agreement_texts.publish(row, by=request.user.get_username(), at=timezone.now())
        self.log_change(request, row, str(_("Published")))
        self.message_user(request, _("Agreements accepted under the earlier text end."))
