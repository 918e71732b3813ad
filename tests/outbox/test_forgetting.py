"""What the outbox forgets with time, and what it may never forget."""

from __future__ import annotations

from datetime import timedelta

import pytest

from outbox import services, tasks
from outbox.base import Outcome
from outbox.models import Delivery
from tests.outbox.test_delivering import NOON, after, fresh, queue

pytestmark = pytest.mark.django_db


@pytest.fixture
def later(settings):
    """More than DELIVERY_DAYS after noon."""
    return NOON + timedelta(days=settings.DELIVERY_DAYS, minutes=1)


def test_what_was_delivered_long_ago_is_gone(channel, later):
    for number in range(3):
        queue(f"effect:{number}")
    services.deliver_due(NOON)

    tasks.forget_delivered(later - timedelta(minutes=2))
    assert Delivery.objects.count() == 3, "not yet"
    tasks.forget_delivered(later)

    assert not Delivery.objects.exists()


def test_more_rows_than_are_deleted_at_once_go_all_the_same(channel, later, monkeypatch):
    monkeypatch.setattr(tasks, "PIECE", 2)
    for number in range(5):
        queue(f"effect:{number}")
    assert services.deliver_due(NOON) == 5

    tasks.forget_delivered(later)

    assert not Delivery.objects.exists()


def test_a_row_that_others_ask_for_loses_its_contents_and_still_stops_a_second_sending(
    channel, later
):
    kept = queue(kind="told")
    services.deliver_due(NOON)

    for _twice in range(2):
        tasks.forget_delivered(later)
    queue(kind="told", at=later)
    services.deliver_due(later)

    assert fresh(kept).payload == {}
    assert services.result_of(kept.key) == {"id": kept.key}
    assert channel.effects == [kept.key]


def test_what_has_failed_stays_on_the_desk_and_can_be_repeated(channel, later):
    dead = queue()
    channel.answer = lambda delivery: Outcome(done=False, code="portal_unreachable", final=True)
    services.deliver_due(NOON)

    tasks.forget_delivered(later)

    assert fresh(dead).payload == dead.payload
    assert services.repeat(fresh(dead), actor="support:1").state == Delivery.State.PENDING


def test_what_still_waits_is_never_forgotten(later):
    queue(at=after(days=365))

    tasks.forget_delivered(later)

    assert Delivery.objects.get().payload


def test_who_waited_for_what_is_forgotten_goes_on(channel, later):
    first = queue("effect:1")
    services.deliver_due(NOON)
    queue("effect:2", waits_for=[first], at=later)

    tasks.forget_delivered(later)
    services.deliver_due(later)

    assert channel.effects == ["effect:1", "effect:2"]
