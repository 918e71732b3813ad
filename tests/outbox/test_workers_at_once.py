"""Workers that really run at the same time, on connections of their own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier

import pytest
from django.db import connection

from outbox import services
from outbox.models import Delivery

pytestmark = pytest.mark.databases

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
WORKERS = 4


def at_once(work: Callable[[], object]) -> list[object]:
    """The results of WORKERS threads that begin together."""
    start = Barrier(WORKERS)

    def run(_number: int) -> object:
        start.wait()
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(run, range(WORKERS)))


def queue(key: str) -> Delivery:
    payload = {"method": "say", "params": {}}
    return services.queue(
        key=key, kind="plain", channel="test", lane="portal:1", payload=payload, at=NOON
    )


@pytest.mark.django_db(transaction=True)
def test_every_effect_happens_once(channel):
    for number in range(60):
        queue(f"effect:{number}")

    attempts = at_once(lambda: services.deliver_due(NOON))

    assert sum(attempts) == 60
    assert set(Counter(channel.effects).values()) == {1}
    assert len(channel.effects) == 60
    assert not Delivery.objects.exclude(state=Delivery.State.DONE).exists()


@pytest.mark.django_db(transaction=True)
def test_one_effect_queued_by_all_of_them_is_one_delivery(channel):
    rows = at_once(lambda: queue("effect:1").pk)

    assert len(set(rows)) == 1
    assert Delivery.objects.count() == 1
