"""The proof that an application is gone: what ends a portal, what does not, and what stays."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.utils import timezone

from bitrix24 import news, tasks
from bitrix24.models import Portal, PortalToken
from devportal import actions, cast
from devportal.application import installation
from journal.events import EventKind
from journal.models import AuditEvent
from journal.services import portal_changed
from tests.bitrix24 import listener
from tests.bitrix24.removals import announce, later, refreshes, refused_call, status

pytestmark = pytest.mark.django_db
PORTALS = "/admin/bitrix24/portal/"


@pytest.fixture
def support(db) -> Client:
    browser = Client(headers={"Accept-Language": "en"})
    browser.force_login(User.objects.create_superuser("support", "s@signx.test", "tests-only"))
    return browser


# --- Nobody can end another's portal ---


@pytest.fixture
def refused_elsewhere(world) -> str:
    """A refresh token of a portal of one's own that has removed the application."""
    mine = world.auth.issue(world.other_portal, cast.DIRECTOR)
    installation.uninstall(world, world.other_portal)
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
    actions.uninstall(world)
    refused_call(cast.CLERK)
    Portal.objects.update(uninstall_check_at=None)  # as after an answer that came too late
    installation.put_back(world.portal)
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


# --- The event may come late, or not at all ---


@pytest.mark.parametrize("checked", [False, True])
def test_a_removal_that_was_noticed_first_keeps_the_wish_of_its_event(
    settled, world, time_machine, settings, checked
):
    settings.WIPE_AFTER_DAYS = 30
    actions.uninstall(world, clean=True, late=True)
    refused_call()
    if checked:
        later(time_machine, minutes=3)
        assert status() == Portal.Status.UNINSTALLED

    actions.tick(world)
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
    actions.uninstall(world, clean=True, late=True)
    refused_call()
    later(time_machine, minutes=3)

    announce(client, world, **{"application_token": token} | changes)

    assert status() == Portal.Status.UNINSTALLED
    assert Portal.objects.get().wipe_at is None


def test_keeping_wins_also_when_it_comes_late(settled, world, client, time_machine):
    token = world.portal.application_token
    actions.uninstall(world, clean=True, late=True)
    refused_call()
    later(time_machine, minutes=3)

    announce(client, world, application_token=token, clean="0")
    actions.tick(world)

    assert Portal.objects.get().wipe_at is None


def test_who_still_knows_the_token_long_after_the_end_is_not_heard(
    settled, world, client, time_machine
):
    token = world.portal.application_token
    actions.uninstall(world, clean=True, late=True)
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
    actions.uninstall(world)
    world.settle()

    tasks.run_due()

    page = support.get(PORTALS, {"removal_unproved_at__isempty": "0"}).content.decode()
    assert status() == Portal.Status.ACTIVE
    assert Portal.objects.get().removal_unproved_at is not None
    assert "Probably uninstalled on" in page
    assert settled.domain in page


GONE = {"action": "end_portal"}


def doubted(portal: Portal) -> Portal:
    PortalToken.objects.update(dead_at=timezone.now(), dead_reason="invalid_grant")
    Portal.objects.filter(pk=portal.pk).update(removal_unproved_at=timezone.now(), wipe_wish=True)
    return portal


def test_support_ends_a_portal_that_is_gone_after_a_question(settled, support, monkeypatch):
    monkeypatch.setattr(news, "LISTENERS", [*news.LISTENERS, portal_changed])
    chosen = GONE | {"_selected_action": [doubted(settled).pk]}

    question = support.post(PORTALS, chosen).content.decode()
    assert "Yes, the portal is gone" in question
    assert settled.domain in question
    assert status() == Portal.Status.ACTIVE
    answer = support.post(PORTALS, chosen | {"is_confirmed": "yes"}, follow=True)

    ended = Portal.objects.get()
    assert "1 portal has been ended" in answer.content.decode()
    assert ended.status == Portal.Status.UNINSTALLED
    assert (ended.removal_unproved_at, ended.application_token) == (None, "")
    assert ended.wipe_at is not None
    assert not PortalToken.objects.exists()
    assert listener.HEARD == [(cast.MEMBER_ID, "uninstalled")]
    told = AuditEvent.objects.get(kind=EventKind.PORTAL_UNINSTALLED)
    assert told.actor == "support:support"


@pytest.mark.parametrize("is_confirmed", ["", "yes"])
def test_support_cannot_end_a_portal_that_can_be_asked(settled, support, is_confirmed):
    chosen = GONE | {"_selected_action": [settled.pk], "is_confirmed": is_confirmed}

    answer = support.post(PORTALS, chosen, follow=True)

    assert "not in doubt" in answer.content.decode()
    assert status() == Portal.Status.ACTIVE
    assert PortalToken.objects.exists()


def test_who_may_only_look_cannot_end_a_portal(settled):
    user = User.objects.create_user("oleg", "oleg@signx.test", "x", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    looker = Client(headers={"Accept-Language": "en"})
    looker.force_login(user)
    chosen = GONE | {"_selected_action": [doubted(settled).pk], "is_confirmed": "yes"}

    assert "end_portal" not in looker.get(PORTALS).content.decode()
    looker.post(PORTALS, chosen)

    assert status() == Portal.Status.ACTIVE


def test_an_administrator_who_comes_in_ends_that_doubt(settled, client, world, open_app, support):
    PortalToken.objects.update(dead_at=timezone.now(), dead_reason="invalid_grant")
    announce(client, world)
    tasks.run_due()
    assert "Probably uninstalled" in support.get(PORTALS).content.decode()

    open_app()

    assert Portal.objects.get().removal_unproved_at is None
    assert "Probably uninstalled" not in support.get(PORTALS).content.decode()


def test_a_server_that_is_down_leaves_everything_open(settled, world, time_machine):
    actions.uninstall(world, clean=True)
    world.settle()
    world.faults.set({"auth_502": 1})
    tasks.run_due()
    assert status() == Portal.Status.ACTIVE

    world.faults.clear()
    later(time_machine, minutes=6)

    assert status() == Portal.Status.UNINSTALLED
    assert Portal.objects.get().wipe_at is not None


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
