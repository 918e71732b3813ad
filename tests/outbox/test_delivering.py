"""At least once on the wire, once in effect, whatever happens to the worker."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection, transaction
from django_q.models import OrmQ

from outbox import services, tasks
from outbox.backoff import RETRY_DELAYS_S
from outbox.base import Outcome
from outbox.models import Delivery
from signx.claims import LEASE
from signx.errors import ErrorCode, SignXError
from tests.outbox.channel import Killed

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
PENDING, DONE, DEAD = Delivery.State.PENDING, Delivery.State.DONE, Delivery.State.DEAD
BUSY = Outcome(done=False, code="portal_unreachable", detail="502")


def queue(key: str = "effect:1", **changes: Any) -> Delivery:
    promise: dict[str, Any] = {
        "kind": "plain",
        "channel": "test",
        "lane": "portal:1",
        "payload": {"method": "say", "params": {"text": "да"}},
        "at": NOON,
    }
    return services.queue(key=key, **(promise | changes))


def after(**time: float) -> datetime:
    return NOON + timedelta(**time)


def fresh(delivery: Delivery) -> Delivery:
    return Delivery.objects.get(pk=delivery.pk)


# --- Queueing ---


def test_the_same_effect_queued_twice_happens_once(channel):
    first, second = queue(), queue(payload={"method": "say", "params": {"text": "нет"}})

    services.deliver_due(NOON)
    services.deliver_due(after(days=9))

    assert first.pk == second.pk
    assert channel.effects == ["effect:1"]


def test_an_effect_of_a_transaction_that_fails_never_happens(channel):
    class Regret(Exception):
        pass

    with pytest.raises(Regret), transaction.atomic():
        queue()
        raise Regret

    assert services.deliver_due(NOON) == 0
    assert channel.effects == []


def test_a_worker_is_woken_once_when_the_transaction_is_committed(
    django_capture_on_commit_callbacks,
):
    with django_capture_on_commit_callbacks(execute=True):
        for number in range(5):
            queue(f"effect:{number}")
        assert not OrmQ.objects.exists()

    assert OrmQ.objects.count() == 1
    assert OrmQ.objects.get().func() == "outbox.tasks.deliver_due"


def test_nothing_goes_before_its_time(channel):
    queue(at=after(minutes=5))

    assert not tasks.has_due(NOON)
    assert services.deliver_due(NOON) == 0
    assert tasks.has_due(after(minutes=5))
    assert services.deliver_due(after(minutes=5)) == 1


def test_lanes_are_sent_apart_and_in_order(channel):
    for number, lane in enumerate(["portal:1", "portal:2", "portal:1", "portal:2"]):
        queue(f"e{number}", lane=lane)

    services.deliver_due(NOON)

    assert sorted(channel.groups) == [["e0", "e2"], ["e1", "e3"]]


def test_a_long_lane_goes_in_chunks_within_the_limit(channel):
    for number in range(50):
        queue(f"e{number}")

    assert services.deliver_due(NOON, limit=40) == 40
    assert [len(group) for group in channel.groups] == [20, 20]
    assert services.deliver_due(NOON) == 10
    assert len(set(channel.effects)) == 50


def test_what_waits_goes_after_what_it_waits_for(channel):
    upload = queue("upload")
    queue("reply", waits_for=[upload])
    channel.answer = lambda delivery: BUSY if delivery.key == "upload" else Outcome(done=True)
    services.deliver_due(NOON)
    assert channel.effects == ["upload"]

    channel.answer = lambda delivery: Outcome(done=True)
    services.deliver_due(after(minutes=1))

    assert channel.effects == ["upload", "upload", "reply"]


def test_what_waits_goes_also_when_the_other_is_given_up(channel):
    upload = queue("upload")
    queue("reply", waits_for=[upload])
    channel.answer = lambda delivery: Outcome(done=delivery.key == "reply", final=True)

    services.deliver_due(NOON)

    assert channel.effects == ["upload", "reply"]
    assert fresh(upload).state == DEAD


# --- Workers that die ---


def test_a_killed_worker_leaves_a_lease_that_runs_out(channel):
    def killed(delivery: Delivery) -> Outcome:
        raise Killed

    delivery = queue()
    channel.answer = killed
    with pytest.raises(Killed):
        services.deliver_due(NOON)
    channel.answer = lambda delivery: Outcome(done=True)

    assert services.deliver_due(after(seconds=1)) == 0
    assert services.deliver_due(NOON + LEASE) == 1
    assert fresh(delivery).state == DONE
    assert fresh(delivery).is_repeat


def test_two_workers_share_the_work(channel):
    """The second one looks while the first is sending."""
    queue("e0")

    def meanwhile(delivery: Delivery) -> Outcome:
        assert services.deliver_due(after(seconds=1)) == 0
        return Outcome(done=True)

    channel.answer = meanwhile
    services.deliver_due(NOON)

    assert channel.effects == ["e0"]


def test_a_late_failure_does_not_undo_what_another_worker_did(channel):
    delivery = queue()

    def slower_than_the_lease(mine: Delivery) -> Outcome:
        channel.answer = lambda theirs: Outcome(done=True, result="theirs")
        services.deliver_due(NOON + LEASE)
        return BUSY

    channel.answer = slower_than_the_lease
    services.deliver_due(NOON)

    assert (fresh(delivery).state, fresh(delivery).result) == (DONE, "theirs")


def test_a_late_success_counts_although_another_worker_tries(channel):
    delivery = queue(kind="told")

    def slower_than_the_lease(mine: Delivery) -> Outcome:
        channel.answer = lambda theirs: BUSY
        services.deliver_due(NOON + LEASE)
        return Outcome(done=True, result="mine")

    channel.answer = slower_than_the_lease
    services.deliver_due(NOON)

    assert (fresh(delivery).state, fresh(delivery).result) == (DONE, "mine")
    assert channel.heard == [("effect:1", DONE)]


# --- Failures ---


def test_failures_are_tried_again_for_two_days_and_then_given_up(channel):
    delivery = queue()
    channel.answer = lambda delivery: BUSY
    at, times = NOON, []

    while fresh(delivery).state == PENDING:
        services.deliver_due(at)
        times.append(at)
        at = fresh(delivery).next_attempt_at

    delays = [(b - a).total_seconds() for a, b in pairwise(times)]
    assert len(times) == len(RETRY_DELAYS_S) + 1
    assert all(
        0.85 * planned <= real <= 1.15 * planned
        for planned, real in zip(RETRY_DELAYS_S, delays, strict=True)
    )
    assert timedelta(hours=36) < times[-1] - NOON < timedelta(hours=54)
    assert fresh(delivery).state == DEAD
    assert fresh(delivery).error_code == "portal_unreachable"


def test_delays_are_spread_so_that_failed_work_does_not_come_back_at_once(channel):
    channel.answer = lambda delivery: BUSY
    for number in range(20):
        queue(f"e{number}")

    services.deliver_due(NOON)

    assert len(set(Delivery.objects.values_list("next_attempt_at", flat=True))) > 10


def test_a_final_refusal_is_given_up_at_once(channel):
    delivery = queue()
    channel.answer = lambda delivery: Outcome(done=False, code="mail_rejected", final=True)

    services.deliver_due(NOON)

    assert (fresh(delivery).state, fresh(delivery).attempts) == (DEAD, 1)
    assert fresh(delivery).settled_at == NOON


def test_an_attempt_that_was_only_put_off_does_not_count(channel):
    delivery = queue()
    channel.answer = lambda delivery: Outcome(done=False, retry_at=after(seconds=7))

    services.deliver_due(NOON)

    assert (fresh(delivery).attempts, fresh(delivery).next_attempt_at) == (0, after(seconds=7))


def test_a_broken_channel_fails_the_group_and_nothing_else(channel):
    def broken(delivery: Delivery) -> Outcome:
        raise RuntimeError(delivery.key)

    channel.answer = broken
    delivery = queue()

    services.deliver_due(NOON)

    assert fresh(delivery).state == PENDING
    assert fresh(delivery).error_code == ErrorCode.INTERNAL_ERROR


def test_one_delivery_that_cannot_be_built_does_not_stop_its_neighbours(channel):
    broken, refused = queue("broken", kind="broken"), queue("refused", kind="refused")
    good = queue("good")

    services.deliver_due(NOON)

    assert fresh(good).state == DONE
    assert (fresh(broken).state, fresh(broken).error_code) == (PENDING, "internal_error")
    assert (fresh(refused).state, fresh(refused).error_code) == (DEAD, "not_found")


def test_what_needs_no_sending_any_more_is_done_without_an_effect(channel):
    delivery = queue(kind="nothing")

    services.deliver_due(NOON)

    assert fresh(delivery).state == DONE
    assert channel.effects == []


# --- Results, listeners, secrets ---


def test_the_answer_is_kept_for_those_who_wait_for_it(channel):
    queue()
    assert services.result_of("effect:1") is None

    services.deliver_due(NOON)

    assert services.result_of("effect:1") == {"id": "effect:1"}
    assert services.result_of("unknown") is None


def test_a_listener_is_told_once_how_it_ended(channel):
    queue("good", kind="told")
    queue("bad", kind="told", lane="portal:2")
    channel.answer = lambda delivery: Outcome(done=delivery.key == "good", final=True)

    services.deliver_due(NOON)
    services.deliver_due(after(days=9))

    assert sorted(channel.heard) == [("bad", DEAD), ("good", DONE)]


def test_a_listener_hears_inside_the_settling_transaction(channel):
    seen: list[tuple[bool, str]] = []

    def hear(delivery: Delivery) -> None:
        row = Delivery.objects.get(pk=delivery.pk)
        seen.append((connection.in_atomic_block, row.state))

    channel.hear = hear
    queue(kind="told")
    services.deliver_due(NOON)

    assert seen == [(True, DONE)]


def test_a_failing_listener_undoes_its_own_work_and_is_told_again_without_a_second_effect(channel):
    def fail(delivery: Delivery) -> None:
        queue("half done")
        raise RuntimeError("the document is locked")

    delivery = queue(kind="told")
    channel.hear = fail
    services.deliver_due(NOON)
    assert fresh(delivery).state == PENDING
    assert not Delivery.objects.filter(key="half done").exists()

    channel.hear = lambda delivery: None
    services.deliver_due(after(minutes=1))

    assert (fresh(delivery).state, fresh(delivery).result) == (DONE, {"id": "effect:1"})
    assert channel.effects == ["effect:1"]
    assert channel.heard == [("effect:1", DONE)]


def raw_secret() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM outbox_delivery")
        return str(cursor.fetchone()[0])


@pytest.mark.parametrize("outcome", [Outcome(done=True), Outcome(done=False, final=True)])
def test_a_secret_is_encrypted_and_wiped_when_settled(channel, outcome):
    delivery = queue(kind="secret", secret={"code": "483920"})
    assert "483920" not in raw_secret()
    assert delivery.open_secret() == {"code": "483920"}
    channel.answer = lambda delivery: outcome

    services.deliver_due(NOON)

    assert raw_secret() == ""
    assert fresh(delivery).open_secret() == {}


def test_a_secret_outlives_attempts_that_failed(channel):
    delivery = queue(kind="secret", secret={"code": "483920"})
    channel.answer = lambda delivery: BUSY

    services.deliver_due(NOON)

    assert fresh(delivery).open_secret() == {"code": "483920"}


# --- Support repeats ---


def kill(channel, **changes: Any) -> Delivery:
    delivery = queue(**changes)
    channel.answer = lambda delivery: Outcome(done=False, code="not_found", final=True)
    services.deliver_due(NOON)
    channel.answer = lambda delivery: Outcome(done=True)
    return fresh(delivery)


def test_support_repeats_a_dead_delivery_as_a_repeat(channel):
    dead = kill(channel)
    seen: list[bool] = []
    channel.answer = lambda delivery: seen.append(delivery.is_repeat) or Outcome(done=True)

    services.repeat(dead, actor="support:1")
    services.deliver_due()

    assert fresh(dead).state == DONE
    assert seen == [True]


@pytest.mark.django_db(transaction=True)
def test_a_repeat_wakes_a_worker(channel):
    dead = kill(channel)
    OrmQ.objects.all().delete()

    services.repeat(dead, actor="support:1")

    assert OrmQ.objects.get().func() == "outbox.tasks.deliver_due"


def test_only_what_was_delivered_is_sent_once_more(channel):
    queue("done")
    services.deliver_due(NOON)
    queue("waiting", at=after(hours=1))
    queue("dead")
    Delivery.objects.filter(key="dead").update(state=DEAD)

    services.send_again(Delivery.objects.all(), NOON)
    services.deliver_due(NOON)

    assert channel.effects == ["done", "done"]


@pytest.mark.parametrize("state", [PENDING, DONE])
def test_only_the_dead_are_repeated(channel, state):
    delivery = queue()
    Delivery.objects.update(state=state)

    with pytest.raises(SignXError) as caught:
        services.repeat(delivery, actor="support:1")

    assert caught.value.code == ErrorCode.STATUS_CONFLICT


def test_what_needed_a_wiped_secret_is_not_repeated(channel):
    dead = kill(channel, kind="secret", secret={"code": "483920"})

    with pytest.raises(SignXError):
        services.repeat(dead, actor="support:1")
