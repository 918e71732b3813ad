"""The mailbox into which undelivered letters return (SIGNX_BOUNCE_MAILBOX), over IMAP or POP3.

People may use it too: only reports about letters of ours are marked as read or deleted, and only
after their news is written down. A worker killed in between reads them again, and a bounce known
already changes nothing. Read by several workers at once, it changes nothing twice either.
"""

from __future__ import annotations

import imaplib
import logging
import poplib
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from django.conf import settings
from django.utils import timezone

from documents.news import bounce_reports, bounces
from outbox.mail import delivery_of
from signx.env import Mailbox

log = logging.getLogger(__name__)

TIMEOUT_S = 30
LETTERS_AT_ONCE = 200
LETTER_LIMIT_BYTES = 1024 * 1024
# Set on letters that are not ours, so that they are read once and stay unread for people.
LOOKED_AT = "$SignxLookedAt"


class Taken(NamedTuple):
    """What a letter was: a report about a letter of ours, and of a failure that was not known."""

    is_ours: bool
    is_news: bool


Take = Callable[[bytes], bool]


def read_mailbox(at: datetime | None = None) -> int:
    """Take in what came back since the last time; the number of new failures. Run by schedule."""
    box: Mailbox | None = settings.BOUNCE_MAILBOX
    if box is None:
        return 0
    now, found = at or timezone.now(), 0

    def take(raw: bytes) -> bool:
        nonlocal found
        try:
            taken = take_in(raw, at=now)
        except Exception:
            # Whatever one letter does, the others are read; it stays for the next time.
            log.exception("a letter of the bounce mailbox cannot be taken in")
            return False
        found += taken.is_news
        return taken.is_ours

    try:
        (_read_imap if box.is_imap else _read_pop3)(box, take)
    except (OSError, imaplib.IMAP4.error, poplib.error_proto) as error:
        log.warning("the bounce mailbox cannot be read: %s", type(error).__name__)
    return found


def take_in(raw: bytes, *, at: datetime) -> Taken:
    """One letter of the mailbox."""
    bounce = bounce_reports.read(raw)
    delivery = delivery_of(bounce.message_id) if bounce else None
    if bounce is None or delivery is None:
        return Taken(is_ours=False, is_news=False)
    return Taken(is_ours=True, is_news=bounces.returned(delivery, bounce.reason, at=at))


def _read_imap(box: Mailbox, take: Take) -> None:
    """Unread letters, the newest first; reports of ours become read and stay (RFC 3501, 2.3.2)."""
    kind = imaplib.IMAP4_SSL if box.is_encrypted else imaplib.IMAP4
    with kind(box.host, box.port, timeout=TIMEOUT_S) as server:
        server.login(box.user, box.password)
        server.select(f'"{box.folder}"')
        _status, listed = server.uid("SEARCH", "UNSEEN", "UNKEYWORD", LOOKED_AT)
        for uid in reversed((listed[0] or b"").split()[-LETTERS_AT_ONCE:]):
            _status, parts = server.uid("FETCH", uid.decode(), "(BODY.PEEK[])")
            letters = [part[1] for part in parts if isinstance(part, tuple)]
            is_ours = any(take(raw) for raw in letters if len(raw) <= LETTER_LIMIT_BYTES)
            # A server without keywords of one's own answers NO: then the letter is read again.
            flag = r"(\Seen)" if is_ours else f"({LOOKED_AT})"
            server.uid("STORE", uid.decode(), "+FLAGS.SILENT", flag)


def _read_pop3(box: Mailbox, take: Take) -> None:
    """POP3 keeps no marks: a report of ours is deleted (RFC 1939, 5). Of the newest letters only
    those whose headers (TOP) say that they are reports are fetched."""
    kind = poplib.POP3_SSL if box.is_encrypted else poplib.POP3
    server = kind(box.host, box.port, timeout=TIMEOUT_S)
    try:
        server.user(box.user)
        server.pass_(box.password)
        for line in reversed(server.list()[1][-LETTERS_AT_ONCE:]):
            number, size = (int(word) for word in line.split()[:2])
            if size > LETTER_LIMIT_BYTES or not _may_be_report(server.top(number, 0)[1]):
                continue
            if take(b"\r\n".join(server.retr(number)[1])):
                server.dele(number)
    finally:
        server.quit()


def _may_be_report(headers: list[bytes]) -> bool:
    return b"multipart/report" in b" ".join(headers).lower()
