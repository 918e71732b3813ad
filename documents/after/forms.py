"""What people type to hand a signing over, to annul, to correct an address."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from documents.after.delegating import Colleague
from documents.signer.forms import REASON_LIMIT
from outbox.sms import phone_digits


def phone_of(typed: str) -> str:
    """A phone as it was typed, when an SMS can go there."""
    if not phone_digits(typed):
        raise forms.ValidationError(_("This is not a mobile phone: type it with the country code."))
    return " ".join(typed.split())


class ColleagueForm(forms.Form):
    name = forms.CharField(
        max_length=200, error_messages={"required": _("Type the colleague's full name.")}
    )
    email = forms.EmailField(
        error_messages={
            "required": _("Type the colleague's e-mail."),
            "invalid": _("This is not an e-mail address."),
        }
    )
    phone = forms.CharField(
        max_length=40, error_messages={"required": _("Type the colleague's phone.")}
    )

    def __init__(self, *args: object, needs_phone: bool = False, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        if not needs_phone:
            del self.fields["phone"]

    def clean_phone(self) -> str:
        return phone_of(self.cleaned_data["phone"])

    @property
    def colleague(self) -> Colleague:
        given = self.cleaned_data
        return Colleague(" ".join(given["name"].split()), given["email"], given.get("phone", ""))


class AnnulForm(forms.Form):
    """The reason of a proposal; an open one keeps its own, and then nothing is typed."""

    reason = forms.CharField(
        max_length=REASON_LIMIT, error_messages={"required": _("Say why in your own words.")}
    )

    def __init__(self, *args: object, standing: str = "", **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.standing = standing
        self.fields["reason"].required = not standing

    @property
    def sentence(self) -> str:
        return self.standing or " ".join(self.cleaned_data["reason"].split())
