"""Whose token a call is made with: tokens that run out, people who leave."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from bitrix24.models import Portal, PortalToken
from bitrix24.rest import client, methods
from bitrix24.tokens import oauth
from bitrix24.wire.errors import BitrixError
from devportal import cast
from signx.errors import ErrorCode
from tests.bitrix24 import listener
from tests.bitrix24.conftest import DOMAIN

pytestmark = pytest.mark.django_db
DEAL = {"entityTypeId": 2, "id": cast.DEAL_MAIN}


def asked(world, since: int) -> list[tuple[str, str, int]]:
    return [(row.host, row.path, row.status) for row in world.requests.rows[since:]]


def token_of(user_id: int) -> PortalToken:
    return PortalToken.objects.get(bitrix_user_id=user_id)


def deal(portal: Portal) -> methods.CrmItem:
    return methods.parse_crm_item(methods.run(portal, methods.crm_item_command(2, cast.DEAL_MAIN)))


def test_an_expired_token_is_refreshed_once_and_the_new_pair_is_kept(portal, world):
    old = token_of(cast.DIRECTOR)
    world.auth.expire(old.access_token)
    since = len(world.requests.rows)

    item = deal(portal)

    new = token_of(cast.DIRECTOR)
    assert item.id == cast.DEAL_MAIN
    assert [row[1:] for row in asked(world, since)] == [
        ("/rest/crm.item.get.json", 401),
        ("/oauth/token/", 200),
        ("/rest/crm.item.get.json", 200),
    ]
    assert (new.access_token, new.refresh_token) != (old.access_token, old.refresh_token)
    assert new.expires_at > timezone.now() + timedelta(minutes=50)
    assert new.refreshing_until is None


def test_a_pair_that_came_while_a_place_was_waited_for_is_used(portal, world, monkeypatch):
    def wait(*_asked: object, **_more: object) -> None:
        monkeypatch.undo()
        world.auth.expire(token_of(cast.DIRECTOR).access_token)
        oauth.refresh(token_of(cast.DIRECTOR))

    since = len(world.requests.rows)
    monkeypatch.setattr("bitrix24.wire.limits.admit", wait)

    assert deal(portal).id == cast.DEAL_MAIN

    assert [row[1:] for row in asked(world, since)] == [
        ("/oauth/token/", 200),
        ("/rest/crm.item.get.json", 200),
    ]


def test_every_refresh_uses_the_refresh_token_of_the_one_before(portal, world):
    for _round in range(3):
        world.auth.expire(token_of(cast.DIRECTOR).access_token)
        assert deal(portal).id == cast.DEAL_MAIN

    assert token_of(cast.DIRECTOR).dead_at is None


def test_a_pair_that_comes_while_a_verdict_is_being_written_stays_alive(settled, open_app):
    """The verdict is of the pair before: the user has just opened the application."""
    judged = token_of(cast.DIRECTOR)
    waiting = [open_app]

    def open_first(execute, sql, *asked):
        if sql.startswith("UPDATE") and "dead_reason" in sql and waiting:
            waiting.pop()()
        return execute(sql, *asked)

    with connection.execute_wrapper(open_first):
        oauth.mark_dead(judged, "authorization_error")

    now = token_of(cast.DIRECTOR)
    assert waiting == []
    assert now.access_token != judged.access_token
    assert now.dead_at is None
    assert Portal.objects.get().access_lost_at is None
    assert listener.HEARD == []


def test_a_verdict_of_the_pair_that_is_stored_stands(settled):
    oauth.mark_dead(token_of(cast.DIRECTOR), "authorization_error")

    assert token_of(cast.DIRECTOR).dead_reason == "authorization_error"
    assert [(settled.member_id, "access_lost")] == listener.HEARD


def test_a_token_that_is_known_to_be_over_is_not_tried(portal, world):
    PortalToken.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    since = len(world.requests.rows)

    client.call(portal, "profile")

    assert [row[1] for row in asked(world, since)] == ["/oauth/token/", "/rest/profile.json"]


def test_two_workers_with_the_same_stale_token_refresh_it_once(portal, world):
    first, second = token_of(cast.DIRECTOR), token_of(cast.DIRECTOR)
    world.auth.expire(first.access_token)
    since = len(world.requests.rows)

    oauth.refresh(first)
    oauth.refresh(second)

    assert [row[1] for row in asked(world, since)] == ["/oauth/token/"]
    assert second.access_token == first.access_token


def test_the_lease_of_a_killed_worker_runs_out(portal, world):
    PortalToken.objects.update(refreshing_until=timezone.now() - timedelta(seconds=1))

    refreshed = oauth.refresh(token_of(cast.DIRECTOR))

    assert token_of(cast.DIRECTOR).access_token == refreshed.access_token
    assert token_of(cast.DIRECTOR).refreshing_until is None


def test_a_refused_refresh_marks_the_token_and_the_next_administrator_is_asked(
    portal, world, open_app
):
    world.portal.users[cast.CLERK].is_admin = True
    open_app(cast.CLERK)
    dead = token_of(cast.CLERK)
    world.auth.expire(dead.access_token)
    world.auth.revoke_refresh(dead.refresh_token)

    profile = client.call(portal, "profile")

    assert int(profile["ID"]) == cast.DIRECTOR
    assert token_of(cast.CLERK).dead_reason == "invalid_grant"


def test_a_fired_administrator_is_replaced_by_another(portal, world, open_app):
    world.portal.users[cast.CLERK].is_admin = True
    open_app(cast.CLERK)
    world.portal.users[cast.CLERK].active = False

    profile = client.call(portal, "profile")

    assert int(profile["ID"]) == cast.DIRECTOR
    assert token_of(cast.CLERK).dead_at is not None


def test_an_employees_token_does_none_of_the_applications_work(portal, world, open_app):
    """With his rights much would be «not found» for good that only waits for an administrator."""
    open_app(cast.CLERK)
    PortalToken.objects.filter(bitrix_user_id=cast.DIRECTOR).update(dead_at=timezone.now())
    since = len(world.requests.rows)

    with pytest.raises(BitrixError) as caught:
        client.call(portal, "profile")

    assert caught.value.bitrix_code == "NO_TOKEN"
    assert asked(world, since) == []
    assert Portal.objects.get().access_lost_at is not None


def test_nor_while_an_administrators_refresh_is_not_answered(portal, world, open_app):
    open_app(cast.CLERK)
    world.auth.expire(token_of(cast.DIRECTOR).access_token)
    world.faults.set({"auth_502": 1.0})
    since = len(world.requests.rows)

    with pytest.raises(BitrixError) as caught:
        client.call(portal, "profile")

    assert caught.value.code == ErrorCode.PORTAL_UNREACHABLE
    assert (DOMAIN, "/rest/profile.json", 200) not in asked(world, since)


def test_opening_the_app_brings_a_dead_token_back(portal, open_app):
    PortalToken.objects.update(dead_at=timezone.now(), dead_reason="invalid_grant")

    open_app()

    assert token_of(cast.DIRECTOR).dead_at is None


def test_a_call_for_a_person_never_uses_somebody_elses_token(portal):
    with pytest.raises(BitrixError) as caught:
        client.call(portal, "profile", as_user=cast.CLERK)

    assert caught.value.code == ErrorCode.PORTAL_UNREACHABLE
    assert caught.value.bitrix_code == "NO_TOKEN"


def test_a_refresh_about_another_portal_is_not_believed(portal, world):
    """The authorization server answers for the second portal: its tokens must not be stored."""
    foreign = world.auth.issue(world.other_portal, cast.DIRECTOR)
    PortalToken.objects.filter(bitrix_user_id=cast.DIRECTOR).update(
        refresh_token=foreign.refresh_token, expires_at=timezone.now() - timedelta(hours=1)
    )

    with pytest.raises(BitrixError):
        client.call(portal, "profile")

    assert Portal.objects.get().domain == DOMAIN
