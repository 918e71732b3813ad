"""The form by which support adds to the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from employees.balances import ledger
from employees.models import BalanceEntry

if TYPE_CHECKING:
    _ModelForm = forms.ModelForm[BalanceEntry]
else:
    _ModelForm = forms.ModelForm


class BalanceEntryForm(_ModelForm):
    """A top-up or a correction, always with a reason."""

    kind = forms.ChoiceField(
        label=_("Kind"),
        choices=[
            (kind.value, kind.label)
            for kind in (BalanceEntry.Kind.TOP_UP, BalanceEntry.Kind.CORRECTION)
        ],
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        help_text=_("The number of the invoice or of the request. No names: it stays for ever."),
    )

    class Meta:
        model = BalanceEntry
        fields = ("portal", "kind", "units", "reason")

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        portal, units = values.get("portal"), values.get("units")
        if units == 0:
            self.add_error("units", _("The balance would stay as it is."))
        elif portal and units and ledger.available(portal) + units < 0:
            self.add_error("units", _("The balance would fall below zero."))
        return values
