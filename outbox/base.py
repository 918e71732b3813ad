"""What the outbox sends and what a channel answers.

A channel is a function `send(deliveries) -> outcomes` (outbox.kinds.Send). It gets deliveries of
one lane, asks `outbox.services.content_or_outcome` for what each of them carries, and returns
one Outcome per delivery in the same order.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Command:
    """One REST call of a portal.

    In the channel "disk" the method is `disk.folder.uploadfile` and the params are `name` (str),
    `content` (bytes) and, unless the portal's own folder is meant, `id` (folder).
    """

    method: str
    params: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Attachment:
    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """An e-mail to one address. An empty `message_id` is made from the delivery's key; `sender` is
    the name in From, empty = the service's own."""

    to: str
    subject: str
    text: str
    html: str
    attachments: tuple[Attachment, ...] = ()
    message_id: str = ""
    sender: str = ""


@dataclass(frozen=True, slots=True)
class Sms:
    """A short message to one phone; `phone` is digits with the country code, without a plus."""

    phone: str
    text: str


Content = Command | Letter | Sms


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one attempt ended.

    `retry_at`: the other side refused before doing anything and named a time, so the attempt
    does not count. `final`: another attempt cannot help. `code` is an ErrorCode or a Cause value.
    """

    done: bool
    result: Any = None
    code: str = ""
    detail: str = ""
    retry_at: datetime | None = None
    final: bool = False
