"""Documents for support: where each one stands, what happened and what is still to be delivered.

No contents, no titles, no people's words; signers by initials and masked address.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from documents.admin.agreement_texts import AgreementTemplateAdmin as AgreementTemplateAdmin
from documents.models import Document, Signer
from employees.signatures.codes import mask_address
from journal.admin import ReadOnlyAdmin
from journal.events import EventKind
from journal.models import AuditEvent
from journal.services import chain_of
from outbox.models import Delivery
from signing.base import Level
from signing.placement.stamps import LEVEL_NAMES
from signx.errors import ErrorCode

CELL = "<td>{}</td>"


class StuckFilter(admin.SimpleListFilter):
    """Hand-over or sealing that did not succeed at the first attempt."""

    title = _("needs attention")
    parameter_name = "stuck"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, Any]]:
        return [("yes", _("A step is being repeated"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Document]) -> QuerySet[Document]:
        if self.value() != "yes":
            return queryset
        return queryset & Document.objects.stuck()


@admin.register(Document)
class DocumentAdmin(ReadOnlyAdmin):
    list_display = ("number", "portal", "status", "cause", "created_at", "changed_at")
    list_filter = ("status", StuckFilter, "created_at", "error_code")
    list_select_related = ("portal",)
    search_fields = (
        "=public_id",
        "=source_id",
        "=portal__domain",
        "=portal__member_id",
        "=signers__email",
    )
    search_help_text = _("Document number, source id, portal domain or member id, signer's e-mail")
    ordering = ("-pk",)
    show_full_result_count = False
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "number",
                    "portal",
                    "source_id",
                    "status",
                    "kind_of_signature",
                    "provider",
                    "page_count",
                    "error_code",
                    "cause",
                )
            },
        ),
        (
            _("Times"),
            {
                "fields": (
                    "created_at",
                    "sent_at",
                    "sealing_at",
                    "closed_at",
                    "annulled_at",
                    "expires_at",
                    "next_step_at",
                    "step_attempts",
                )
            },
        ),
        (_("Signers"), {"fields": ("people",)}),
        (_("Annulment"), {"fields": ("annulments",)}),
        (_("What happened"), {"fields": ("timeline",)}),
        (_("Deliveries"), {"fields": ("deliveries",)}),
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Document], search_term: str
    ) -> tuple[QuerySet[Document], bool]:
        """The number is searched as printed, with or without its dashes."""
        found, may_repeat = super().get_search_results(request, queryset, search_term)
        bare = search_term.strip().lower().replace("-", "")
        if bare.isalnum() and bare != search_term:
            found |= queryset.filter(public_id=bare)
        return found, may_repeat

    @admin.display(description=_("number"), ordering="public_id")
    def number(self, document: Document) -> str:
        return document.number

    @admin.display(description=_("kind of signature"))
    def kind_of_signature(self, document: Document) -> str:
        return str(LEVEL_NAMES[Level(document.level)])

    @admin.display(description=_("cause"), ordering="error_code")
    def cause(self, document: Document) -> str:
        """The code's own sentence, without the gaps that may hold addresses."""
        if document.error_code not in ErrorCode.values:
            return "—"
        return str(ErrorCode(document.error_code).label)

    @admin.display(description=_("signers"))
    def people(self, document: Document) -> SafeString:
        rows = [
            (
                signer.key,
                initials(signer.name),
                mask_address(signer.email) if signer.email else "—",
                signer.get_status_display(),
                time_of(signer.invited_at),
                time_of(signer.viewed_at),
                time_of(signer.decided_at),
            )
            for signer in Signer.objects.filter(document=document)
        ]
        return table(
            (
                _("side"),
                _("who"),
                _("address"),
                _("status"),
                _("invited"),
                _("opened"),
                _("decided"),
            ),
            rows,
        )

    @admin.display(description=_("annulment"))
    def annulments(self, document: Document) -> SafeString:
        """Every proposal, and who has signed it; the reason is people's words and stays out."""
        rows = [
            (
                time_of(proposal.proposed_at),
                proposal.proposed_by.key,
                proposal.get_state_display(),
                time_of(proposal.closed_at),
                ", ".join(
                    f"{consent.signer.key} {initials(consent.signer.name)} "
                    f"{time_of(consent.signed_at)}"
                    for consent in proposal.consents.select_related("signer").order_by("pk")
                )
                or "—",
            )
            for proposal in document.annulments.select_related("proposed_by").order_by("pk")
        ]
        return table(
            (_("proposed"), _("side"), _("state"), _("closed"), _("signed by")),
            rows,
        )

    @admin.display(description=_("journal"))
    def timeline(self, document: Document) -> SafeString:
        events = chain_of(document.subject, document.portal)
        return table(
            (_("No."), _("time"), _("event"), _("actor"), _("details")),
            [
                (event.number, time_of(event.at), label_of(event), event.actor, details_of(event))
                for event in events
            ],
        )

    @admin.display(description=_("outbox"))
    def deliveries(self, document: Document) -> SafeString:
        kind, public_id = document.subject
        found = Delivery.objects.filter(subject_kind=kind, subject_id=public_id).order_by("pk")
        return table(
            (_("delivery"), _("state"), _("attempts"), _("next attempt"), _("cause")),
            [
                (
                    format_html(
                        '<a href="{}">{}</a>',
                        reverse("admin:outbox_delivery_change", args=[delivery.pk]),
                        delivery.key,
                    ),
                    delivery.get_state_display(),
                    delivery.attempts,
                    time_of(delivery.next_attempt_at) if is_pending(delivery) else "—",
                    delivery.error_code or "—",
                )
                for delivery in found
            ],
        )


def initials(name: str) -> str:
    """«Петров Пётр Петрович» as «П. П. П.»."""
    return " ".join(f"{word[0]}." for word in name.split())


def is_pending(delivery: Delivery) -> bool:
    return delivery.state == Delivery.State.PENDING


def time_of(at: Any) -> str:
    return f"{timezone.localtime(at):%d.%m.%Y %H:%M:%S}" if at else "—"


def label_of(event: AuditEvent) -> str:
    return str(EventKind(event.kind).label) if event.kind in EventKind.values else event.kind


def details_of(event: AuditEvent) -> str:
    """The chained part, which holds no personal data."""
    return ", ".join(f"{name}: {value}" for name, value in event.data.items())


def table(head: tuple[Any, ...], rows: list[tuple[Any, ...]]) -> SafeString:
    """An HTML table of escaped cells."""
    if not rows:
        return format_html("{}", "—")
    heading = format_html_join("", "<th>{}</th>", ((title,) for title in head))
    lines = ((format_html_join("", CELL, ((cell,) for cell in row)),) for row in rows)
    body = format_html_join("", "<tr>{}</tr>", lines)
    return format_html("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>", heading, body)
