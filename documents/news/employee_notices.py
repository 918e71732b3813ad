"""What an employee who is asked to sign gets in the portal's chat: the invitation and the code.

Both are built at the moment of sending. Neither carries a link: the document is opened from the
application, where the portal vouches for who looks.
"""

from __future__ import annotations

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from bitrix24.rest import methods
from bitrix24.rest.chat import plain
from documents.access import act_codes
from documents.access.act_codes import Act
from documents.core.dates import date_time
from documents.models import Document, Signer
from outbox.base import Command
from outbox.models import Delivery

OPEN = frozenset({Document.Status.SENDING, Document.Status.SENT})


def build_portal_invitation(delivery: Delivery) -> Command | None:
    """None once the document is closed."""
    signer = _signer(delivery)
    document = signer.document
    if signer.employee is None or document.status not in OPEN:
        return None
    with translation.override(signer.language):
        facts = {"title": plain(document.title), "number": document.number}
        lines = [
            _("[b]Document “%(title)s” (No. %(number)s) waits for your signature[/b]") % facts,
            _("Open SIGNX in the left menu of Bitrix24, tab “Waiting for me”."),
            _("Sign before %(due)s.") % {"due": date_time(document.expires_at, signer.language)},
        ]
    return methods.notify_command(
        signer.employee.bitrix_user_id, "#BR#".join(lines), tag=f"signx-sign-{document.public_id}"
    )


def build_portal_code(delivery: Delivery) -> Command | None:
    """None when the code has expired or a newer one was sent."""
    signer = _signer(delivery)
    live = act_codes.live(signer, Act(delivery.payload["act"]), at=timezone.now())
    if signer.employee is None or live is None:
        return None
    if live.created_at.isoformat() != delivery.payload["issued_at"]:
        return None
    with translation.override(signer.language):
        facts = {
            "code": delivery.open_secret()["code"],
            "title": plain(signer.document.title),
            "until": date_time(live.expires_at, signer.language),
        }
        text = _(
            "[b]%(code)s[/b] is your code for “%(title)s”. It is valid until %(until)s. "
            "Give it to nobody."
        )
    return methods.notify_command(signer.employee.bitrix_user_id, text % facts)


def _signer(delivery: Delivery) -> Signer:
    found = Signer.objects.select_related("document__portal", "employee")
    return found.get(pk=delivery.payload["signer"])
