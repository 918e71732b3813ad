"""Notices in the portal's chat: one way to queue them for everybody who has news."""

from __future__ import annotations

from datetime import datetime

from bitrix24.models import Portal
from bitrix24.rest.methods import notify_command
from outbox.models import Delivery
from outbox.services import queue


def queue_notice(
    portal: Portal,
    bitrix_user_id: int,
    message: str,
    *,
    key: str,
    kind: str,
    subject: tuple[str, str],
    tag: str = "",
    at: datetime | None = None,
) -> Delivery:
    """A notice from the application, in the chat's own markup; the same key is the same notice.

    A notice with the same `tag` takes the place of the earlier one.
    """
    command = notify_command(bitrix_user_id, message, tag=tag)
    return queue(
        key=key,
        kind=kind,
        channel="portal",
        lane=portal.lane,
        payload={"method": command.method, "params": command.params},
        subject=subject,
        at=at,
    )


def plain(text: str) -> str:
    """Text from outside without the brackets that the portal reads as BB-code."""
    return text.replace("[", "(").replace("]", ")")
