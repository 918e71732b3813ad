"""Which CRM items besides deals a document may be bound to: named types, and smart processes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from bitrix24.rest import crm_types

NAMED_TYPES = (
    (crm_types.LEAD, _("Leads")),
    (crm_types.QUOTE, _("Estimates")),
    (crm_types.SMART_INVOICE, _("Invoices")),
)
_NUMBERS = re.compile(r"[0-9]{1,9}(?:[\s,;]+[0-9]{1,9})*")


class CrmTypesWidget(forms.MultiWidget):
    """Boxes for the named types and a line for the numbers of smart processes."""

    def __init__(self) -> None:
        numbers = forms.TextInput(
            attrs={"inputmode": "numeric", "placeholder": "128, 177", "aria-label": _("Numbers")}
        )
        super().__init__(
            {"named": forms.CheckboxSelectMultiple(choices=NAMED_TYPES), "numbers": numbers}
        )

    def decompress(self, value: Sequence[int] | None) -> list[Any]:
        return _shown(value or [])


def _shown(types: Sequence[int]) -> list[Any]:
    """entityTypeIds as what the two controls show."""
    named = [number for number in types if number < crm_types.FIRST_DYNAMIC]
    numbers = [str(number) for number in types if number >= crm_types.FIRST_DYNAMIC]
    return [named, ", ".join(numbers)]


class CrmTypesField(forms.MultiValueField):
    """A sorted list of entityTypeIds."""

    widget = CrmTypesWidget
    default_error_messages = {
        "numbers": _("Expected numbers of smart processes from 128 on, such as 128, 177."),
    }

    def __init__(self, **options: Any) -> None:
        named = forms.TypedMultipleChoiceField(choices=NAMED_TYPES, coerce=int, required=False)
        numbers = forms.CharField(max_length=200, required=False)
        super().__init__((named, numbers), required=False, require_all_fields=False, **options)

    def prepare_value(self, value: Any) -> Any:
        """Saved types as the controls' values: a list would be taken for those already."""
        is_saved = all(isinstance(one, int) for one in value or [])
        return _shown(value or []) if is_saved else value

    def compress(self, data_list: list[Any]) -> list[int]:
        named, typed = data_list or [[], ""]
        return sorted({*named, *self._smart_processes(typed.strip())})

    def _smart_processes(self, typed: str) -> list[int]:
        if not typed:
            return []
        numbers = [int(text) for text in re.split(r"[\s,;]+", typed) if text.isdigit()]
        if not _NUMBERS.fullmatch(typed) or min(numbers) < crm_types.FIRST_DYNAMIC:
            raise forms.ValidationError(self.error_messages["numbers"], code="numbers")
        return numbers
