"""Django admin as the support desk: its first page counts what waits for a person."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from django.contrib.admin import AdminSite
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Attention(NamedTuple):
    """`url` is the list that holds exactly the counted rows."""

    words: str | Promise
    waiting: int
    url: str


class SupportSite(AdminSite):
    site_title = "SIGNX"
    site_header = _("SIGNX support")
    index_title = _("What needs attention")

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        waiting = {"attention": list(attention(request.user))}
        return super().index(request, waiting | (extra_context or {}))


def attention(user: Any) -> Iterator[Attention]:
    """What waits for support, as far as this person may see it."""
    from bitrix24.models import Portal
    from documents.models import Document
    from employees.models import SignatureProfile
    from outbox.models import Delivery

    waiting: list[tuple[str | Promise, QuerySet[Any], str]] = [
        (
            _("e-mails to confirm"),
            SignatureProfile.objects.waiting_for_support(),
            "waiting=yes",
        ),
        (
            _("deliveries that failed"),
            Delivery.objects.filter(state=Delivery.State.DEAD),
            f"state__exact={Delivery.State.DEAD}",
        ),
        (_("documents whose step is repeated"), Document.objects.stuck(), "stuck=yes"),
        (_("portals without access"), Portal.objects.without_access(), "access=none"),
    ]
    for words, rows, query in waiting:
        meta = rows.model._meta
        if user.has_perm(f"{meta.app_label}.view_{meta.model_name}"):
            url = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")
            yield Attention(words, rows.count(), f"{url}?{query}")
