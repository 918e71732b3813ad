"""What the outbox itself can do: mail and SMS, and work that comes due."""

from __future__ import annotations

from outbox import kinds, mail, sms, tasks
from signx import due_work


def wire() -> None:
    """Called once, when all apps are loaded."""
    kinds.register_channel("mail", mail.send, chunk=10)
    kinds.register_channel("sms", sms.send)
    due_work.register(tasks.deliver_due, has_due=tasks.has_due)
