"""The filters of the journal."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bitrix24.models import Portal
from employees.models import Employee
from journal.events import EventKind
from journal.models import AuditEventQuerySet

_DATE = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class FilterForm(forms.Form):
    """A filter that cannot be read is shown with its mistake and filters nothing."""

    use_required_attribute = False

    since = forms.DateField(label=_("From"), required=False, widget=_DATE)
    until = forms.DateField(label=_("To"), required=False, widget=_DATE)
    kind = forms.ChoiceField(
        label=_("Event"), required=False, choices=[("", _("All events")), *EventKind.choices]
    )
    actor = forms.ChoiceField(label=_("Who"), required=False)
    document = forms.CharField(label=_("Document number"), required=False, max_length=40)

    def __init__(self, data: Any, *, portal: Portal) -> None:
        super().__init__(data)
        everybody = [("", _("Everybody")), ("robot:", _("Robots")), ("signer:", _("Signers"))]
        self.fields["actor"].choices = [*everybody, *_people_of(portal)]  # type: ignore[attr-defined]

    def query(self) -> str:
        """The filters that could be read, for an address."""
        self.is_valid()
        return urlencode({name: value for name, value in self.cleaned_data.items() if value})

    def narrow(self, events: AuditEventQuerySet) -> AuditEventQuerySet:
        self.is_valid()
        given: dict[str, Any] = self.cleaned_data
        if given.get("since"):
            events = events.filter(at__gte=_midnight(given["since"]))
        if given.get("until"):
            events = events.filter(at__lt=_midnight(given["until"] + timedelta(days=1)))
        if given.get("kind"):
            events = events.filter(kind=given["kind"])
        if actor := given.get("actor"):
            is_kind = actor.endswith(":")
            events = events.filter(**{"actor__startswith" if is_kind else "actor": actor})
        if given.get("document"):
            events = events.about("document", given["document"].replace("-", "").strip().lower())
        return events


def _midnight(day: Any) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _people_of(portal: Portal) -> list[tuple[str, str]]:
    """(actor, name) of everybody of the portal whom we know, by name."""
    people = Employee.objects.for_portal(portal).order_by("name")
    return [(person.audit_name, person.name) for person in people]
