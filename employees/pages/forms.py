"""What people type on the frame pages of employees."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from employees.models import Employee
from signing.base import Level
from signing.placement.stamps import LEVEL_NAMES

# What a person can turn on here; a qualified signature is made elsewhere.
OWN_LEVELS = (Level.SIMPLE, Level.UNQUALIFIED)


class EmailForm(forms.Form):
    use_required_attribute = False

    email = forms.EmailField(
        label=_("Your e-mail"),
        help_text=_("A code is sent to it; support confirms that it is yours."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )


class TurnOnForm(forms.Form):
    use_required_attribute = False

    code = forms.RegexField(
        r"^\s*\d{3}\s?\d{3}\s*$",
        label=_("Code from the letter"),
        help_text=_("Six digits. The code works for five minutes."),
        error_messages={"invalid": _("The code is six digits.")},
        widget=forms.TextInput(
            attrs={
                "inputmode": "numeric",
                "autocomplete": "one-time-code",
                "class": "sx-code",
                "maxlength": 9,
            }
        ),
    )
    level = forms.ChoiceField(
        choices=[(level.value, LEVEL_NAMES[level]) for level in OWN_LEVELS],
        initial=Level.SIMPLE.value,
        required=False,
        error_messages={"invalid_choice": _("Choose the kind of signature.")},
    )
    consent = forms.BooleanField(
        error_messages={"required": _("Without your consent the signature stays off.")}
    )
    robots = forms.BooleanField(required=False)

    def clean_level(self) -> Level:
        """A page that was open before there was a choice meant a simple signature."""
        return Level(self.cleaned_data["level"] or Level.SIMPLE)

    def clean_code(self) -> str:
        return "".join(str(self.cleaned_data["code"]).split())


class PersonField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A choice of people by name: an employee's own words in logs are a number."""

    def label_from_instance(self, employee: Employee) -> str:
        return employee.name


class DelegationForm(forms.Form):
    """Somebody else of the same portal, a last day, a limit of documents."""

    use_required_attribute = False

    delegate = PersonField(
        label=_("Who may send"), queryset=Employee.objects.none(), empty_label=_("Choose a person")
    )
    until = forms.DateField(
        label=_("Until"),
        help_text=_("This day included, a year at most."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    limit = forms.IntegerField(
        label=_("Documents at most"), help_text=_("Empty: no limit."), required=False, min_value=1
    )

    def __init__(self, owner: Employee, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        colleagues = Employee.objects.for_portal(owner.portal).active().exclude(pk=owner.pk)
        delegates: forms.ModelChoiceField[Employee] = self.fields["delegate"]  # type: ignore[assignment]
        delegates.queryset = colleagues.order_by("name")

    @property
    def until_end(self) -> datetime:
        """The end of the last day, in the site's zone."""
        next_day = self.cleaned_data["until"] + timedelta(days=1)
        return timezone.make_aware(datetime.combine(next_day, time.min))


class NewEmployeeForm(forms.Form):
    use_required_attribute = False

    bitrix_user_id = forms.IntegerField(
        label=_("ID of the employee in Bitrix24"), min_value=1, max_value=2_000_000_000
    )
