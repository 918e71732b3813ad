"""Events of the application's life: believed only as far as the authorization server confirms."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from bitrix24 import news, tasks
from bitrix24.installation.wizard import EVENTS as BOUND
from bitrix24.models import FrameSession, HeldCall, Portal, PortalToken, RestCall
from bitrix24.rest import client
from bitrix24.wire.errors import BitrixError
from devportal import actions, cast
from devportal.application import installation
from tests.bitrix24 import listener
from tests.bitrix24.removals import EVENTS, announce

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def quiet():
    listener.HEARD.clear()


def test_a_real_uninstallation_ends_the_portal_here(portal, world):
    actions.uninstall(world)
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

    actions.uninstall(world)
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


def test_a_portal_that_refuses_calls_as_gone_is_checked_by_itself(portal, world, time_machine):
    """No event arrived (the application was never told), but REST says that it is not there."""
    world.portal.app.handlers.clear()
    actions.uninstall(world)

    with pytest.raises(BitrixError):
        client.call(portal, "profile")
    time_machine.move_to(timezone.now() + timedelta(minutes=3), tick=False)
    tasks.run_due()

    assert Portal.objects.get().status == Portal.Status.UNINSTALLED


def test_a_portal_comes_back_by_its_wizard(portal, world, install):
    actions.uninstall(world)
    world.settle()
    tasks.run_due()
    installation.put_back(world.portal)

    back = install()

    assert back.pk == portal.pk
    assert back.status == Portal.Status.ACTIVE
    assert back.application_token == world.portal.application_token != portal.application_token
    assert listener.HEARD[-1] == (cast.MEMBER_ID, "installed")


def test_an_update_has_the_registrations_looked_over(portal, world):
    installation.update(world, world.portal, cast.DIRECTOR)
    world.settle()

    assert world.portal.app.handlers
    assert tasks.has_due(timezone.now())


@pytest.mark.parametrize("administrator", ["known", "new"])
def test_an_update_may_bring_a_new_application_token(portal, world, administrator):
    """Also by an administrator who has never opened SIGNX."""
    tasks.run_due()
    user_id = cast.DIRECTOR if administrator == "known" else cast.HR
    world.portal.users[user_id].is_admin = True
    world.portal.language = "en"
    world.ways.choose({"update_token": "new"})

    installation.update(world, world.portal, user_id)
    world.settle()
    tasks.run_due()

    updated = Portal.objects.get()
    assert world.sent[-1].status == 200
    assert updated.application_token == world.portal.application_token != portal.application_token
    assert updated.language == "en"
    assert not HeldCall.objects.exists()


@pytest.mark.parametrize("event", ["ONAPPINSTALL", "ONAPPUPDATE"])
def test_an_employee_cannot_bring_one(portal, world, event):
    actions.fire_event(world, event, user_id=cast.CLERK, changes={"application_token": "b" * 32})
    world.settle()
    tasks.run_due()

    assert Portal.objects.get().application_token == portal.application_token
    assert not HeldCall.objects.exists()


def test_an_event_with_tokens_of_another_portal_changes_nothing(portal, world):
    tasks.run_due()
    foreign = world.auth.issue(world.other_portal, cast.DIRECTOR)
    changes = {"access_token": foreign.access_token, "application_token": "c" * 32}

    actions.fire_event(world, "ONAPPUPDATE", user_id=cast.DIRECTOR, changes=changes)
    world.settle()
    tasks.run_due()

    assert Portal.objects.get().application_token == portal.application_token
    assert PortalToken.objects.get().access_token != foreign.access_token
    assert Portal.objects.get().look_over_at > timezone.now()


def test_an_update_without_tokens_has_the_portal_looked_over_too(portal, world):
    tasks.run_due()
    assert not tasks.has_due(timezone.now())

    installation.update(world, world.portal, 0)
    world.settle()

    assert world.sent[-1].status == 200
    assert tasks.has_due(timezone.now())


def test_an_update_is_not_lost_while_the_authorization_server_is_away(portal, world, time_machine):
    tasks.run_due()
    PortalToken.objects.all().delete()
    world.faults.set({"info_502": 1})

    installation.update(world, world.portal, cast.DIRECTOR)
    world.settle()
    assert world.sent[-1].status == 200
    assert Portal.objects.get().look_over_at <= timezone.now()
    tasks.run_due()
    assert not PortalToken.objects.exists()
    world.faults.clear()
    time_machine.move_to(timezone.now() + timedelta(minutes=6), tick=False)
    tasks.run_due()

    assert PortalToken.objects.get().bitrix_user_id == cast.DIRECTOR
    assert Portal.objects.get().access_lost_at is None


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


# --- What becomes of the data ---


def uninstall(world, *, clean: bool):
    actions.uninstall(world, clean=clean)
    world.settle()
    tasks.run_due()


def test_kept_data_are_never_deleted(portal, world, time_machine):
    uninstall(world, clean=False)

    time_machine.move_to(timezone.now() + timedelta(days=365), tick=False)

    assert not tasks.has_due(timezone.now())
    assert Portal.objects.get().wipe_at is None


def test_data_are_deleted_after_their_time(portal, world, time_machine, settings):
    settings.WIPE_AFTER_DAYS = 30
    uninstall(world, clean=True)

    time_machine.move_to(timezone.now() + timedelta(days=29), tick=False)
    assert not tasks.has_due(timezone.now())
    time_machine.move_to(timezone.now() + timedelta(days=2), tick=False)
    tasks.run_due()

    wiped = Portal.objects.get()
    assert listener.HEARD[-1] == (cast.MEMBER_ID, "wiped")
    assert (wiped.wipe_at, wiped.wiped_at) == (None, timezone.now())
    assert not RestCall.objects.filter(portal=portal).exists()
    assert not tasks.has_due(timezone.now() + timedelta(days=365))


def test_a_wipe_that_broke_off_is_done_again(portal, world, time_machine, monkeypatch):
    uninstall(world, clean=True)
    monkeypatch.setattr(news, "LISTENERS", [listener.broken])
    time_machine.move_to(timezone.now() + timedelta(days=31), tick=False)
    tasks.run_due()
    assert Portal.objects.get().wiped_at is None
    assert not tasks.has_due(timezone.now())

    monkeypatch.setattr(news, "LISTENERS", [listener.heard])
    time_machine.move_to(timezone.now() + timedelta(minutes=11), tick=False)
    tasks.run_due()

    assert Portal.objects.get().wiped_at == timezone.now()


def test_who_comes_back_in_time_finds_everything(portal, world, install, time_machine):
    uninstall(world, clean=True)
    assert Portal.objects.get().wipe_at is not None
    installation.put_back(world.portal)

    install()
    time_machine.move_to(timezone.now() + timedelta(days=365), tick=False)
    tasks.run_due()

    assert Portal.objects.get().wipe_at is None
    assert (cast.MEMBER_ID, "wiped") not in listener.HEARD


def test_of_two_wishes_keeping_wins(portal, world, client):
    """Whoever knows the application_token may announce anything; deleting cannot be mended."""
    world.portal.app.handlers.clear()
    announce(client, world, clean="0")
    announce(client, world, clean="1")
    actions.uninstall(world)
    tasks.run_due()

    assert Portal.objects.get().status == Portal.Status.UNINSTALLED
    assert Portal.objects.get().wipe_at is None


def test_a_wish_is_forgotten_with_its_false_announcement(portal, world, client, time_machine):
    announce(client, world, clean="0")
    for minutes in (0, 11, 61):
        time_machine.move_to(timezone.now() + timedelta(minutes=minutes), tick=False)
        tasks.run_due()
    assert Portal.objects.get().uninstall_check_at is None

    uninstall(world, clean=True)

    assert Portal.objects.get().wipe_at is not None


def test_nothing_of_the_old_tokens_is_left(portal, world, install):
    old = PortalToken.objects.get()
    secrets = {old.access_token, old.refresh_token, portal.application_token}
    uninstall(world, clean=False)
    assert not PortalToken.objects.exists()
    assert Portal.objects.get().offer == ""
    installation.put_back(world.portal)

    back = install()

    new = PortalToken.objects.get()
    assert back.pk == portal.pk
    assert not secrets & {new.access_token, new.refresh_token, back.application_token}


# --- Looking over ---


def test_a_portal_is_looked_over_every_day(portal, world, time_machine):
    tasks.run_due()
    world.portal.app.handlers.clear()
    time_machine.move_to(timezone.now() + timedelta(hours=23), tick=False)
    assert not tasks.has_due(timezone.now())

    time_machine.move_to(timezone.now() + timedelta(hours=2), tick=False)
    tasks.run_due()

    assert len(world.portal.app.handlers) == len(BOUND)
    assert not tasks.has_due(timezone.now() + timedelta(hours=23))


@pytest.mark.parametrize("token", ["sent", "absent"])
def test_a_payment_event_has_the_portal_asked_what_is_paid(portal, world, time_machine, token):
    tasks.run_due()
    world.ways.choose({"payment_token": token})
    time_machine.move_to(timezone.now() + timedelta(hours=2), tick=True)
    since = len(world.requests.rows)

    actions.fire_event(world, "ONAPPPAYMENT", {"STATUS": "P", "PAYMENT_EXPIRED": "N", "DAYS": "30"})
    world.settle()
    tasks.run_due()

    asked = [call.name for row in world.requests.rows[since:] for call in row.methods]
    assert world.sent[-1].status == 200
    assert "app.info" in asked


def test_a_payment_event_without_token_counts_once_an_hour(portal, world):
    tasks.run_due()
    world.ways.choose({"payment_token": "absent"})

    actions.fire_event(world, "ONAPPPAYMENT", {"PAYMENT_EXPIRED": "N"})
    world.settle()

    assert not tasks.has_due(timezone.now())


def test_a_payment_event_with_a_wrong_token_is_refused(portal, world):
    tasks.run_due()

    actions.fire_event(world, "ONAPPPAYMENT", changes={"application_token": "0" * 32})
    world.settle()

    assert world.sent[-1].status == 403
    assert not tasks.has_due(timezone.now())
