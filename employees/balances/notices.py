"""Warnings in the portal's chat when the balance passes 10 and when it reaches 0."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, override

from bitrix24.rest.chat import queue_notice
from employees.models import BalanceEntry, Employee

WARN_AT = (10, 0)


def warn_if_low(entry: BalanceEntry) -> None:
    """Tell the portal's administrators when this entry took the balance down to a threshold."""
    before = entry.available_after - entry.units
    if not any(entry.available_after <= mark < before for mark in WARN_AT):
        return
    for administrator in Employee.objects.for_portal(entry.portal).active().administrators():
        queue_notice(
            entry.portal,
            administrator.bitrix_user_id,
            _message(entry, administrator),
            key=f"balance-warning:{entry.pk}:{administrator.bitrix_user_id}",
            kind="balance_warning",
            tag="signx-balance",
            subject=("balance", str(entry.pk)),
        )


def _message(entry: BalanceEntry, administrator: Employee) -> str:
    with override(administrator.spoken_language):
        if entry.available_after == 0:
            return str(_("No signatures are left on the balance: documents cannot be sent."))
        text = ngettext(
            "%(count)d signature is left on the balance.",
            "%(count)d signatures are left on the balance.",
            entry.available_after,
        )
        return text % {"count": entry.available_after}
