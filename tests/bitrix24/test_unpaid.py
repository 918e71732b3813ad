"""A portal whose application is not paid for: it is there, and payment wakes what waits."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from bitrix24 import tasks
from bitrix24.models import Portal, PortalToken
from bitrix24.rest import client as portal_client
from bitrix24.wire.errors import UNPAID_PAUSE, BitrixError
from bitrix24.wire.limits import PAYMENT
from devportal import actions, cast
from outbox import services
from outbox.models import Delivery
from signx.claims import LEASE
from signx.errors import ErrorCode
from tests.bitrix24 import listener
from tests.bitrix24.removals import announce, later, status

pytestmark = pytest.mark.django_db


@pytest.fixture
def unpaid(settled: Portal, world, time_machine) -> Portal:
    time_machine.move_to(timezone.now(), tick=False)
    world.faults.set({"unpaid": 1})
    return settled


@pytest.fixture
def notice(unpaid: Portal) -> Delivery:
    params = {"USER_ID": cast.CLERK, "MESSAGE": "Договор подписан", "TAG": "d-1"}
    payload = {"method": "im.notify.system.add", "params": params}
    return services.queue(
        key="notice:1", kind="plain", channel="portal", lane=unpaid.lane, payload=payload
    )


def delivery() -> Delivery:
    return Delivery.objects.get()


def pay(world) -> None:
    world.faults.clear()
    actions.fire_event(world, "ONAPPPAYMENT", {"STATUS": "P", "PAYMENT_EXPIRED": "N", "DAYS": "30"})
    world.settle()


@pytest.mark.parametrize("who", ["the portal", "the authorization server"])
def test_the_refusal_names_the_time_of_the_next_try(unpaid, time_machine, who):
    if who == "the authorization server":
        time_machine.move_to(timezone.now() + timedelta(hours=2), tick=False)

    with pytest.raises(BitrixError) as refused:
        portal_client.call(unpaid, "profile")

    assert refused.value.code == ErrorCode.PORTAL_UNREACHABLE
    assert refused.value.retry_at == timezone.now() + UNPAID_PAUSE


def test_a_delivery_waits_for_a_day_without_using_up_its_tries(notice, world, time_machine):
    for _hour in range(24):
        services.deliver_due()
        time_machine.move_to(timezone.now() + timedelta(hours=1), tick=False)
    assert (delivery().state, delivery().attempts) == (Delivery.State.PENDING, 0)

    world.faults.clear()
    services.deliver_due()

    assert delivery().state == Delivery.State.DONE


def test_administrators_read_it_at_once_and_the_look_is_no_later_than_the_next_try(notice):
    services.deliver_due()

    told = Portal.objects.get()
    assert told.missing == [PAYMENT]
    assert told.look_over_at == timezone.now() + UNPAID_PAUSE


def test_payment_wakes_what_waits(notice, world):
    services.deliver_due()
    assert not services.deliver_due()

    pay(world)
    tasks.run_due()
    services.deliver_due()

    assert delivery().state == Delivery.State.DONE
    assert Portal.objects.get().missing == []
    assert listener.HEARD == [(cast.MEMBER_ID, "paid")]


def test_who_only_claims_to_have_paid_wakes_nothing(notice, world):
    services.deliver_due()

    actions.fire_event(world, "ONAPPPAYMENT", {"PAYMENT_EXPIRED": "N"})
    world.settle()
    tasks.run_due()

    assert not services.deliver_due()
    assert listener.HEARD == []


def test_payment_does_not_wake_what_somebody_is_sending(notice, world):
    services.deliver_due()
    leased = timezone.now() + LEASE
    Delivery.objects.update(next_attempt_at=leased)

    pay(world)
    tasks.run_due()

    assert delivery().next_attempt_at == leased


def test_nor_what_was_never_tried(notice, world):
    tomorrow = timezone.now() + timedelta(days=1)
    Delivery.objects.update(next_attempt_at=tomorrow)
    with pytest.raises(BitrixError):
        portal_client.call(Portal.objects.get(), "profile")

    pay(world)
    tasks.run_due()

    assert delivery().next_attempt_at == tomorrow


def test_an_unpaid_portal_is_not_taken_for_one_that_is_gone(unpaid, world, client, time_machine):
    announce(client, world)
    tasks.run_due()
    for _check in range(3):
        later(time_machine, minutes=70)

    kept = Portal.objects.get()
    assert status() == Portal.Status.ACTIVE
    assert (kept.uninstall_check_at, kept.removal_unproved_at) == (None, None)
    assert kept.wipe_at is None


def test_tokens_that_are_offered_meanwhile_are_taken_up_after_payment(unpaid, world, time_machine):
    PortalToken.objects.update(dead_at=timezone.now(), dead_reason="invalid_grant")
    actions.fire_event(world, "ONAPPUPDATE", user_id=cast.DIRECTOR)
    later(time_machine, minutes=1)
    assert PortalToken.objects.get().dead_at is not None

    world.faults.clear()
    later(time_machine, minutes=10)

    assert PortalToken.objects.get().dead_at is None
