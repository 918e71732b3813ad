"""A worker that dies loses nothing and doubles nothing."""

from __future__ import annotations

import pytest

from chaos.stage import Stage
from demo.story import Story
from signx.claims import LEASE

pytestmark = pytest.mark.databases


def effective_answers(story: Story, step: str) -> list[str]:
    """Log lines of a step: one for each answer that closed it."""
    token = story.step(step)["event_token"]
    return [
        call["return_values"]["status_code"]
        for call in story.portal.get("calls", name="bizproc.event.send")
        if call["event_token"] == token
    ]


@pytest.fixture
def stack_class() -> type[Stage]:
    """With a clock that can be moved."""
    return Stage


@pytest.mark.parametrize("moment", ["before the last signature", "while the files are made"])
def test_the_process_is_answered_once_after_a_kill_between_hand_over_and_seal(story, moment):
    story.open_office()
    story.start_process()
    visitor, code = story.ask_for_code(story.wait_for_invitation())

    if moment == "before the last signature":
        story.stack.kill("worker")
    visitor.press("Подписать документ", code=code)
    if moment == "while the files are made":
        story.stack.kill("worker")
        # Whatever the dead one had in hand is free again when his lease is over.
        story.stack.jump(LEASE.total_seconds() + 1)
    story.stack.start_worker()
    story.wait_for_end()

    assert story.step("send")["values"]["status_code"] == "sent"
    assert story.step("status")["values"]["status_code"] == "completed"
    assert effective_answers(story, "send") == ["sent"]
    assert effective_answers(story, "status") == ["completed"]
    assert story.balance_before - story.balance_after == 1
    story.stack.manage("verify_journal")
