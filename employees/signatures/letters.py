"""Letters about signatures of employees. Each is built when it is sent, never stored."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from employees.models import Employee, KeyPair, SignatureProfile
from outbox.base import Letter
from outbox.models import Delivery
from signing.placement.stamps import zone_name


def build_employee_code(delivery: Delivery) -> Letter | None:
    """The code that turns a signature on; None when it is too late to be of use."""
    valid_until = datetime.fromisoformat(delivery.payload["valid_until"])
    profile = _profile(delivery)
    if profile is None or valid_until <= timezone.now():
        return None
    secret = delivery.open_secret()
    employee = profile.employee
    with override(employee.spoken_language):
        return _letter(
            "code",
            to=secret["to"],
            subject=_("Code to turn on your signature"),
            context={
                "code": secret["code"],
                "employee": employee,
                "portal": employee.portal,
                "valid_until": _clock(valid_until),
            },
        )


def build_confirmation_request(delivery: Delivery) -> Letter | None:
    """Asks support to confirm a signer's address; None when there is nothing to confirm now."""
    profile = _profile(delivery)
    if profile is None or profile.state != SignatureProfile.State.TURNED_ON:
        return None
    employee = profile.employee
    with override(settings.LANGUAGE_CODE):
        return _letter(
            "confirmation_request",
            to=settings.SUPPORT_EMAIL,
            subject=_("Confirm the e-mail of a signer: %(portal)s") % {"portal": employee.portal},
            context={
                "facts": _facts(profile, employee),
                "employee": employee,
                "portal": employee.portal,
                "page": _admin_page(profile),
            },
        )


def build_certificate_ends(delivery: Delivery) -> Letter | None:
    """A warning to the owner or to support; None when the certificate was renewed or revoked."""
    pairs = KeyPair.objects.select_related("employee__portal")
    now = timezone.now()
    pair = pairs.usable(now).filter(pk=delivery.payload["pair"], employee__isnull=False).first()
    profile = _profile_of(pair)
    if pair is None or profile is None:
        return None
    employee, is_owner = profile.employee, delivery.payload["reader"] == "owner"
    with override(employee.spoken_language if is_owner else settings.LANGUAGE_CODE):
        return _letter(
            "certificate_ends",
            to=profile.email if is_owner else settings.SUPPORT_EMAIL,
            subject=_("The certificate of a signature ends soon: %(name)s")
            % {"name": employee.name},
            context={
                "facts": [
                    (_("Valid until"), _time(pair.not_after)),
                    (_("Certificate"), pair.serial.upper()),
                    (_("Employee"), employee.name),
                    (_("Portal"), employee.portal.domain),
                ],
                "is_owner": is_owner,
                "employee": employee,
                "portal": employee.portal,
            },
        )


def _profile_of(pair: KeyPair | None) -> SignatureProfile | None:
    if pair is None:
        return None
    profiles = SignatureProfile.objects.select_related("employee__portal")
    return profiles.filter(employee=pair.employee_id).first()


def _letter(name: str, *, to: str, subject: str, context: dict[str, Any]) -> Letter:
    context = context | {
        "subject": subject,
        "language": get_language(),
        "operator": settings.OPERATOR_NAME,
        "support_email": settings.SUPPORT_EMAIL,
    }
    return Letter(
        to=to,
        subject=subject,
        text=render_to_string(f"employees_mail/{name}.txt", context),
        html=render_to_string(f"employees_mail/{name}.html", context),
    )


def _facts(profile: SignatureProfile, employee: Employee) -> list[tuple[str, str]]:
    """What support compares with the portal's owner, as label and value."""
    facts = [
        (_("E-mail to confirm"), profile.email),
        (_("Employee"), employee.name),
        (_("Position"), employee.position),
        (_("Address in Bitrix24"), employee.email),
        (_("Portal"), employee.portal.domain),
        (_("User number in the portal"), str(employee.bitrix_user_id)),
        (_("Robots may sign"), _("yes") if profile.robots_allowed else _("no")),
        (_("Turned on"), _time(profile.turned_on_at)),
    ]
    return [(label, value) for label, value in facts if value]


def _profile(delivery: Delivery) -> SignatureProfile | None:
    profiles = SignatureProfile.objects.select_related("employee__portal")
    return profiles.filter(pk=delivery.payload["profile"]).first()


def _admin_page(profile: SignatureProfile) -> str:
    path = reverse("admin:employees_signatureprofile_change", args=[profile.pk])
    return f"{settings.PUBLIC_URL}{path}"


def _clock(at: datetime) -> str:
    """14:05 (МСК, UTC+3), in the installation's zone."""
    local = timezone.localtime(at)
    return f"{local:%H:%M} ({zone_name(local, get_language() or 'en')})"


def _time(at: datetime | None) -> str:
    return f"{timezone.localtime(at):%d.%m.%Y}, {_clock(at)}" if at else ""
