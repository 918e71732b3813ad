"""What people type to hand a signing over, to annul, to correct an address."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from documents.delegating import Colleague
from documents.signer_forms import REASON_LIMIT


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

    @property
    def colleague(self) -> Colleague:
        return Colleague(" ".join(self.cleaned_data["name"].split()), self.cleaned_data["email"])


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
