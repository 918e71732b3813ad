"""Calls with an application_token that we do not know."""

from __future__ import annotations

import pytest

from bitrix24 import tasks
from bitrix24.models import HeldCall, Portal
from devportal import actions, cast
from devportal.application import installation
from tests.bitrix24.removals import later

pytestmark = pytest.mark.django_db


def test_forged_calls_cost_one_request_in_a_while(settled, world, client, time_machine):
    world.requests.rows.clear()

    for number in range(30):
        actions.fire_event(
            world,
            "ONAPPUPDATE",
            user_id=cast.DIRECTOR,
            changes={"application_token": "0" * 32, "access_token": f"{number}" * 20},
        )
        later(time_machine, seconds=1)

    assert len(world.requests.rows) <= 4
    assert Portal.objects.get().application_token == settled.application_token


def test_only_so_many_calls_are_held(settled, world, client):
    changes = {"application_token": "0" * 32, "access_token": "f" * 70}

    for _call in range(105):
        actions.fire_event(world, "ONAPPUPDATE", user_id=cast.DIRECTOR, changes=changes)

    assert HeldCall.objects.count() == 100
    assert world.sent[-1].status == 403


def test_a_held_call_waits_while_the_server_is_down(settled, world, time_machine):
    world.ways.choose({"update_token": "new"})
    world.faults.set({"info_502": 1})
    installation.update(world, world.portal, cast.DIRECTOR)
    world.settle()
    tasks.run_due()
    assert Portal.objects.get().application_token == settled.application_token

    world.faults.clear()
    later(time_machine, seconds=11)

    assert Portal.objects.get().application_token == world.portal.application_token
    assert not HeldCall.objects.exists()


def test_held_calls_are_not_kept_for_ever(settled, world, time_machine):
    world.faults.set({"info_502": 1})
    changes = {"application_token": "0" * 32}
    actions.fire_event(world, "ONAPPUPDATE", user_id=cast.DIRECTOR, changes=changes)
    assert HeldCall.objects.exists()

    later(time_machine, minutes=61)

    assert not HeldCall.objects.exists()
