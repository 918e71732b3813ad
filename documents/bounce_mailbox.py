"""The mailbox into which undelivered letters return (SIGNX_BOUNCE_MAILBOX), over IMAP or POP3.

A letter leaves the list of unread ones only after its news is written down: a worker killed in
between reads it again, and a bounce known already changes nothing. Read by several workers at
once, it changes nothing twice either.
"""

from __future__ import annotations

import imaplib
import logging
import poplib
from collections.abc import Callable
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from documents import bounce_reports, bounces
from outbox.mail import delivery_of
from signx.env import Mailbox

log = logging.getLogger(__name__)

TIMEOUT_S = 30
LETTERS_AT_ONCE = 200
LETTER_LIMIT_BYTES = 1024 * 1024
Take = Callable[[bytes], None]


def read_mailbox(at: datetime | None = None) -> int:
    """Take in what came back since the last time; the number of new failures. Run by schedule."""
    box: Mailbox | None = settings.BOUNCE_MAILBOX
    if box is None:
        return 0
    moment, found = at or timezone.now(), 0

    def take(raw: bytes) -> None:
        nonlocal found
        found += take_in(raw, at=moment)

    try:
        (_read_imap if box.is_imap else _read_pop3)(box, take)
    except (OSError, imaplib.IMAP4.error, poplib.error_proto) as error:
        log.warning("the bounce mailbox cannot be read: %s", type(error).__name__)
    return found


def take_in(raw: bytes, *, at: datetime) -> bool:
    """One letter of the mailbox; whether it told of a failure that was not known."""
    bounce = bounce_reports.read(raw)
    delivery = delivery_of(bounce.message_id) if bounce else None
    if bounce is None or delivery is None:
        return False
    return bounces.returned(delivery, bounce.reason, at=at)


def _read_imap(box: Mailbox, take: Take) -> None:
    """Unread letters; read ones are marked so and stay (RFC 3501, 2.3.2)."""
    kind = imaplib.IMAP4_SSL if box.is_encrypted else imaplib.IMAP4
    with kind(box.host, box.port, timeout=TIMEOUT_S) as server:
        server.login(box.user, box.password)
        server.select(f'"{box.folder}"')
        _status, listed = server.uid("SEARCH", "UNSEEN")
        for uid in (listed[0] or b"").split()[:LETTERS_AT_ONCE]:
            _status, parts = server.uid("FETCH", uid.decode(), "(BODY.PEEK[])")
            for part in parts:
                if isinstance(part, tuple) and len(part[1]) <= LETTER_LIMIT_BYTES:
                    take(part[1])
            server.uid("STORE", uid.decode(), "+FLAGS.SILENT", r"(\Seen)")


def _read_pop3(box: Mailbox, take: Take) -> None:
    """POP3 keeps no marks: what was taken in is deleted (RFC 1939, 5)."""
    kind = poplib.POP3_SSL if box.is_encrypted else poplib.POP3
    server = kind(box.host, box.port, timeout=TIMEOUT_S)
    try:
        server.user(box.user)
        server.pass_(box.password)
        for line in server.list()[1][:LETTERS_AT_ONCE]:
            number, size = (int(word) for word in line.split()[:2])
            if size <= LETTER_LIMIT_BYTES:
                take(b"\r\n".join(server.retr(number)[1]))
            server.dele(number)
    finally:
        server.quit()
