"""What is typed on the page «New document»: the document's own fields, and each counterparty's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from documents.core import creation, law
from documents.core.creation import Counterparty
from documents.crm.references import ItemReference, UnreadableReference, read_item, read_party
from documents.desk.forms import PlainForm
from documents.drafts.tax_numbers import is_tax_number
from documents.models import CodeChannel, Draft, PortalSettings
from employees.models import Employee
from employees.people.delegations import owners_for
from outbox.sms import phone_digits
from signing.base import Level

CRM, TYPED = "crm", "typed"
TOGETHER, IN_TURN = "together", "in_turn"
PARTIES_LIMIT = 20
_LINKS = ("://", "www.")

Choices = list[tuple[str, str | Promise]]


class DraftForm(PlainForm):
    """Everything but the counterparties."""

    title = forms.CharField(
        label=_("Name of the document"),
        max_length=255,
        error_messages={"required": _("Name the document as the other side will see it.")},
    )
    kind = forms.ChoiceField(
        label=_("Kind of document"),
        help_text=_("The law allows some documents only with a certain kind of signature."),
        required=False,
    )
    signer = forms.ChoiceField(
        label=_("Who signs for us"),
        error_messages={"required": _("Choose who signs for your company.")},
    )
    signing_order = forms.ChoiceField(
        label=_("Who signs first"), choices=PortalSettings.SigningOrder.choices
    )
    among = forms.ChoiceField(
        label=_("Several counterparties sign"),
        choices=[(TOGETHER, _("All at once")), (IN_TURN, _("One after another, as listed"))],
        required=False,
    )
    coordinates = forms.CharField(
        label=_("Where stamps go"),
        help_text=_(
            "Empty: under the text of the last page. “1=-1:20:250; 2=@Buyer” means: our stamp on "
            "the last page, 20 and 250 mm from its left and upper edge; the other one beside the "
            "word. Stamps can also be dragged on the page."
        ),
        max_length=2000,
        required=False,
    )
    level = forms.ChoiceField(
        label=_("Signature of the counterparty"),
        choices=[
            (Level.SIMPLE, _("Simple: a link and a one-time code")),
            (Level.UNQUALIFIED, _("Unqualified")),
            (Level.QUALIFIED, _("Qualified")),
        ],
    )
    code_channel = forms.ChoiceField(label=_("Code to sign"))
    expires_in_days = forms.IntegerField(
        label=_("Days to sign"),
        min_value=1,
        max_value=365,
        error_messages={"required": _("From 1 to 365 days.")},
    )
    agreement = forms.ChoiceField(
        label=_("Additional agreement"),
        help_text=_("The agreement to sign electronically, accepted before the document."),
        choices=[
            ("", _("As in the settings")),
            (creation.ALWAYS, _("With this document")),
            (creation.NEVER, _("Without it")),
        ],
        required=False,
    )
    crm_entity = forms.CharField(
        label=_("Deal"),
        help_text=_("Its timeline tells how the signing goes. A number, such as 315."),
        max_length=60,
        required=False,
    )
    message = forms.CharField(
        label=_("Message"),
        help_text=_("A few words in the letter to the other side, without links."),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, draft: Draft, *args: Any, at: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        portal_settings = PortalSettings.objects.of(draft.portal)
        self.owners = {str(one.bitrix_user_id): one for one in owners_for(draft.owner, at)}
        signers: Choices = [(key, _named(one, draft)) for key, one in self.owners.items()]
        self._offer("signer", signers)
        kinds: Choices = [("", pgettext_lazy("kind of document", "Ordinary, or told by its name"))]
        self._offer("kind", [*kinds, *((rule.code, rule.name) for rule in law.TABLE)])
        self._offer("code_channel", _channels(portal_settings))
        defaults: dict[str, Any] = {
            "signer": str(draft.owner.bitrix_user_id),
            "signing_order": portal_settings.signing_order,
            "among": TOGETHER,
            "level": Level.SIMPLE,
            "code_channel": portal_settings.code_channel,
            "expires_in_days": portal_settings.expires_in_days,
        }
        self.initial = {**defaults, **self.initial}

    def _offer(self, name: str, choices: Choices) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]

    def clean_title(self) -> str:
        return " ".join(str(self.cleaned_data["title"]).split())

    def clean_message(self) -> str:
        """A letter of ours has one link: another one would be believed as ours."""
        message = str(self.cleaned_data["message"]).strip()
        if any(part in message.lower() for part in _LINKS):
            raise forms.ValidationError(_("No links: the letter has the only one that is needed."))
        return message

    def clean_crm_entity(self) -> ItemReference | None:
        text = str(self.cleaned_data["crm_entity"]).strip()
        try:
            return read_item(text) if text else None
        except UnreadableReference as error:
            raise forms.ValidationError(str(error.reason)) from error


class PartyForm(PlainForm):
    """One counterparty: chosen in the CRM, or typed by hand."""

    how = forms.ChoiceField(
        label=_("Counterparty"),
        choices=[(CRM, _("From the CRM")), (TYPED, _("Typed by hand"))],
        widget=forms.RadioSelect,
    )
    reference = forms.CharField(
        label=_("Contact or company"),
        help_text=_("C_5 is contact 5, CO_3 company 3, user_7 an employee (for HR documents)."),
        max_length=60,
        required=False,
    )
    label = forms.CharField(max_length=255, required=False, widget=forms.HiddenInput)
    name = forms.CharField(label=_("Full name"), max_length=creation.NAME_LENGTH, required=False)
    organisation = forms.CharField(
        label=_("Organisation"),
        help_text=_("Empty: the person signs for himself or herself."),
        max_length=creation.NAME_LENGTH,
        required=False,
    )
    tax_number = forms.CharField(label=_("Tax number (INN)"), max_length=20, required=False)
    email = forms.EmailField(label=_("E-mail"), max_length=254, required=False)
    phone = forms.CharField(label=_("Phone"), max_length=creation.PHONE_LENGTH, required=False)

    def __init__(self, *args: Any, country: str = "ru", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.country = country
        self.by_sms = False  # set by whoever knows where the codes go

    @property
    def row(self) -> str:
        """Its number on the page, «0» of «p0»."""
        return str(self.prefix).removeprefix("p")

    @property
    def picked(self) -> str:
        """The name of what was chosen, «C_5 Ирина Зайцева» without its first word, as long as it
        is what the field says."""
        reference, _space, name = str(self["label"].value() or "").partition(" ")
        return name if reference == str(self["reference"].value() or "") else ""

    @property
    def shown_name(self) -> str:
        """Who it is, as far as the page knows."""
        if self["how"].value() == TYPED:
            return str(self["name"].value() or "")
        return self.picked or str(self["reference"].value() or "")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("how") == CRM:
            self._clean_reference(cleaned.get("reference", ""))
        elif cleaned.get("how") == TYPED:
            self._clean_typed(cleaned)
        return cleaned

    def _clean_reference(self, text: str) -> None:
        for name in ("name", "organisation", "tax_number", "email", "phone"):
            self.errors.pop(name, None)  # what is hidden on the page does not count
        if not text:
            self.add_error("reference", _("Choose a contact or a company."))
            return
        try:
            self.cleaned_data["party"] = read_party(text)
        except UnreadableReference as error:
            self.add_error("reference", str(error.reason))

    def _clean_typed(self, cleaned: Mapping[str, Any]) -> None:
        if not cleaned.get("name") and "name" not in self.errors:
            self.add_error("name", _("Type the full name of who will sign."))
        if not cleaned.get("email") and "email" not in self.errors:
            self.add_error("email", _("Type the e-mail: the link goes there."))
        phone = cleaned.get("phone", "")
        if phone and not phone_digits(phone):
            self.add_error("phone", _("This is not a phone number."))
        elif self.by_sms and not phone:
            self.add_error("phone", _("Type the phone: the code goes there by SMS."))
        tax_number = cleaned.get("tax_number", "")
        if tax_number and not is_tax_number(tax_number, self.country):
            self.add_error("tax_number", _("There is no such tax number: check its digits."))

    @property
    def typed(self) -> Counterparty:
        cleaned = self.cleaned_data
        return Counterparty(
            name=" ".join(cleaned["name"].split()),
            email=cleaned["email"],
            phone=cleaned["phone"],
            organisation=" ".join(cleaned["organisation"].split()),
            tax_number=cleaned["tax_number"],
        )


def _named(owner: Employee, draft: Draft) -> str:
    if owner == draft.owner:
        return gettext("%(name)s (you)") % {"name": owner.name}
    return gettext("%(name)s, who allowed it to you") % {"name": owner.name}


def _channels(portal_settings: PortalSettings) -> Choices:
    """SMS only where there is a gateway, or where the portal relies on it already."""
    has_sms = settings.SMS_GATEWAY or portal_settings.code_channel == CodeChannel.SMS
    names: Choices = [(CodeChannel.EMAIL, _("By e-mail"))]
    return [*names, (CodeChannel.SMS, _("By SMS"))] if has_sms else names
