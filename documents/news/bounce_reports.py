"""Reading what mail systems say about a letter that did not arrive.

Sources: RFC 3464 (delivery status notifications), RFC 3463 (status codes).
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage, Message

log = logging.getLogger(__name__)
_MESSAGE_ID = re.compile(r"^Message-ID:\s*(<[^<>\s]+>)", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True)
class Bounce:
    """`message_id` of our letter, and why it did not arrive, in the mail system's words."""

    message_id: str
    reason: str


def read(raw: bytes) -> Bounce | None:
    """The final failure that a letter reports; None for anything else.

    A delay is no failure, and neither are answers of people on holiday. Anybody may write to the
    mailbox: what cannot be read is no report either.
    """
    try:
        return _read(raw)
    except Exception as error:  # the standard parser raises many kinds on malformed headers
        log.warning("a letter of %d bytes cannot be read: %s", len(raw), type(error).__name__)
        return None


def _read(raw: bytes) -> Bounce | None:
    report = message_from_bytes(raw, policy=policy.default)
    if not isinstance(report, EmailMessage) or not _is_status_report(report):
        return None
    reason = _reason(report)
    original = _original_id(report)
    return Bounce(original, reason) if reason and original else None


def _is_status_report(letter: EmailMessage) -> bool:
    kind = str(letter.get_param("report-type", "") or "")
    return letter.get_content_type() == "multipart/report" and kind == "delivery-status"


def _reason(report: EmailMessage) -> str:
    """Of the first recipient for whom delivery has failed; we write to one address a letter."""
    for fields in _recipients(report):
        if str(fields.get("Action", "")).strip().lower() != "failed":
            continue
        status = str(fields.get("Status", "")).split(" ")[0].strip()
        diagnostic = str(fields.get("Diagnostic-Code", "")).partition(";")[2]
        words = " ".join(diagnostic.split())
        return words if status and status in words else f"{status} {words}".strip() or "failed"
    return ""


def _recipients(report: EmailMessage) -> Iterator[Message]:
    """The blocks of fields of a message/delivery-status part; the first one is of the message."""
    for part in report.walk():
        if part.get_content_type() == "message/delivery-status":
            blocks = part.get_payload()
            if isinstance(blocks, list):
                yield from (block for block in blocks if isinstance(block, Message))


def _original_id(report: EmailMessage) -> str:
    """From the returned letter or its headers; some systems only answer to it."""
    for part in report.walk():
        kind = part.get_content_type()
        if kind == "message/rfc822":
            inner = part.get_payload()
            letter = inner[0] if isinstance(inner, list) and inner else None
            if isinstance(letter, Message) and letter.get("Message-ID"):
                return str(letter["Message-ID"]).strip()
        elif kind == "text/rfc822-headers":
            found = _MESSAGE_ID.search(_text(part))
            if found:
                return found[1]
    return str(report.get("In-Reply-To", "")).strip()


def _text(part: Message) -> str:
    payload = part.get_payload(decode=True)
    return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
