"""An administrator's access that ends without a call: who is told, and when not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from bitrix24 import tasks
from bitrix24.models import Portal, PortalToken
from devportal import actions, cast
from tests.bitrix24 import listener
from tests.bitrix24.removals import later, refused_call

pytestmark = pytest.mark.django_db


def test_a_last_token_that_dies_in_its_upkeep_is_told(settled, world, time_machine):
    world.portal.users[cast.DIRECTOR].active = False
    time_machine.move_to(timezone.now() + timedelta(days=151), tick=False)

    tasks.keep_tokens_alive()

    assert Portal.objects.get().access_lost_at is not None
    assert listener.HEARD == [(cast.MEMBER_ID, "access_lost")]


def test_one_that_dies_for_its_owner_is_told(settled, world):
    world.portal.users[cast.DIRECTOR].active = False

    refused_call(cast.DIRECTOR)

    assert listener.HEARD == [(cast.MEMBER_ID, "access_lost")]


def test_a_daily_look_without_anybody_to_look_with_is_told(settled, time_machine):
    PortalToken.objects.all().delete()

    later(time_machine, days=2)

    assert listener.HEARD == [(cast.MEMBER_ID, "access_lost")]


def test_an_employees_token_is_no_loss(settled, world, open_app):
    open_app(cast.CLERK)
    world.portal.users[cast.CLERK].active = False

    refused_call(cast.CLERK)

    assert Portal.objects.get().access_lost_at is None


def test_nobody_is_told_to_come_back_to_what_was_removed(settled, world, time_machine):
    world.portal.app.handlers.clear()
    actions.uninstall(world)

    refused_call()
    later(time_machine, minutes=3)

    assert listener.HEARD == [(cast.MEMBER_ID, "uninstalled")]
