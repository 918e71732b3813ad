"""A refresh whose answer is lost: as long as anybody's token works, the portal is not locked out;
when none does, it is told, and the portal's own calls bring the way back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from bitrix24 import tasks
from bitrix24.calls import incoming
from bitrix24.models import Portal, PortalToken
from bitrix24.rest import client
from bitrix24.tokens import oauth
from bitrix24.wire.errors import BitrixError
from devportal import cast
from devportal.application.auth_block import auth_block
from tests.bitrix24 import listener

pytestmark = pytest.mark.django_db


@pytest.fixture
def alone(portal, time_machine) -> Portal:
    """One administrator, whose access token has run out."""
    tasks.run_due()
    listener.HEARD.clear()
    time_machine.move_to(timezone.now() + timedelta(hours=2), tick=True)
    return Portal.objects.get()


@pytest.fixture
def two_administrators(portal, world, open_app, time_machine) -> Portal:
    """Two, and both access tokens have run out."""
    tasks.run_due()
    world.portal.users[cast.CLERK].is_admin = True
    open_app(cast.CLERK)
    listener.HEARD.clear()
    time_machine.move_to(timezone.now() + timedelta(hours=2), tick=True)
    return Portal.objects.get()


def lose_next_refresh(world) -> None:
    """The server has rotated the pair, and nobody hears of it."""
    world.faults.set({"refresh_lost": 1.0})
    for token in PortalToken.objects.usable()[:1]:
        with pytest.raises(BitrixError):
            oauth.refresh(token)
    world.faults.clear()


def test_the_next_administrator_answers_for_the_first(two_administrators, world):
    lose_next_refresh(world)

    profile = client.call(two_administrators, "profile")

    lost = PortalToken.objects.get(dead_at__isnull=False)
    assert lost.dead_reason == oauth.LOST
    assert int(profile["ID"]) != lost.bitrix_user_id
    assert Portal.objects.get().access_lost_at is None
    assert listener.HEARD == []


def test_a_server_that_answers_a_repeat_costs_nothing(alone, world):
    world.ways.choose({"refresh_reuse": "accepted"})
    lose_next_refresh(world)

    assert int(client.call(alone, "profile")["ID"]) == cast.DIRECTOR
    assert PortalToken.objects.get().is_in_doubt is False


def test_an_authorization_server_that_is_down_locks_nobody_out(two_administrators, world):
    world.faults.set({"auth_502": 1.0})
    with pytest.raises(BitrixError):
        client.call(two_administrators, "profile")
    world.faults.clear()

    assert client.call(two_administrators, "profile")
    assert not PortalToken.objects.filter(dead_at__isnull=False).exists()


def test_administrators_are_told_once_when_none_is_left(alone, world):
    lose_next_refresh(world)

    for _call in range(3):
        with pytest.raises(BitrixError):
            client.call(alone, "profile")

    assert Portal.objects.get().access_lost_at is not None
    assert listener.HEARD == [(cast.MEMBER_ID, "access_lost")]


def test_opening_the_application_is_the_cure(alone, world, open_app):
    lose_next_refresh(world)
    with pytest.raises(BitrixError):
        client.call(alone, "profile")

    assert open_app().status_code == 200

    assert Portal.objects.get().access_lost_at is None
    assert client.call(alone, "profile")


def test_the_portals_own_call_is_the_cure_too(alone, world):
    """A robot call carries the tokens of the administrator who set the robot up."""
    lose_next_refresh(world)
    with pytest.raises(BitrixError):
        client.call(alone, "profile")

    incoming.authenticate(
        {"auth": auth_block(world, world.portal, cast.DIRECTOR, with_refresh=True)}
    )
    assert tasks.has_due(timezone.now())
    tasks.run_due()

    assert Portal.objects.get().access_lost_at is None
    assert Portal.objects.get().offer == ""
    assert client.call(alone, "profile")


@pytest.mark.parametrize("whose", ["employee", "stranger"])
def test_tokens_of_others_are_no_cure(alone, world, whose):
    lose_next_refresh(world)
    with pytest.raises(BitrixError):
        client.call(alone, "profile")
    auth = auth_block(world, world.portal, cast.CLERK, with_refresh=True)
    if whose == "stranger":
        foreign = world.auth.issue(world.other_portal, cast.DIRECTOR)
        auth |= {"access_token": foreign.access_token, "refresh_token": foreign.refresh_token}

    incoming.authenticate({"auth": auth})
    tasks.run_due()

    assert Portal.objects.get().access_lost_at is not None
    assert not PortalToken.objects.usable().filter(is_admin=True).exists()
    assert not tasks.has_due(timezone.now())


def test_an_offer_waits_while_nobody_answers(alone, world, time_machine):
    lose_next_refresh(world)
    with pytest.raises(BitrixError):
        client.call(alone, "profile")
    incoming.authenticate(
        {"auth": auth_block(world, world.portal, cast.DIRECTOR, with_refresh=True)}
    )
    world.faults.set({"http_502": 1.0})
    tasks.run_due()
    assert not tasks.has_due(timezone.now())
    world.faults.clear()

    time_machine.shift(timedelta(minutes=6))
    tasks.run_due()

    assert Portal.objects.get().access_lost_at is None


def test_while_there_is_access_calls_offer_nothing(portal, world):
    tasks.run_due()

    incoming.authenticate(
        {"auth": auth_block(world, world.portal, cast.DIRECTOR, with_refresh=True)}
    )

    assert Portal.objects.get().offer == ""


def test_a_late_answer_still_counts(alone, world):
    """Its worker was held up beyond the lease, and another one has tried the spent token."""
    slow, quick = (PortalToken.objects.select_related("portal").get() for _ in range(2))
    late = world.auth.refresh(
        {
            "grant_type": "refresh_token",
            "client_id": world.config.client_id,
            "client_secret": world.config.client_secret,
            "refresh_token": slow.refresh_token,
        },
        world.portals,
    )
    with pytest.raises(BitrixError):
        oauth.refresh(quick)
    assert PortalToken.objects.get().dead_at is not None

    oauth._store(slow, late)

    assert PortalToken.objects.get().dead_at is None
    assert client.call(alone, "profile")


@pytest.mark.django_db(transaction=True)
def test_a_database_that_is_away_for_a_moment_does_not_cost_the_new_pair(alone, world):
    failures = iter([True, True])

    def away(execute, sql, params, many, context):
        if "bitrix24_portaltoken" in sql and '"access_token" = ' in sql and next(failures, False):
            raise OperationalError("server closed the connection unexpectedly")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(away):
        refreshed = oauth.refresh(PortalToken.objects.get())

    stored = PortalToken.objects.get()
    assert stored.refresh_token == refreshed.refresh_token
    assert stored.is_in_doubt is False
    assert next(failures, "used up") == "used up"
