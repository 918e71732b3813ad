"""Forms of the public signing pages."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

REASON_LIMIT = 1000
REASONS = {
    "terms": _("I do not agree with the terms"),
    "mistake": _("There is a mistake in the document"),
    "not_mine": _("The document is not for me"),
    "other": _("Another reason"),
}


class AgreeForm(forms.Form):
    """The box of the additional agreement; only asked when an agreement is due."""

    agreement = forms.BooleanField(
        error_messages={"required": _("Tick the box to accept the agreement.")}
    )


class CodeForm(forms.Form):
    """Six digits, however they were pasted: «123 456», «123-456»."""

    code = forms.CharField(max_length=40, error_messages={"required": _("Type the code.")})

    def clean_code(self) -> str:
        digits = re.sub(r"\D", "", self.cleaned_data["code"])
        if len(digits) != 6:
            raise forms.ValidationError(_("The code has six digits."))
        return digits


class DeclineForm(forms.Form):
    reason = forms.ChoiceField(
        choices=list(REASONS.items()), error_messages={"required": _("Choose a reason.")}
    )
    text = forms.CharField(max_length=REASON_LIMIT, required=False, strip=True)

    def clean(self) -> dict[str, Any] | None:
        data = super().clean()
        if self.cleaned_data.get("reason") == "other" and not self.cleaned_data.get("text"):
            self.add_error("text", forms.ValidationError(_("Say why in your own words.")))
        return data

    @property
    def sentence(self) -> str:
        """The refusal as everybody will read it: the chosen reason, then the person's words."""
        reason, text = self.cleaned_data["reason"], self.cleaned_data["text"]
        if reason == "other":
            return str(text)
        return f"{REASONS[reason]}. {text}".strip() if text else str(REASONS[reason])
