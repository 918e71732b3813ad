"""What a portal has lost is found by the daily look: robots first, then what was told to them."""

from __future__ import annotations

import pytest

from bitrix24.installation import upkeep, wizard
from bitrix24.wire.errors import BitrixError
from documents.core import flow
from documents.models import Document
from signx.errors import ErrorCode, SignXError


def test_robots_come_back_although_something_else_is_refused(robots_on, devportal, monkeypatch):
    def refused(*_asked: object) -> None:
        raise BitrixError(ErrorCode.RIGHT_MISSING, "placement.bind", bitrix_code="ACCESS_DENIED")

    monkeypatch.setattr(wizard, "_bind", refused)
    devportal.portal.app.placements.clear()
    devportal.portal.app.robots.clear()

    with pytest.raises(SignXError, match=r"placement\.bind"):
        upkeep.heal(robots_on)

    assert devportal.portal.app.robots.keys() == {"signx_send", "signx_status"}


def test_an_answer_that_was_lost_with_the_robots_is_given_again(
    processes, converted, devportal, clock
):
    step = processes.send(wait_for="final")
    processes.worker.run()
    devportal.portal.app.robots.clear()
    flow.move(Document.objects.get().pk, "declined", actor="signer:2", detail="Передумали")
    for _sent in range(2):
        processes.worker.run()
        clock(minutes=6)
    assert step.state == "waiting", "the portal took the answer and its repeat, and lost both"

    clock(days=1)
    processes.worker.run()

    assert step.values["status_code"] == "declined"


def test_what_arrived_is_not_repeated_by_the_daily_look(processes, converted, devportal, clock):
    processes.send(wait_for="now")
    processes.worker.run()
    clock(minutes=6)
    processes.worker.run()
    given = len(devportal.calls("bizproc.event.send"))

    clock(days=1)
    processes.worker.run()

    assert len(devportal.calls("bizproc.event.send")) == given
