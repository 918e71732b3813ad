"""`im.notify.*`: notices in the bell. A new one with the same TAG removes the old one."""

from __future__ import annotations

import json
from typing import Any

from devportal.errors import RestError
from devportal.portals.portal import Notification
from devportal.rest.registry import Call, rest_method

_ATTACH_LIMIT = 60_000


@rest_method("im.notify.system.add", "im")
def notify_system(call: Call) -> int | bool:
    """A notice from the application, which the portal names in front of it."""
    return _notify(call, author=call.world.config.app_title)


@rest_method("im.notify.personal.add", "im")
def notify_personal(call: Call) -> int | bool:
    """A notice in the name of the caller."""
    return _notify(call, author=call.user.full_name)


@rest_method("im.notify.delete", "im")
def notify_delete(call: Call) -> bool:
    """Delete by ID, TAG or SUB_TAG."""
    number, tag, sub_tag = (str(call.upper.get(key) or "") for key in ("ID", "TAG", "SUB_TAG"))
    before = len(call.portal.notifications)
    call.portal.notifications = [
        row
        for row in call.portal.notifications
        if not (
            (number and str(row.id) == number)
            or (tag and row.tag == tag)
            or (sub_tag and row.sub_tag == sub_tag)
        )
    ]
    return len(call.portal.notifications) < before


def _notify(call: Call, *, author: str) -> int | bool:
    user_id = str(call.upper.get("USER_ID") or "")
    message = str(call.upper.get("MESSAGE") or "").strip()
    if not user_id.isdigit() or int(user_id) == 0:
        raise RestError("USER_ID_EMPTY", "User ID can't be empty")
    if not message:
        raise RestError("MESSAGE_EMPTY", "Message can't be empty")
    _check_attach(call.upper.get("ATTACH"))
    user = call.portal.users.get(int(user_id))
    if user is None or not user.active:
        return False
    tag = str(call.upper.get("TAG") or "")
    notices = call.portal.notifications
    # The tag is one notice of the whole application, whoever it was for.
    call.portal.notifications = [row for row in notices if not tag or row.tag != tag]
    notice = Notification(
        id=next(call.portal.numbers),
        user_id=user.id,
        text=message,
        tag=tag,
        sub_tag=str(call.upper.get("SUB_TAG") or ""),
        created_at=call.now,
        author=author,
    )
    call.portal.notifications.append(notice)
    return notice.id


def _check_attach(attach: Any) -> None:
    if not attach:
        return
    if isinstance(attach, str):
        try:
            json.loads(attach)
        except ValueError:
            raise RestError("ATTACH_ERROR", "Incorrect attach params") from None
    size = len(attach if isinstance(attach, str) else json.dumps(attach))
    if size > _ATTACH_LIMIT:
        raise RestError("ATTACH_OVERSIZE", "You have exceeded the maximum allowable size of attach")
