"""The portal's limits are kept by us, by all workers together, before the portal has to."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection
from django.utils import timezone

from bitrix24.models import MethodBudget, Portal
from bitrix24.rest import client
from bitrix24.rest.client import Command
from bitrix24.wire import limits
from bitrix24.wire.errors import BitrixError, from_answer
from devportal import cast
from devportal.behaviour.limits import Bucket, OperatingMeter
from signx.errors import ErrorCode

WORKERS = 4
DEAL = {"entityTypeId": 2, "id": cast.DEAL_MAIN}


@pytest.fixture
def slow_leak(settings):
    """A bucket that nobody waits for: a place is free again after 20 s."""
    settings.BITRIX24_RATE_PER_S = 0.05
    settings.BITRIX24_BURST = 30
    Portal.objects.update(bucket_empty_at=0)


def ask_until_busy(portal: Portal, **asked: object) -> int:
    for done in range(200):
        try:
            limits.admit(portal, "profile", **asked)
        except BitrixError as error:
            assert error.code == ErrorCode.PORTAL_BUSY
            return done
    raise AssertionError("no limit")


@pytest.mark.django_db
def test_a_full_bucket_refuses_and_names_the_time(portal, slow_leak, world):
    for _call in range(30 - limits.KEPT_FOR_PEOPLE):
        client.call(portal, "profile")
    since = len(world.requests.rows)

    with pytest.raises(BitrixError) as caught:
        client.call(portal, "profile")

    wait_s = (caught.value.retry_at - timezone.now()).total_seconds()
    assert caught.value.code == ErrorCode.PORTAL_BUSY
    assert 15 < wait_s <= 20 + limits.SPREAD_S
    assert len(world.requests.rows) == since


@pytest.mark.django_db
def test_places_are_kept_for_people_who_look_at_a_page(portal, slow_leak):
    assert ask_until_busy(portal) == 30 - limits.KEPT_FOR_PEOPLE
    assert ask_until_busy(portal, for_person=True) == limits.KEPT_FOR_PEOPLE


@pytest.mark.django_db
def test_the_bucket_leaks(portal, slow_leak, time_machine):
    time_machine.move_to(timezone.now(), tick=False)
    ask_until_busy(portal)

    time_machine.shift(timedelta(seconds=61))
    assert ask_until_busy(portal) == 3

    time_machine.shift(timedelta(hours=1))
    assert ask_until_busy(portal) == 30 - limits.KEPT_FOR_PEOPLE


@pytest.mark.django_db
def test_another_portal_has_a_bucket_of_its_own(portal, install, slow_leak):
    other = install(1)
    Portal.objects.update(bucket_empty_at=0)
    ask_until_busy(portal)

    assert ask_until_busy(other) == 30 - limits.KEPT_FOR_PEOPLE


@pytest.mark.django_db(transaction=True)
def test_workers_at_once_share_one_bucket(portal, slow_leak):
    start = Barrier(WORKERS)

    def work(_number: int) -> int:
        start.wait()
        try:
            return ask_until_busy(Portal.objects.get(pk=portal.pk))
        finally:
            connection.close()

    with ThreadPoolExecutor(WORKERS) as pool:
        taken = list(pool.map(work, range(WORKERS)))

    assert sum(taken) == 30 - limits.KEPT_FOR_PEOPLE


@pytest.mark.django_db
def test_a_burst_never_reaches_the_portals_own_limit(portal, world, settings, time_machine):
    """devportal counts as Bitrix24 does; only its leak is slow here, so that nobody waits."""
    settings.BITRIX24_RATE_PER_S, settings.BITRIX24_BURST = 0.5, 45
    Portal.objects.update(bucket_empty_at=0)
    world._buckets[world.portal.member_id] = Bucket(50, 0.5, world.clock)
    time_machine.move_to(timezone.now(), tick=False)
    since, put_off = len(world.requests.rows), 0
    for _moment in range(20):
        time_machine.shift(timedelta(seconds=2))
        for _try in range(6):
            try:
                client.call(portal, "profile")
            except BitrixError as error:
                assert error.bitrix_code == ""
                put_off += 1

    statuses = [row.status for row in world.requests.rows[since:]]
    assert put_off > 40
    assert len(statuses) > 50
    assert set(statuses) == {200}


@pytest.mark.django_db
def test_a_method_rests_before_the_portal_blocks_it(portal, world, settings):
    settings.BITRIX24_OPERATING_LIMIT_S = 100
    world.meter = OperatingMeter(100, 31, world.clock)
    for _call in range(3):
        client.call(portal, "crm.item.get", DEAL)

    with pytest.raises(BitrixError) as caught:
        client.call(portal, "crm.item.get", DEAL)

    assert caught.value.code == ErrorCode.PORTAL_BUSY
    assert caught.value.retry_at.timestamp() == world.meter.resets_at(
        world.portal.member_id, "crm.item.get"
    )
    assert not [row for row in world.requests.rows if row.status == 429]
    assert client.call(portal, "profile")


@pytest.mark.django_db
def test_a_blocked_method_rests_until_its_last_answer_said(portal, world, settings):
    """Others than us may use up the time of the method; the refusal itself names no time."""
    settings.BITRIX24_OPERATING_LIMIT_S = 100
    world.meter = OperatingMeter(100, 40, world.clock)
    client.call(portal, "crm.item.get", DEAL)
    told = MethodBudget.objects.get().resets_at
    world.meter.charge(world.portal.member_id, "crm.item.get", 60)

    with pytest.raises(BitrixError) as caught:
        client.call(portal, "crm.item.get", DEAL)

    assert caught.value.bitrix_code == "OPERATION_TIME_LIMIT"
    assert caught.value.retry_at == told > timezone.now() + timedelta(minutes=5)


@pytest.mark.django_db
def test_each_command_of_a_batch_names_the_end_of_its_own_methods_rest(
    portal, world, settings, time_machine
):
    settings.BITRIX24_OPERATING_LIMIT_S = 100
    time_machine.move_to(timezone.now(), tick=False)
    world.meter = OperatingMeter(1000, 95, world.clock)
    world.meter.charge(world.portal.member_id, "crm.item.get", 0)
    time_machine.shift(timedelta(minutes=4))

    client.batch(portal, {"deal": Command("crm.item.get", DEAL), "me": Command("user.current")})

    now = timezone.now()
    rests = {row.method: row.rests_until - now for row in MethodBudget.objects.all()}
    assert rests.keys() == {"crm.item.get", "user.current"}
    assert timedelta(minutes=5) <= rests["crm.item.get"] <= timedelta(minutes=6)
    assert timedelta(minutes=9) <= rests["user.current"] <= timedelta(minutes=10)


@pytest.mark.django_db
def test_a_command_that_is_blocked_within_a_batch_rests_as_its_neighbour_said(
    portal, world, settings
):
    settings.BITRIX24_OPERATING_LIMIT_S = 100
    world.meter = OperatingMeter(40, 40, world.clock)
    deals = {f"d{number}": Command("crm.item.get", DEAL) for number in range(2)}

    answer = client.batch(portal, deals | {"me": Command("profile")})

    told = world.meter.resets_at(world.portal.member_id, "crm.item.get")
    assert answer.results.keys() == {"d0", "me"}
    assert answer.errors["d1"].code == ErrorCode.PORTAL_BUSY
    assert answer.errors["d1"].retry_at.timestamp() == told
    assert limits.resting_methods(portal, timezone.now())["crm.item.get"].timestamp() == told


@pytest.mark.django_db
def test_the_next_request_of_a_long_batch_spares_a_method_that_has_begun_to_rest(
    portal, world, settings
):
    settings.BITRIX24_OPERATING_LIMIT_S = 100
    world.meter = OperatingMeter(1000, 2, world.clock)
    deals = {f"d{number}": Command("crm.item.get", DEAL) for number in range(client.BATCH_SIZE)}
    since = len(world.requests.rows)

    answer = client.batch(portal, deals | {"late": Command("crm.item.get", DEAL)})

    assert len(world.requests.rows) == since + 1
    assert answer.results.keys() == deals.keys()
    assert answer.errors["late"].retry_at > timezone.now()


def refused(portal: Portal, code: str = "QUERY_LIMIT_EXCEEDED") -> timedelta:
    """How long the portal rests after a refusal that comes now."""
    error, now = from_answer("profile", code, "", 503), timezone.now()
    limits.note_refusal(portal, "profile", error, now)
    return error.retry_at - now


@pytest.mark.django_db
def test_refusals_that_come_together_are_one(portal, time_machine):
    time_machine.move_to(timezone.now(), tick=False)

    rests = [refused(portal) for _request in range(8)]

    assert len(set(rests)) == 1
    assert rests[0] <= timedelta(seconds=limits.FIRST_PAUSE_S * limits.PAUSE_SPREAD)
    assert Portal.objects.get().busy_streak == 1


@pytest.mark.django_db
def test_each_refusal_after_a_pause_doubles_the_next_one(portal, time_machine):
    time_machine.move_to(timezone.now(), tick=False)
    least = []
    for _time in range(9):
        least.append(refused(portal).total_seconds() / limits.PAUSE_SPREAD)
        time_machine.shift(timedelta(minutes=2))

    for number, shortest_s in enumerate(least):
        longest_s = min(2**number, limits.LONGEST_PAUSE_S)
        assert longest_s / limits.PAUSE_SPREAD <= shortest_s <= longest_s


@pytest.mark.django_db
def test_a_block_is_left_alone_for_an_hour_whatever_else_is_refused(portal, world, time_machine):
    time_machine.move_to(timezone.now(), tick=False)
    world.faults.set({"overload": 1})
    since = len(world.requests.rows)
    for _minute in range(59):
        with pytest.raises(BitrixError) as caught:
            client.call(Portal.objects.get(), "profile")
        time_machine.shift(timedelta(minutes=1))
        assert caught.value.code == ErrorCode.PORTAL_BUSY
    assert len(world.requests.rows) == since + 1

    refused(portal)
    assert Portal.objects.get().paused_until > timezone.now() + timedelta(seconds=30)

    world.faults.clear()
    time_machine.shift(timedelta(minutes=2))
    assert client.call(Portal.objects.get(), "profile")
