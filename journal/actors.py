"""Who did it, in a word people know."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from journal.models import AuditEvent

_KINDS: dict[str, str | Promise] = {
    "robot": _("Robot"),
    "signer": _("Signer"),
    "employee": _("Employee"),
    "support": _("Support"),
    "portal": _("Portal"),
    "system": _("SIGNX"),
}


def actor_name(event: AuditEvent) -> str:
    """The person's name where it is known and not erased, else the kind of the actor."""
    personal = event.personal_data
    kind = event.actor.partition(":")[0]
    name = personal.get("actor") or (personal.get("name") if kind == "signer" else "")
    return str(name or kind_of(event.actor))


def kind_of(actor: str) -> str:
    """«employee:12» is an employee, «robot:signx_send» a robot; anything else is named as it is."""
    return str(_KINDS.get(actor.partition(":")[0], actor))
