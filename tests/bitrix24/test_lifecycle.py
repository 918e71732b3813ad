"""Events of the application's life: believed only as far as the authorization server confirms."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from bitrix24 import client, tasks
from bitrix24.client import BitrixError
from bitrix24.models import FrameSession, Portal, PortalToken, RestCall
from devportal import cast, phpform
from tests.bitrix24 import listener

pytestmark = pytest.mark.django_db
EVENTS = "/b24/events"


@pytest.fixture(autouse=True)
def quiet():
    listener.HEARD.clear()


def announce(client, world, **changes):
    """ONAPPUNINSTALL as anybody who can read the application_token may send it."""
    auth = {
        "domain": world.portal.domain,
        "member_id": world.portal.member_id,
        "application_token": world.portal.application_token,
    }
    form = phpform.encode(
        {"event": "ONAPPUNINSTALL", "data": {"CLEAN": "1"}, "auth": auth | changes}
    )
    return client.post(EVENTS, form, content_type="application/x-www-form-urlencoded")


def test_a_real_uninstallation_ends_the_portal_here(portal, world):
    world.uninstall()
    world.settle()

    assert tasks.has_due(timezone.now())
    tasks.run_due()

    ended = Portal.objects.get()
    assert ended.status == Portal.Status.UNINSTALLED
    assert ended.uninstalled_at is not None
    assert ended.application_token == ""
    assert not PortalToken.objects.exists()
    assert not FrameSession.objects.exists()
    assert listener.HEARD[-1] == (cast.MEMBER_ID, "uninstalled")
    assert not tasks.has_due(timezone.now() + timedelta(days=1))


def test_an_announcement_destroys_nothing_while_the_tokens_work(
    portal, world, client, time_machine
):
    assert announce(client, world).status_code == 200
    start = timezone.now()

    for minutes in (0, 11, 90, 200):
        time_machine.move_to(start + timedelta(minutes=minutes), tick=False)
        tasks.run_due()

    untouched = Portal.objects.get()
    assert untouched.status == Portal.Status.ACTIVE
    assert untouched.uninstall_check_at is None
    assert untouched.application_token == portal.application_token
    assert PortalToken.objects.filter(dead_at=None).exists()
    assert (cast.MEMBER_ID, "uninstalled") not in listener.HEARD


def test_an_event_that_is_ahead_of_the_removal_is_asked_about_again(
    portal, world, client, time_machine
):
    announce(client, world)
    tasks.run_due()
    assert Portal.objects.get().status == Portal.Status.ACTIVE

    world.uninstall()
    time_machine.move_to(timezone.now() + timedelta(minutes=11), tick=False)
    tasks.run_due()

    assert Portal.objects.get().status == Portal.Status.UNINSTALLED


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"application_token": "0" * 32}, 403),
        ({"application_token": None}, 403),
        ({"member_id": cast.OTHER_MEMBER_ID}, 404),
        ({"member_id": None}, 404),
    ],
)
def test_a_forged_announcement_is_refused(portal, world, client, changes, status):
    assert announce(client, world, **changes).status_code == status
    assert Portal.objects.get().uninstall_check_at is None


def test_a_portal_that_refuses_calls_as_gone_is_checked_by_itself(portal, world):
    """No event arrived (the application was never told), but REST says that it is not there."""
    world.portal.app.handlers.clear()
    world.uninstall()

    with pytest.raises(BitrixError):
        client.call(portal, "profile")
    tasks.run_due()

    assert Portal.objects.get().status == Portal.Status.UNINSTALLED


def test_a_portal_comes_back_by_its_wizard(portal, world, install):
    from devportal import app_events

    world.uninstall()
    world.settle()
    tasks.run_due()
    app_events.put_back(world.portal)

    back = install()

    assert back.pk == portal.pk
    assert back.status == Portal.Status.ACTIVE
    assert back.application_token == world.portal.application_token != portal.application_token
    assert listener.HEARD[-1] == (cast.MEMBER_ID, "installed")


def test_an_update_has_the_registrations_looked_over(portal, world):
    from devportal import app_events

    app_events.update_app(world, world.portal, cast.DIRECTOR)
    world.settle()

    assert world.portal.app.handlers
    assert tasks.has_due(timezone.now())


def test_an_update_may_bring_a_new_application_token(portal, world):
    world.fire_event(
        "ONAPPUPDATE",
        {"VERSION": "2", "PREVIOUS_VERSION": "1", "LANGUAGE_ID": "en"},
        user_id=cast.DIRECTOR,
        changes={"application_token": "a" * 32},
    )
    world.settle()

    updated = Portal.objects.get()
    assert updated.application_token == "a" * 32
    assert updated.language == "en"


@pytest.mark.parametrize("event", ["ONAPPINSTALL", "ONAPPUPDATE"])
def test_an_employee_cannot_bring_one(portal, world, event):
    world.fire_event(event, user_id=cast.CLERK, changes={"application_token": "b" * 32})
    world.settle()

    assert Portal.objects.get().application_token == portal.application_token


def test_an_event_with_tokens_of_another_portal_is_refused(portal, world):
    foreign = world.auth.issue(world.other_portal, cast.DIRECTOR)
    changes = {"access_token": foreign.access_token, "application_token": "c" * 32}

    world.fire_event("ONAPPUPDATE", user_id=cast.DIRECTOR, changes=changes)
    world.settle()

    assert world.sent[-1].status == 403
    assert Portal.objects.get().application_token == portal.application_token


@pytest.mark.parametrize("body", ["", "event=ONCRMDEALUPDATE", "event[]=ONAPPUNINSTALL", "%%%"])
def test_other_events_are_dropped(portal, client, body):
    response = client.post(EVENTS, body, content_type="application/x-www-form-urlencoded")

    assert response.status_code == 200
    assert Portal.objects.get().uninstall_check_at is None


def test_daily_work_keeps_what_is_needed(portal, world, open_app, time_machine):
    open_app()
    calls, now = RestCall.objects.count(), timezone.now()
    PortalToken.objects.update(refreshed_at=now - timedelta(days=151))
    old = PortalToken.objects.get().refresh_token

    tasks.keep_tokens_alive()
    tasks.forget_old_calls()
    assert RestCall.objects.count() == calls + 1  # the refresh that keeps the token alive
    assert FrameSession.objects.exists()
    assert PortalToken.objects.get().refresh_token != old

    time_machine.move_to(now + timedelta(days=8), tick=False)
    tasks.keep_tokens_alive()
    assert PortalToken.objects.get().refreshed_at < timezone.now() - timedelta(days=7)
    tasks.forget_old_calls()
    assert not RestCall.objects.exists()
    assert not FrameSession.objects.exists()


def test_an_announcement_proves_nothing_where_no_token_is_left_to_ask_with(
    portal, world, client, time_machine
):
    PortalToken.objects.update(dead_at=timezone.now(), dead_reason="invalid_grant")
    announce(client, world)
    start = timezone.now()

    for minutes in (0, 11, 90):
        time_machine.move_to(start + timedelta(minutes=minutes), tick=False)
        tasks.run_due()

    assert Portal.objects.get().status == Portal.Status.ACTIVE
    assert Portal.objects.get().uninstall_check_at is None
