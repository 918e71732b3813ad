"""What happens to certificates with time: people are warned 60, 30 and 7 days before the end,
those who no longer work here lose theirs, the platform's own are renewed unasked.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from bitrix24.rest.chat import queue_notice
from employees.models import Employee, KeyPair, SignatureProfile
from employees.signatures import certificates, keys, pki
from outbox.services import queue
from signing.base import Level

WARN_DAYS = (60, 30, 7)
_SYSTEM = "system"


def follow_certificates(at: datetime | None = None) -> None:
    """Every day: see the module. May run twice; each warning goes out once."""
    at = at or timezone.now()
    keys.platform_seal_pair(at)
    pki.renew_lists(at=at)
    _end_of_the_dismissed(at)
    ending = KeyPair.objects.usable(at).filter(not_after__lte=at + timedelta(days=max(WARN_DAYS)))
    for pair in ending.select_related("employee__portal").order_by("pk"):
        if pair.employee is not None and _is_wanted(pair.employee):
            _warn(pair, pair.employee, at)


def _warn(pair: KeyPair, employee: Employee, at: datetime) -> None:
    """The warning that is due now: the person hears of it in the portal's chat and by letter,
    support by letter."""
    left = pair.not_after - at
    due = min(days for days in WARN_DAYS if left <= timedelta(days=days))
    key = f"certificate-ends:{pair.pk}:{due}"
    with transaction.atomic():
        for reader in ("owner", "support"):
            _queue_letter(pair, employee, f"{key}:{reader}", reader)
        queue_notice(
            employee.portal,
            employee.bitrix_user_id,
            _notice_text(pair, employee, at),
            key=f"{key}:notice",
            kind="certificate_notice",
            tag="signx-certificate",
            subject=("employee", str(employee.bitrix_user_id)),
        )


def days_left(pair: KeyPair, at: datetime) -> int:
    """Days to the end by the calendar of the service; 0 = it ends today."""
    return max((timezone.localdate(pair.not_after) - timezone.localdate(at)).days, 0)


def _notice_text(pair: KeyPair, employee: Employee, at: datetime) -> str:
    """In the person's language and the chat's markup."""
    with override(employee.spoken_language):
        days = days_left(pair, at)
        text = _("The certificate of your signature ends today.")
        if days:
            text = ngettext(
                "The certificate of your signature ends in %(days)d day.",
                "The certificate of your signature ends in %(days)d days.",
                days,
            ) % {"days": days}
        return f"{text} {_('Renew it in SIGNX: Employees, My signature.')}"


def _queue_letter(pair: KeyPair, employee: Employee, key: str, reader: str) -> None:
    queue(
        key=key,
        kind="certificate_ends",
        channel="mail",
        lane="mail",
        payload={"pair": pair.pk, "reader": reader},
        subject=("employee", str(employee.bitrix_user_id)),
    )


def _is_wanted(employee: Employee) -> bool:
    """Whether the person still signs with a certificate."""
    profile = SignatureProfile.objects.filter(employee=employee, level=Level.UNQUALIFIED).first()
    return employee.is_active and profile is not None and profile.is_on


def _end_of_the_dismissed(at: datetime) -> None:
    pairs = KeyPair.objects.usable(at).filter(employee__is_active=False)
    for pair in pairs.select_related("employee__portal"):
        if pair.employee is not None:
            certificates.revoke_all(
                pair.employee, reason=KeyPair.Revocation.CESSATION, by=_SYSTEM, at=at
            )
