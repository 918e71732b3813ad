"""Workers that really run at the same time, on connections of their own."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime

import pytest
from django.db import transaction

from outbox import services
from outbox.base import Outcome
from outbox.models import Delivery
from signx.errors import ErrorCode
from tests.employees.threads import at_once

pytestmark = pytest.mark.databases

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
WORKERS = 4


def queue(key: str, kind: str = "plain", lane: str = "portal:1") -> Delivery:
    payload = {"method": "say", "params": {}}
    return services.queue(key=key, kind=kind, channel="test", lane=lane, payload=payload, at=NOON)


@pytest.mark.django_db(transaction=True)
def test_every_effect_happens_once(channel):
    for number in range(60):
        queue(f"effect:{number}")

    attempts = at_once(lambda _: services.deliver_due(NOON), WORKERS)

    assert sum(attempts) == 60
    assert set(Counter(channel.effects).values()) == {1}
    assert len(channel.effects) == 60
    assert not Delivery.objects.exclude(state=Delivery.State.DONE).exists()


@pytest.mark.django_db(transaction=True)
def test_workers_of_one_moment_take_a_lane_each(channel):
    for number in range(WORKERS):
        queue(f"effect:{number}", lane=f"portal:{number}")

    attempts = at_once(lambda _: services.deliver_due(NOON, limit=1), WORKERS)

    assert attempts == [1] * WORKERS


@pytest.mark.django_db(transaction=True)
def test_one_effect_queued_by_all_of_them_is_one_delivery(channel):
    rows = at_once(lambda _: queue("effect:1").pk, WORKERS)

    assert len(set(rows)) == 1
    assert Delivery.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_listener_is_told_once_by_workers_who_were_all_successful(channel):
    """As after a lease that ran out while the first of them was still sending."""
    sent = queue("effect:1", kind="told")

    at_once(lambda _: services.settle(sent, Outcome(done=True), NOON), WORKERS)

    assert channel.heard == [("effect:1", "done")]


@pytest.mark.django_db(transaction=True)
def test_what_is_just_being_repeated_by_somebody_else_is_not_repeated_again(channel):
    """Whoever looked before the other has finished would send once more what is delivered."""
    dead = queue("effect:1")
    Delivery.objects.update(state=Delivery.State.DEAD)

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            Delivery.objects.update(state=Delivery.State.DONE)
            repeating = pool.submit(
                at_once, lambda _: services.repeat(dead, actor="support:anna"), 1
            )
            wait([repeating], timeout=0.3)
        outcomes = repeating.result(timeout=30)

    assert outcomes == [ErrorCode.STATUS_CONFLICT]
    assert Delivery.objects.get().state == Delivery.State.DONE
