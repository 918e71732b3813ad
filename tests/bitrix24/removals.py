"""What the tests of removals, returns and lost access share."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from bitrix24 import tasks
from bitrix24.models import Portal
from bitrix24.rest import client as portal_client
from bitrix24.wire.errors import BitrixError
from devportal import phpform

EVENTS = "/b24/events"


def status() -> str:
    return Portal.objects.get().status


def later(time_machine: Any, **delta: float) -> None:
    time_machine.move_to(timezone.now() + timedelta(**delta), tick=False)
    tasks.run_due()


def refused_call(user_id: int | None = None) -> None:
    with pytest.raises(BitrixError):
        portal_client.call(Portal.objects.get(), "profile", as_user=user_id)


def refreshes(world: Any) -> int:
    return sum(row.path == "/oauth/token/" for row in world.requests.rows)


def announce(client, world, **changes):
    """ONAPPUNINSTALL as anybody who can read the application_token may send it. `clean` 1 asks to
    delete the data; other `changes` replace keys of the auth block."""
    auth = {
        "domain": world.portal.domain,
        "member_id": world.portal.member_id,
        "application_token": world.portal.application_token,
    }
    data = {"CLEAN": changes.pop("clean", "1")}
    form = phpform.encode({"event": "ONAPPUNINSTALL", "data": data, "auth": auth | changes})
    return client.post(EVENTS, form, content_type="application/x-www-form-urlencoded")
