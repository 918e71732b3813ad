"""Support's view of robot calls: what came, what became of it; never changed by hand."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from robots.models import RobotCall, RobotSwitch


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(RobotCall)
class RobotCallAdmin(ReadOnlyAdmin):
    list_display = ["received_at", "portal", "code", "state", "response_code", "document"]
    list_filter = ["state", "code", "response_code"]
    list_select_related = ["portal", "document"]
    search_fields = ["portal__domain", "portal__member_id", "workflow_id", "document__public_id"]
    search_help_text = _("Portal, number of a business process or of a document")
    date_hierarchy = "received_at"
    show_full_result_count = False
    fields = [
        "portal",
        "code",
        "workflow_id",
        "crm_document_id",
        "wants_reply",
        "state",
        "response_code",
        "attempts",
        "conversion_looks",
        "next_attempt_at",
        "received_at",
        "finished_at",
        "document",
    ]


@admin.register(RobotSwitch)
class RobotSwitchAdmin(ReadOnlyAdmin):
    list_display = ["portal", "code", "is_on", "registered_at", "last_error"]
    list_filter = ["code", "is_on"]
    list_select_related = ["portal"]
    search_fields = ["portal__domain", "portal__member_id"]
