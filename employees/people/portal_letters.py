"""The letter that asks a portal's administrators to open SIGNX: none of their tokens works."""

from __future__ import annotations

from django.conf import settings
from django.utils.html import linebreaks
from django.utils.translation import gettext as _
from django.utils.translation import override

from bitrix24.models import Portal
from employees.models import Employee
from outbox.base import Letter
from outbox.models import Delivery
from outbox.services import queue


def queue_access_lost(portal: Portal) -> None:
    """To every administrator whose address we know, and to support; once for each loss."""
    since = int(portal.access_lost_at.timestamp()) if portal.access_lost_at else 0
    administrators = Employee.objects.for_portal(portal).active().administrators()
    for employee in administrators.exclude(email=""):
        _queue(portal, since, employee.pk)
    _queue(portal, since, None)


def build_access_lost(delivery: Delivery) -> Letter | None:
    """None once an administrator has opened the application in the meantime."""
    portal = Portal.objects.get(pk=delivery.payload["portal"])
    if portal.access_lost_at is None or portal.status != Portal.Status.ACTIVE:
        return None
    employee = Employee.objects.filter(pk=delivery.payload["employee"]).first()
    to = employee.email if employee else settings.SUPPORT_EMAIL
    if not to:
        return None
    with override(employee.spoken_language if employee else settings.LANGUAGE_CODE):
        subject = _("SIGNX has lost access to %(portal)s") % {"portal": portal.domain}
        text = _(
            "Bitrix24 no longer accepts the access that administrators of %(portal)s have given "
            "to SIGNX. Documents that are being signed go on, but business processes get no "
            "answer and files do not reach Disk.\n\n"
            "What to do: a portal administrator opens SIGNX in the left menu of Bitrix24 once. "
            "Everything that waits is then delivered by itself."
        ) % {"portal": portal.domain}
    return Letter(to=to, subject=subject, text=text, html=linebreaks(text))


def _queue(portal: Portal, since: int, employee_id: int | None) -> None:
    queue(
        key=f"access_lost:{portal.pk}:{since}:{employee_id or 'support'}",
        kind="access_lost",
        channel="mail",
        lane="mail",
        payload={"portal": portal.pk, "employee": employee_id},
        subject=("portal", str(portal.pk)),
    )
