"""Why a delivery has not arrived, in support's words: ErrorCode, and what only the desk sees."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from signx.errors import ErrorCode, SignXError


class Cause(TextChoices):
    """Passing troubles of the mail server and the SMS gateway; they are tried again and never
    reach a process."""

    MAIL_DEFERRED = "mail_deferred", _("The mail server asked to come back later.")
    SMS_UNREACHABLE = "sms_unreachable", _("The SMS gateway did not answer or refused us.")
    MAIL_UNREACHABLE = "mail_unreachable", _("The mail server did not answer or refused us.")


def sentence(code: str) -> str:
    """The sentence of a code; an unknown code as it is."""
    if code in Cause.values:
        return str(Cause(code).label)
    return SignXError(ErrorCode(code)).sentence if code in ErrorCode.values else code
