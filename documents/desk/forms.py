"""What people type on the frame pages of documents and settings."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from documents.crm.types_field import CrmTypesField
from documents.models import CodeChannel, PortalSettings
from outbox import sms
from signing.placement import grammar
from signx.errors import SignXError


class PlainForm(forms.Form):
    """A form whose widgets tell the browser nothing but the limits: the server speaks."""

    use_required_attribute = False

    @property
    def first_error(self) -> str:
        """The first mistake as a sentence, with the name of its field."""
        for name, errors in self.errors.items():
            label = self.fields[name].label if name in self.fields else ""
            return f"{label}: {errors[0]}" if label else str(errors[0])
        return ""


class WithdrawForm(PlainForm):
    reason = forms.CharField(
        label=_("Reason"),
        help_text=_("All parties will see it."),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class AddressForm(PlainForm):
    """What is left empty stays as it is."""

    email = forms.EmailField(label=_("New e-mail"), max_length=254, required=False)
    phone = forms.CharField(label=_("New phone"), max_length=40, required=False)

    def clean_phone(self) -> str:
        typed = " ".join(self.cleaned_data["phone"].split())
        if typed and not sms.phone_digits(typed):
            raise forms.ValidationError(_("type it with the country code"))
        return typed

    def clean(self) -> dict[str, Any] | None:
        data = super().clean()
        if not self.errors and not any(self.cleaned_data.values()):
            self.add_error("email", forms.ValidationError(_("type the new address")))
        return data


class GeneralForm(PlainForm):
    organisation = forms.CharField(
        label=_("Your organisation"),
        help_text=_("As it is printed on stamps, letters and reports."),
        max_length=200,
        required=False,
    )
    expires_in_days = forms.IntegerField(
        label=_("Days to sign"),
        help_text=_("From 1 to 365. A robot may set another term for its document."),
        min_value=1,
        max_value=365,
    )
    coordinates = forms.CharField(
        label=_("Where stamps go"),
        help_text=_(
            "Empty: under the text of the last page. “1=-1:20:250; 2=-1:110:250” means: last "
            "page, millimetres from its left and upper edge; “1=@Director” means: beside that "
            "word. Side 1 is the company, side 2 the counterparty."
        ),
        max_length=300,
        required=False,
    )
    agreement = forms.ChoiceField(
        label=_("Additional agreement"),
        help_text=_("The agreement to sign electronically, accepted before the document."),
        choices=PortalSettings.Agreement.choices,
    )

    code_channel = forms.ChoiceField(
        label=_("Code to sign"),
        help_text=_("SMS needs the phone of the contact in the CRM; the link goes by e-mail."),
        choices=[choice for choice in CodeChannel.choices if choice[0] != CodeChannel.NOTICE],
        required=False,
    )
    may_delegate = forms.BooleanField(
        label=_("A counterparty may hand the signing over to a colleague"),
        help_text=_("Of the same organisation, confirmed with a code; you are told at once."),
        required=False,
    )

    adds_to_signed = forms.BooleanField(
        label=_("Add signatures to files that are signed already"),
        help_text=_(
            "Such a file stays as it is to the last byte, so nothing can be removed from it: it is "
            "taken only when it is clean, its signatures hold and they allow others. Off: it is "
            "refused."
        ),
        required=False,
    )

    signing_order = forms.ChoiceField(
        label=_("Signing order"),
        help_text=_("A robot may set another order for its document."),
        choices=PortalSettings.SigningOrder.choices,
    )

    allowed_entity_types = CrmTypesField(
        label=_("CRM items besides deals"),
        help_text=_(
            "What a robot may bind its document to. The number of a smart process is in the "
            "address of its list: /crm/type/128/."
        ),
    )

    def clean_code_channel(self) -> str:
        chosen = str(self.cleaned_data["code_channel"]) or CodeChannel.EMAIL.value
        if chosen == CodeChannel.SMS and not sms.is_set_up():
            raise forms.ValidationError(_("SMS is not set up on this installation."))
        return chosen

    def clean_coordinates(self) -> str:
        typed = str(self.cleaned_data["coordinates"]).strip()
        try:
            grammar.parse(typed)
        except SignXError as error:
            raise forms.ValidationError(str(error.context["reason"])) from error
        return typed


# The rows and columns of the matrix of notices; notices.DEFAULT_MATRIX says what is on at first.
NOTICE_EVENTS: tuple[tuple[str, Any], ...] = (
    ("sent", _("Sent for signing")),
    ("viewed", _("Opened by a signer")),
    ("signed", _("Signed by one of the parties")),
    ("completed", _("Signed by all")),
    ("declined", _("Declined")),
    ("expired", _("The term has expired")),
    ("cancelled", _("Withdrawn")),
    ("failed", _("Not sent")),
    ("mail_rejected", _("A letter was not accepted")),
    ("annulled", _("Annulled")),
    ("address_changed", _("A signer's address was changed")),
    ("delegated", _("Signing handed over to a colleague")),
    ("annulment_proposed", _("Annulment proposed")),
    ("annulment_refused", _("Annulment refused")),
)
NOTICE_PEOPLE: tuple[tuple[str, Any], ...] = (
    ("responsible", _("Responsible")),
    ("sender", _("Sender")),
    ("signer_company", _("Signer of the company")),
)


class NoticesForm(PlainForm):
    """A list of «event:person» marks. Unknown ones are refused, not dropped."""

    marks = forms.MultipleChoiceField(
        label=_("Notices"),
        choices=[
            (f"{event}:{person}", f"{event}:{person}")
            for event, _event_name in NOTICE_EVENTS
            for person, _person_name in NOTICE_PEOPLE
        ],
        required=False,
    )

    @property
    def matrix(self) -> dict[str, list[str]]:
        """Every event with its people: an empty list means nobody, and is kept as such."""
        marks = set(self.cleaned_data["marks"])
        return {
            event: [person for person, _name in NOTICE_PEOPLE if f"{event}:{person}" in marks]
            for event, _name in NOTICE_EVENTS
        }
