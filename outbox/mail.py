"""The mail channel: letters over one SMTP connection, refusals told apart from outages.

Source: RFC 5321, 4.2.1 (5yz: permanent, 4yz: transient).
"""

from __future__ import annotations

import hmac
import logging
import re
from datetime import timedelta
from email.utils import formataddr, parseaddr
from smtplib import SMTPDataError, SMTPException, SMTPRecipientsRefused
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone
from django.utils.crypto import salted_hmac

from outbox.base import Letter, Outcome
from outbox.causes import Cause
from outbox.models import Delivery
from outbox.services import content_or_outcome
from signx.errors import ErrorCode
from signx.logs import mask

log = logging.getLogger(__name__)
PUT_OFF = timedelta(seconds=30)
SENDER_LENGTH = 100


def send(deliveries: list[Delivery]) -> list[Outcome]:
    """Send letters, one outcome each. A recipient refused with 5yz is `mail_rejected`, final."""
    connection = get_connection()
    outcomes: list[Outcome] = []
    try:
        for delivery in deliveries:
            outcomes.append(_send_one(connection, delivery))
            if outcomes[-1].code == Cause.MAIL_UNREACHABLE:
                break
        # After a failure of the server itself, trying the rest would cost a timeout each.
        put_off = Outcome(done=False, detail="not tried", retry_at=timezone.now() + PUT_OFF)
        return outcomes + [put_off] * (len(deliveries) - len(outcomes))
    finally:
        _close(connection)


def message_id(delivery: Delivery, letter: Letter) -> str:
    """The same for every attempt, so that a mailbox may recognise a letter it already has; and
    it leads a report about the letter back to its delivery."""
    if letter.message_id:
        return letter.message_id
    host = urlsplit(settings.PUBLIC_URL).hostname
    return f"<{delivery.pk}.{_proof(delivery)}@{host}>"


def delivery_of(message_id: str) -> Delivery | None:
    """The delivery whose letter had this Message-ID; None for anything we did not write."""
    found = re.fullmatch(r"<?(\d{1,18})\.([0-9a-f]{32})@[^\s<>]+>?", message_id.strip())
    delivery = Delivery.objects.filter(pk=int(found[1]), channel="mail").first() if found else None
    if delivery is None or found is None:
        return None
    return delivery if hmac.compare_digest(found[2], _proof(delivery)) else None


def _proof(delivery: Delivery) -> str:
    """Keyed, so that nobody can report another's letter as undelivered."""
    return salted_hmac("outbox.mail", delivery.key, algorithm="sha256").hexdigest()[:32]


def _send_one(connection: BaseEmailBackend, delivery: Delivery) -> Outcome:
    letter = content_or_outcome(delivery)
    if isinstance(letter, Outcome):
        return letter
    if not isinstance(letter, Letter):
        raise TypeError(f"{delivery.key} is not a letter")
    try:
        connection.open()  # else send_messages would open and close one for every letter
        connection.send_messages([_message(delivery, letter)])
    except SMTPRecipientsRefused as error:
        code, text = next(iter(error.recipients.values()))
        return _refused(code, text)
    except SMTPDataError as error:
        return _refused(error.smtp_code, error.smtp_error)
    except ValueError as error:  # an address or header that cannot be put on the wire
        return _rejected(type(error).__name__)
    except (SMTPException, OSError) as error:
        # Of these, a refused sender or login is our own set-up and heals when it is mended.
        _close(connection)
        return Outcome(done=False, code=Cause.MAIL_UNREACHABLE.value, detail=type(error).__name__)
    return Outcome(done=True)


def _message(delivery: Delivery, letter: Letter) -> EmailMultiAlternatives:
    message = EmailMultiAlternatives(
        subject=" ".join(letter.subject.split()),
        body=letter.text,
        to=[letter.to],
        from_email=settings.BOUNCE_ADDRESS or _author(letter),
        headers=_headers(delivery, letter),
    )
    if letter.html:
        message.attach_alternative(letter.html, "text/html")
    for attachment in letter.attachments:
        message.attach(attachment.name, attachment.content, attachment.media_type)
    return message


def _headers(delivery: Delivery, letter: Letter) -> dict[str, str]:
    headers = {"Message-ID": message_id(delivery, letter), "Auto-Submitted": "auto-generated"}
    if settings.BOUNCE_ADDRESS:  # then `from_email` is only the envelope's sender
        headers["From"] = _author(letter)
    return headers


def _author(letter: Letter) -> str:
    """Our own address, under the name of the one we write for. That name comes from outside: it
    may hold neither another header nor what looks like another address."""
    own_name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    name = " ".join(re.sub(r'[\x00-\x1f\x7f<>@"\\]', " ", letter.sender).split())
    return formataddr((name[:SENDER_LENGTH] or own_name, address))


def _refused(code: int, text: bytes | str) -> Outcome:
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    detail = mask(f"{code} {words}")
    if 500 <= code < 600:
        return _rejected(detail)
    return Outcome(done=False, code=Cause.MAIL_DEFERRED.value, detail=detail)


def _rejected(detail: str) -> Outcome:
    return Outcome(done=False, code=ErrorCode.MAIL_REJECTED.value, detail=detail, final=True)


def _close(connection: BaseEmailBackend) -> None:
    try:
        connection.close()
    except (SMTPException, OSError):
        log.info("the mail server had already gone")
