"""Personal data in admin: masked, shown for five minutes by a button that writes to the journal."""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from datetime import timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.signing import BadSignature, TimestampSigner
from django.db import transaction
from django.forms import MediaDefiningClass
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.views.decorators.http import require_POST

from employees.models import Employee
from employees.signatures.codes import mask_address
from journal.admin import ReadOnlyAdmin
from journal.events import EventKind
from journal.services import record

SHOWN_FOR = timedelta(minutes=5)
_SIGNER = TimestampSigner(salt="employees.admin_reveal")


def support_name(request: HttpRequest) -> str:
    """The actor of a journal event. Account names that are addresses stay masked for ever."""
    name = request.user.get_username()
    return f"support:{mask_address(name) if '@' in name else name}"[:80]


def initials(name: str) -> str:
    """«Петров Пётр Петрович» as «П. П. П.»."""
    return " ".join(f"{word[0]}." for word in name.split())


class AbstractPage(ABCMeta, MediaDefiningClass):
    """A page of admin that cannot be registered before every abstract part of it is there."""


class RevealingAdmin(ReadOnlyAdmin, metaclass=AbstractPage):
    """A read-only page with a masked person; subclasses say who that is."""

    change_form_template = "admin/employees/revealing_change_form.html"

    @abstractmethod
    def employee_of(self, obj: Any) -> Employee:
        """Whose personal data the page of `obj` shows."""

    def get_urls(self) -> list[URLPattern]:
        reveal = path(
            "<path:object_id>/reveal/",
            self.admin_site.admin_view(self.reveal_view),
            name=self._url_name("reveal"),
        )
        return [reveal, *super().get_urls()]

    @method_decorator(require_POST)
    def reveal_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Write down who looks at whom, then show it."""
        obj = self.object_or_404(request, object_id)
        employee = self.employee_of(obj)
        with transaction.atomic():
            record(
                employee.portal,
                EventKind.PERSONAL_SHOWN,
                actor=support_name(request),
                subject=("employee", str(employee.bitrix_user_id)),
            )
        token = _SIGNER.sign(self._shown_to(request, obj))
        return HttpResponseRedirect(f"{self.page_of(obj)}?{urlencode({'shown': token})}")

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        obj = self.get_object(request, object_id)
        is_shown = obj is not None and self.is_shown(request, obj)
        context = (extra_context or {}) | {"is_shown": is_shown}
        return super().change_view(request, object_id, form_url, context)

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any | None:
        obj = super().get_object(request, object_id, from_field)
        if obj is not None:
            obj.is_shown = self.is_shown(request, obj)
        return obj

    def is_shown(self, request: HttpRequest, obj: Any) -> bool:
        """Whether this support account asked to see this person in the last minutes."""
        try:
            shown = _SIGNER.unsign(request.GET.get("shown", ""), max_age=SHOWN_FOR)
        except BadSignature:
            return False
        return bool(shown == self._shown_to(request, obj))

    def shown_email(self, obj: Any, email: str) -> str:
        return email if getattr(obj, "is_shown", False) else mask_address(email) if email else "—"

    def shown_name(self, obj: Any, name: str) -> str:
        return name if getattr(obj, "is_shown", False) else initials(name)

    def object_or_404(self, request: HttpRequest, object_id: str) -> Any:
        obj = self.get_object(request, object_id)
        if obj is None:
            raise Http404
        if not self.has_view_permission(request, obj):
            raise PermissionDenied
        return obj

    def page_of(self, obj: Any) -> str:
        return reverse(f"admin:{self._url_name('change')}", args=[obj.pk])

    def _url_name(self, what: str) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_{what}"

    def _shown_to(self, request: HttpRequest, obj: Any) -> str:
        return f"{request.user.pk}:{self.opts.model_name}:{obj.pk}"
