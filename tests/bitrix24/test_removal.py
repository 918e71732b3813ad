"""The proof that an application is gone: what ends a portal, what does not, and what stays."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.utils import timezone

from bitrix24 import client as portal_client
from bitrix24 import oauth, tasks, transport
from bitrix24.client import BitrixError
from bitrix24.models import FrameSession, HeldCall, Portal, PortalToken
from devportal import app_events, cast
from devportal.app import create_app
from devportal.wsgi_adapter import WSGIAdapter
from tests.bitrix24 import listener
from tests.bitrix24.conftest import AUTH
from tests.bitrix24.test_lifecycle import announce

pytestmark = pytest.mark.django_db
PORTALS = "/admin/bitrix24/portal/"


@pytest.fixture
def settled(portal: Portal) -> Portal:
    """What the installation itself brought is done and told."""
    tasks.run_due()
    listener.HEARD.clear()
    return Portal.objects.get()


@pytest.fixture
def support(db) -> Client:
    browser = Client(headers={"Accept-Language": "en"})
    browser.force_login(User.objects.create_superuser("support", "s@signx.test", "tests-only"))
    return browser


def status() -> str:
    return Portal.objects.get().status


def later(time_machine: Any, **delta: float) -> None:
    time_machine.move_to(timezone.now() + timedelta(**delta), tick=False)
    tasks.run_due()


def refused_call(user_id: int | None = None) -> None:
    with pytest.raises(BitrixError):
        portal_client.call(Portal.objects.get(), "profile", as_user=user_id)


def refreshes(world: Any) -> int:
    return sum(row.path == "/oauth/token/" for row in world.requests.rows)


# --- Nobody can end another's portal ---


@pytest.fixture
def refused_elsewhere(world) -> str:
    """A refresh token of a portal of one's own that has removed the application."""
    mine = world.auth.issue(world.other_portal, cast.DIRECTOR)
    app_events.uninstall(world, world.other_portal)
    return mine.refresh_token


@pytest.mark.parametrize("administrator", ["works", "fired"])
@pytest.mark.parametrize("how", ["event", "call"])
def test_an_employee_cannot_end_the_portal_with_a_token_from_elsewhere(
    settled, world, client, open_app, time_machine, refused_elsewhere, administrator, how
):
    open_app(cast.CLERK, changes={"REFRESH_ID": refused_elsewhere})
    world.portal.users[cast.DIRECTOR].active = administrator == "works"

    if how == "event":
        announce(client, world)
        tasks.run_due()
    else:
        later(time_machine, hours=2)
        refused_call(cast.CLERK)
    for _check in range(4):
        later(time_machine, minutes=70)

    assert status() == Portal.Status.ACTIVE
    assert Portal.objects.get().wipe_at is None
    assert PortalToken.objects.filter(bitrix_user_id=cast.DIRECTOR).exists()


def test_a_refusal_of_one_administrator_does_not_outweigh_another_who_works(
    settled, world, client, open_app, refused_elsewhere
):
    world.portal.users[cast.CLERK].is_admin = True
    open_app(cast.CLERK, changes={"REFRESH_ID": refused_elsewhere})

    announce(client, world)
    tasks.run_due()

    assert status() == Portal.Status.ACTIVE
    assert PortalToken.objects.usable().get().bitrix_user_id == cast.DIRECTOR


def test_a_working_token_of_another_portal_is_worth_nothing(settled, world, client, open_app):
    foreign = world.auth.issue(world.other_portal, cast.DIRECTOR)
    open_app(changes={"REFRESH_ID": foreign.refresh_token})

    announce(client, world)
    tasks.run_due()

    assert status() == Portal.Status.ACTIVE
    assert PortalToken.objects.get().dead_at is not None


def test_a_fired_administrator_means_no_access_and_people_are_told(settled, world, client):
    world.portal.users[cast.DIRECTOR].active = False
    world.portal.users[cast.HR].is_admin = True  # who has never opened SIGNX

    announce(client, world)
    tasks.run_due()

    assert status() == Portal.Status.ACTIVE
    assert Portal.objects.get().wipe_at is None
    assert listener.HEARD == [(cast.MEMBER_ID, "access_lost")]


def test_who_came_in_after_a_refusal_has_refuted_it(
    settled, world, client, open_app, install, time_machine
):
    """One administrator's token is of an earlier installation; the other one, of the new, left."""
    world.portal.users[cast.CLERK].is_admin = True
    open_app(cast.CLERK)
    world.portal.app.handlers.clear()
    world.uninstall()
    refused_call(cast.CLERK)
    Portal.objects.update(uninstall_check_at=None)  # as after an answer that came too late
    app_events.put_back(world.portal)
    time_machine.move_to(timezone.now() + timedelta(minutes=1), tick=False)
    install()
    tasks.run_due()
    world.portal.users[cast.DIRECTOR].active = False

    announce(client, world)
    tasks.run_due()

    assert status() == Portal.Status.ACTIVE
    assert Portal.objects.get().removal_unproved_at is not None


def test_announcements_without_end_do_not_become_requests_without_end(
    settled, world, client, time_machine
):
    asked = refreshes(world)

    for _second in range(300):
        announce(client, world)
        later(time_machine, seconds=1)

    assert refreshes(world) - asked == 1


# --- A removal and an installation anew, close together ---


@pytest.fixture
def installed_anew(settled, world, install, open_app) -> Callable[[], Portal]:
    """Removed, and put back before anybody has looked; the clerk was the first to open SIGNX."""

    def again() -> Portal:
        open_app(cast.CLERK)
        PortalToken.objects.get(bitrix_user_id=cast.DIRECTOR).delete()
        open_app(cast.DIRECTOR)
        world.uninstall(clean=True)
        world.settle()
        app_events.put_back(world.portal)
        return install()

    return again


def test_nothing_of_the_earlier_installation_is_left(installed_anew):
    old = set(FrameSession.objects.values_list("pk", flat=True))

    back = installed_anew()

    assert PortalToken.objects.get().bitrix_user_id == cast.DIRECTOR
    assert not FrameSession.objects.filter(pk__in=old).exists()
    assert back.status == Portal.Status.ACTIVE
    assert (back.uninstall_check_at, back.uninstall_checks, back.wipe_wish) == (None, 0, None)


def test_the_first_look_does_not_end_it(installed_anew, time_machine):
    installed_anew()

    for _day in range(3):
        later(time_machine, days=1)

    assert status() == Portal.Status.ACTIVE
    assert Portal.objects.get().access_lost_at is None


def test_looking_while_the_wizard_is_open_does_not_end_it(settled, world, open_app):
    world.uninstall(clean=True)
    world.settle()
    app_events.put_back(world.portal)
    open_app()

    tasks.run_due()

    assert status() != Portal.Status.UNINSTALLED
    assert PortalToken.objects.usable().exists()


def test_a_left_over_token_dies_alone(settled, world, install, open_app, time_machine):
    """The event was lost, so nothing told us that the clerk's token is of an earlier time."""
    open_app(cast.CLERK)
    world.portal.app.handlers.clear()
    world.uninstall()
    app_events.put_back(world.portal)
    install()

    refused_call(cast.CLERK)
    for _check in range(3):
        later(time_machine, minutes=3)

    assert status() == Portal.Status.ACTIVE
    assert PortalToken.objects.usable().get().bitrix_user_id == cast.DIRECTOR
    assert Portal.objects.get().uninstall_check_at is None


def test_a_false_announcement_costs_other_people_nothing(settled, world, client, open_app):
    """The administrator who comes in next proves that it is the same installation still."""
    open_app(cast.CLERK)
    frames = FrameSession.objects.count()
    announce(client, world)

    open_app(cast.DIRECTOR)

    assert Portal.objects.get().uninstall_check_at is None
    assert PortalToken.objects.usable().count() == 2
    assert FrameSession.objects.count() == frames + 1


def test_who_installs_anew_while_the_server_is_asked_is_not_thrown_out(settled, world, install):
    world.uninstall(clean=True)
    world.settle()
    served = WSGIAdapter(create_app(world))
    came_back: list[Portal] = []

    class SlowServer(WSGIAdapter):
        """While it works out its refusal, an administrator runs the whole wizard."""

        def send(self, request, *args, **kwargs):
            answer = served.send(request, *args, **kwargs)
            if "/oauth/token/" in request.url and not came_back:
                came_back.append(Portal.objects.get())
                app_events.put_back(world.portal)
                install()
            return answer

    transport.mount(f"http://{AUTH}/", SlowServer(create_app(world)))
    tasks.run_due()

    assert came_back, "the refusal came before the installation"
    assert status() == Portal.Status.ACTIVE
    assert Portal.objects.get().application_token == world.portal.application_token
    assert PortalToken.objects.usable().exists()


def test_who_installs_anew_between_verdict_and_end_is_not_thrown_out(settled, world, install):
    world.uninstall(clean=True)
    world.settle()
    came_back: list[Portal] = []

    def meanwhile(execute, sql, params, many, context):
        answer = execute(sql, params, many, context)
        if '"dead_at" >=' in sql and not came_back:  # the last thing that the verdict reads
            came_back.append(Portal.objects.get())
            app_events.put_back(world.portal)
            install()
        return answer

    with connection.execute_wrapper(meanwhile):
        tasks.run_due()

    assert came_back, "nobody came back in between"
    assert status() == Portal.Status.ACTIVE
    assert PortalToken.objects.usable().exists()


def test_a_token_that_was_dropped_meanwhile_is_only_refused(installed_anew, open_app):
    open_app(cast.CLERK)
    held_by_a_worker = PortalToken.objects.get(bitrix_user_id=cast.CLERK)
    installed_anew()

    with pytest.raises(BitrixError):
        oauth.refresh(held_by_a_worker)


def test_a_portal_that_was_ended_by_mistake_comes_back_by_its_own_calls(settled, world):
    ended = {"status": Portal.Status.UNINSTALLED, "application_token": ""}
    Portal.objects.update(uninstalled_at=timezone.now(), **ended)
    PortalToken.objects.all().delete()

    app_events.update_app(world, world.portal, cast.DIRECTOR)
    world.settle()
    tasks.run_due()

    assert status() == Portal.Status.INSTALLING
    assert PortalToken.objects.usable().get().bitrix_user_id == cast.DIRECTOR


def test_a_wish_of_the_earlier_installation_is_forgotten(
    settled, world, install, client, time_machine
):
    world.uninstall(clean=True)
    world.settle()
    app_events.put_back(world.portal)
    install()
    tasks.run_due()

    world.portal.app.handlers.clear()
    world.uninstall()
    refused_call()
    later(time_machine, minutes=3)

    assert status() == Portal.Status.UNINSTALLED
    assert Portal.objects.get().wipe_at is None, "of this removal nobody has said so"


# --- The event may come late, or not at all ---


@pytest.mark.parametrize("checked", [False, True])
def test_a_removal_that_was_noticed_first_keeps_the_wish_of_its_event(
    settled, world, time_machine, settings, checked
):
    settings.WIPE_AFTER_DAYS = 30
    world.uninstall(clean=True, late=True)
    refused_call()
    if checked:
        later(time_machine, minutes=3)
        assert status() == Portal.Status.UNINSTALLED

    world.tick()
    tasks.run_due()

    ended = Portal.objects.get()
    assert world.sent[-1].status == 200
    assert ended.status == Portal.Status.UNINSTALLED
    assert ended.wipe_at == ended.uninstalled_at + timedelta(days=30)


@pytest.mark.parametrize(
    "changes", [{"application_token": "0" * 32}, {"application_token": None}, {"clean": "0"}]
)
def test_nothing_else_has_the_data_of_an_ended_portal_deleted(
    settled, world, client, time_machine, changes
):
    token = world.portal.application_token
    world.uninstall(clean=True, late=True)
    refused_call()
    later(time_machine, minutes=3)

    announce(client, world, **{"application_token": token} | changes)

    assert status() == Portal.Status.UNINSTALLED
    assert Portal.objects.get().wipe_at is None


def test_keeping_wins_also_when_it_comes_late(settled, world, client, time_machine):
    token = world.portal.application_token
    world.uninstall(clean=True, late=True)
    refused_call()
    later(time_machine, minutes=3)

    announce(client, world, application_token=token, clean="0")
    world.tick()

    assert Portal.objects.get().wipe_at is None


def test_who_still_knows_the_token_long_after_the_end_is_not_heard(
    settled, world, client, time_machine
):
    token = world.portal.application_token
    world.uninstall(clean=True, late=True)
    refused_call()
    later(time_machine, minutes=3)
    later(time_machine, days=2)

    announce(client, world, application_token=token)

    assert Portal.objects.get().wipe_at is None


# --- Nobody is left to ask ---


@pytest.mark.parametrize("tokens", ["dead", "none"])
def test_the_operator_sees_a_portal_that_may_be_gone(settled, world, client, support, tokens):
    PortalToken.objects.update(dead_at=timezone.now(), dead_reason="invalid_grant")
    if tokens == "none":
        PortalToken.objects.all().delete()
    world.uninstall()
    world.settle()

    tasks.run_due()

    page = support.get(PORTALS, {"removal_unproved_at__isempty": "0"}).content.decode()
    assert status() == Portal.Status.ACTIVE
    assert Portal.objects.get().removal_unproved_at is not None
    assert "Probably uninstalled on" in page
    assert settled.domain in page


def test_an_administrator_who_comes_in_ends_that_doubt(settled, client, world, open_app, support):
    PortalToken.objects.update(dead_at=timezone.now(), dead_reason="invalid_grant")
    announce(client, world)
    tasks.run_due()

    open_app()

    assert Portal.objects.get().removal_unproved_at is None
    assert "Probably uninstalled" not in support.get(PORTALS).content.decode()


def test_a_server_that_is_down_leaves_everything_open(settled, world, time_machine):
    world.uninstall(clean=True)
    world.settle()
    world.faults.set({"auth_502": 1})
    tasks.run_due()
    assert status() == Portal.Status.ACTIVE

    world.faults.clear()
    later(time_machine, minutes=6)

    assert status() == Portal.Status.UNINSTALLED
    assert Portal.objects.get().wipe_at is not None


# --- Access that ends without a call ---


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
    world.uninstall()

    refused_call()
    later(time_machine, minutes=3)

    assert listener.HEARD == [(cast.MEMBER_ID, "uninstalled")]


# --- One portal's trouble is its own ---


@pytest.mark.parametrize("row", ["unreadable", "nonsense"])
def test_a_portal_whose_row_is_broken_does_not_stop_the_others(portal, install, world, row):
    install(1)
    tasks.run_due()
    text = "gAAAAA-not-encrypted" if row == "unreadable" else ""
    broken, sound = Portal.objects.order_by("pk")
    now = timezone.now()
    Portal.objects.filter(pk=broken.pk).update(offer_try_at=now, uninstall_check_at=now)
    if text:
        with_raw_text(broken, text)
    Portal.objects.filter(pk=sound.pk).update(look_over_at=now)

    tasks.run_due()

    assert Portal.objects.defer("offer").get(pk=sound.pk).checked_at >= now
    assert not tasks.has_due(timezone.now()), "the broken one waits for its next time"


def with_raw_text(portal: Portal, text: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE bitrix24_portal SET offer = %s WHERE id = %s", [text, portal.pk])


# --- Calls with a token that we do not know ---


def test_forged_calls_cost_one_request_in_a_while(settled, world, client, time_machine):
    world.requests.rows.clear()

    for number in range(30):
        world.fire_event(
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
        world.fire_event("ONAPPUPDATE", user_id=cast.DIRECTOR, changes=changes)

    assert HeldCall.objects.count() == 100
    assert world.sent[-1].status == 403


def test_a_held_call_waits_while_the_server_is_down(settled, world, time_machine):
    world.ways.choose({"update_token": "new"})
    world.faults.set({"info_502": 1})
    app_events.update_app(world, world.portal, cast.DIRECTOR)
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
    world.fire_event("ONAPPUPDATE", user_id=cast.DIRECTOR, changes=changes)

    later(time_machine, minutes=31)

    assert not HeldCall.objects.exists()
