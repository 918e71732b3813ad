"""Each row goes to one worker, for as long as its lease; the rows are deliveries here."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from cryptography.fernet import InvalidToken
from django.conf import settings
from django.db import connection, transaction

from outbox.models import Delivery
from signx.claims import LEASE, claim

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
WORKERS = 4


def waiting(key: str, due_at: datetime = NOON) -> Delivery:
    return Delivery.objects.create(
        key=key, kind="plain", channel="test", lane="portal:1", next_attempt_at=due_at
    )


def claimed(at: datetime = NOON, **how: object) -> list[str]:
    keys = claim(Delivery.objects.due(at), field="next_attempt_at", at=at, **how)  # type: ignore[arg-type]
    names = dict(Delivery.objects.values_list("pk", "key"))
    return [names[key] for key in keys]


@pytest.mark.django_db
def test_a_row_is_claimed_once() -> None:
    waiting("reply:1")

    assert claimed() == ["reply:1"]
    assert claimed() == []


@pytest.mark.django_db
def test_a_row_comes_due_again_when_its_lease_has_passed() -> None:
    waiting("reply:1")
    claimed()

    assert claimed(NOON + LEASE - timedelta(seconds=1)) == []
    assert claimed(NOON + LEASE) == ["reply:1"]


@pytest.mark.django_db
def test_a_lease_may_have_a_length_of_its_own() -> None:
    waiting("reply:1")
    claimed(lease=timedelta(minutes=10))

    assert claimed(NOON + timedelta(minutes=9)) == []
    assert claimed(NOON + timedelta(minutes=10)) == ["reply:1"]


@pytest.mark.django_db
def test_only_so_many_are_taken_and_in_their_order() -> None:
    for minute in (3, 1, 2):
        waiting(f"reply:{minute}", NOON - timedelta(minutes=minute))

    assert claimed(most=2) == ["reply:3", "reply:2"]
    assert claimed(most=2) == ["reply:1"]


@pytest.mark.django_db
def test_what_is_not_due_is_left_as_it_is() -> None:
    later = waiting("reply:1", NOON + timedelta(seconds=1))

    assert claimed(attempts="attempts") == []

    kept = Delivery.objects.get(pk=later.pk)
    assert (kept.next_attempt_at, kept.attempts) == (later.next_attempt_at, 0)


@pytest.mark.django_db
@pytest.mark.parametrize(("attempts", "counted"), [("attempts", 1), ("", 0)])
def test_a_claim_counts_as_an_attempt_when_it_is_asked_to(attempts: str, counted: int) -> None:
    row = waiting("reply:1")

    claimed(attempts=attempts)

    after = Delivery.objects.get(pk=row.pk)
    assert (after.attempts, after.next_attempt_at) == (counted, NOON + LEASE)


@pytest.mark.django_db
def test_a_row_that_cannot_be_read_is_claimed_like_any_other() -> None:
    row = waiting("reply:1")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE outbox_delivery SET secret = 'spoilt' WHERE id = %s", [row.pk])

    with pytest.raises(InvalidToken):
        Delivery.objects.get(pk=row.pk)
    assert claimed() == ["reply:1"]


def test_a_lease_is_longer_than_a_worker_may_live() -> None:
    assert LEASE.total_seconds() > settings.Q_CLUSTER["timeout"]


@pytest.mark.django_db(transaction=True)
def test_workers_that_come_together_share_the_rows() -> None:
    keys = [f"reply:{number}" for number in range(3 * WORKERS)]
    for key in keys:
        waiting(key)
    start = Barrier(WORKERS)

    def work(_number: int) -> list[str]:
        start.wait()
        try:
            taken: list[str] = []
            while found := claimed(most=2):
                taken += found
            return taken
        finally:
            connection.close()

    with ThreadPoolExecutor(WORKERS) as pool:
        shares = list(pool.map(work, range(WORKERS)))

    assert sorted(key for share in shares for key in share) == sorted(keys)


@pytest.mark.django_db(transaction=True)
def test_a_locked_row_is_passed_over_where_rows_have_locks() -> None:
    waiting("reply:1")
    waiting("reply:2")
    has_locks = connection.features.has_select_for_update_skip_locked

    def work() -> list[str]:
        try:
            return claimed()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            Delivery.objects.select_for_update().get(key="reply:1")
            taken = pool.submit(work)
            if has_locks:
                assert taken.result(timeout=10) == ["reply:2"]
        assert taken.result(timeout=10) == ["reply:2" if has_locks else "reply:1"]
