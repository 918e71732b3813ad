"""The mailbox of everybody: an SMTP listener that keeps what it is given."""

from __future__ import annotations

import email
import email.policy
import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

REJECTING_DOMAIN = "reject.test"
"""Recipients here are refused with SMTP 550, as a mail server does with unknown addresses."""

GREYLISTING_DOMAIN = "grey.test"
"""The first attempt for each recipient here is put off with SMTP 451, the next is accepted."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A part of a message that carries a file name."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """One accepted message, raw and taken apart."""

    id: int
    at: float
    sender: str
    recipients: tuple[str, ...]
    raw: bytes
    subject: str
    text: str
    html: str
    headers: tuple[tuple[str, str], ...]
    attachments: tuple[Attachment, ...]

    def as_json(self) -> dict[str, Any]:
        """For the control API; bytes of attachments are left out."""
        return {
            "id": self.id,
            "at": self.at,
            "from": self.sender,
            "to": list(self.recipients),
            "subject": self.subject,
            "text": self.text,
            "html": self.html,
            "headers": [list(pair) for pair in self.headers],
            "attachments": [
                {"name": part.name, "type": part.content_type, "bytes": len(part.content)}
                for part in self.attachments
            ],
        }


class Mailbox:
    """Letters in the order of arrival; ids start at 1. Safe to use from the SMTP thread."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._ids = itertools.count(1)
        self._letters: list[Letter] = []
        self._lock = threading.Lock()

    def accept(self, sender: str, recipients: list[str], raw: bytes) -> Letter:
        """Keep a message as it came over SMTP."""
        message = email.message_from_bytes(raw, policy=email.policy.default)
        assert isinstance(message, EmailMessage)  # noqa: S101 (the policy above makes these)
        letter = Letter(
            id=next(self._ids),
            at=self._now(),
            sender=sender,
            recipients=tuple(recipients),
            raw=raw,
            subject=str(message["subject"] or ""),
            text=_body(message, "plain"),
            html=_body(message, "html"),
            headers=tuple((name, str(value)) for name, value in message.items()),
            attachments=tuple(_attachments(message)),
        )
        with self._lock:
            self._letters.append(letter)
        return letter

    def letters(self, to: str = "") -> list[Letter]:
        """All letters, or those to one address, oldest first."""
        with self._lock:
            letters = list(self._letters)
        if not to:
            return letters
        wanted = to.lower()
        return [row for row in letters if wanted in (name.lower() for name in row.recipients)]

    def letter(self, letter_id: int) -> Letter | None:
        """A letter by its id."""
        return next((row for row in self.letters() if row.id == letter_id), None)

    def clear(self) -> None:
        """Throw all letters away."""
        with self._lock:
            self._letters.clear()


class _Handler:
    """aiosmtpd's hooks; their names are the library's."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox
        self._knocked: set[str] = set()

    async def handle_RCPT(
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        address: str,
        rcpt_options: list[str],
    ) -> str:
        domain = address.lower().rpartition("@")[2]
        if domain == REJECTING_DOMAIN:
            return "550 5.1.1 Mailbox unavailable"
        if domain == GREYLISTING_DOMAIN and address not in self._knocked:
            self._knocked.add(address)
            return "451 4.7.1 Greylisted, try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.content or b""
        raw = content.encode() if isinstance(content, str) else content
        self._mailbox.accept(envelope.mail_from or "", list(envelope.rcpt_tos), raw)
        return "250 2.0.0 Message accepted"


class _Controller(Controller):
    def _trigger_server(self) -> None:
        # Port 0 means any free one; the library would knock on 0 itself.
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


def serve_smtp(mailbox: Mailbox, host: str, port: int) -> Controller:
    """Start the listener in its own thread; stop it with `.stop()`. Messages up to 32 MB."""
    controller = _Controller(
        _Handler(mailbox), hostname=host, port=port, data_size_limit=32 * 1024 * 1024
    )
    controller.start()
    return controller


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    return str(part.get_content()) if part is not None else ""


def _attachments(message: EmailMessage) -> list[Attachment]:
    parts = [part for part in message.iter_attachments() if part.get_filename()]
    return [
        Attachment(
            part.get_filename() or "",
            part.get_content_type(),
            _payload(part),
        )
        for part in parts
    ]


def _payload(part: EmailMessage) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""
