"""The first steps in a new portal, ticked from what is really there."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from documents.models import Document, PortalSettings
from employees.models import Employee, EmployeeRight, Right, SignatureProfile


@dataclass(frozen=True)
class Step:
    """`is_done` None: the robots know (`{% robots_are_on %}`), this app may not ask them."""

    code: str
    name: str | Promise
    text: str | Promise
    address: str
    is_done: bool | None


def steps_for(reader: Employee) -> list[Step]:
    """An administrator of the settings sees the whole way, everybody else his own signature."""
    if reader.has_right(Right.SETTINGS):
        return _portal_steps(reader)
    return [_own_signature(reader)]


def _own_signature(reader: Employee) -> Step:
    profile = SignatureProfile.objects.filter(employee=reader).first()
    return Step(
        "signature",
        _("Your signature"),
        _("Turn it on with a code from a letter if you sign for the company."),
        reverse("employees:signature"),
        profile is not None and profile.state == SignatureProfile.State.CONFIRMED,
    )


def _portal_steps(reader: Employee) -> list[Step]:
    portal = reader.portal
    confirmed = SignatureProfile.objects.filter(
        employee__portal=portal, state=SignatureProfile.State.CONFIRMED
    )
    senders = EmployeeRight.objects.filter(employee__portal=portal, right=Right.SEND)
    settings = reverse("documents:settings")
    return [
        Step(
            "connected",
            _("The application is connected"),
            _("SIGNX may work with documents, the CRM, Disk and business processes."),
            "",
            True,
        ),
        Step(
            "signature",
            _("A signature for the company"),
            _("The director turns it on in Employees; support confirms the e-mail."),
            reverse("employees:signature"),
            confirmed.exists(),
        ),
        Step(
            "senders",
            _("Who may send"),
            _("Give the right to send to those who answer for documents."),
            reverse("employees:employees"),
            senders.exists(),
        ),
        Step(
            "robots",
            _("Robots"),
            _("Switch on “Send document for signing” and “Check document status”."),
            settings,
            None,
        ),
        Step(
            "organisation",
            _("Your organisation on stamps and letters"),
            _("Write its name as counterparties know it."),
            settings,
            PortalSettings.objects.filter(portal=portal).exclude(organisation="").exists(),
        ),
        Step(
            "first",
            _("The first document"),
            _("Send a file to yourself, or run the business process on a test deal."),
            reverse("documents:new"),
            Document.objects.for_portal(portal).exists(),
        ),
    ]
