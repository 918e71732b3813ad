"""The two switches: what they do on the portal, and what an update or a refusal leaves."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from devportal import cast
from employees.models import Right
from employees.people.directory import find_employee
from employees.people.rights import give_right
from journal.events import EventKind
from journal.models import AuditEvent
from robots.models import RobotSwitch
from robots.registration.switches import switch_robot, switch_states
from robots.services import restore_robots
from signx.errors import ErrorCode, SignXError


def on_portal(devportal) -> dict:
    return devportal.portal.app.robots


def test_a_new_portal_has_both_robots_off(portal, devportal):
    assert [(row.code, row.is_on, row.state) for row in switch_states(portal)] == [
        ("signx_send", False, "off"),
        ("signx_status", False, "off"),
    ]
    assert on_portal(devportal) == {}


def test_on_registers_the_robot_with_everything_the_portal_needs(portal, director, devportal):
    state = switch_robot(portal, "signx_send", True, by=director)

    record = on_portal(devportal)["signx_send"]
    assert (state.is_on, state.state, state.error) == (True, "on", "")
    assert record["HANDLER"] == "http://signx.test/b24/robots/signx_send"
    assert record["AUTH_USER_ID"] == cast.DIRECTOR
    assert record["USE_SUBSCRIPTION"] == "Y"
    assert record["NAME"]["ru"] == "Отправить документ на подпись"
    assert record["PROPERTIES"]["wait_for"]["OPTIONS"]["sent"] == "Когда документ отправлен"
    assert "signx_status" not in on_portal(devportal)


def test_off_removes_it(portal, director, devportal):
    switch_robot(portal, "signx_send", True, by=director)

    state = switch_robot(portal, "signx_send", False, by=director)

    assert (state.is_on, state.state) == (False, "off")
    assert on_portal(devportal) == {}


@pytest.mark.parametrize("on", [True, False])
def test_switching_twice_is_switching_once(portal, director, devportal, on):
    switch_robot(portal, "signx_send", on, by=director)

    assert switch_robot(portal, "signx_send", on, by=director).error == ""
    assert ("signx_send" in on_portal(devportal)) is on


def test_both_ways_are_in_the_journal(portal, director):
    switch_robot(portal, "signx_send", True, by=director)
    switch_robot(portal, "signx_send", False, by=director)

    events = AuditEvent.objects.for_portal(portal).about("robot", "signx_send")
    assert [(event.kind, event.actor) for event in events.order_by("number")] == [
        (EventKind.ROBOT_SWITCHED_ON, "employee:1"),
        (EventKind.ROBOT_SWITCHED_OFF, "employee:1"),
    ]


def test_an_update_of_the_app_deletes_the_robots_and_the_wizard_puts_them_back(
    portal, director, devportal
):
    switch_robot(portal, "signx_status", True, by=director)
    devportal.portal.app.robots.clear()

    restore_robots(portal, cast.DIRECTOR)
    restore_robots(portal, cast.DIRECTOR)

    assert list(on_portal(devportal)) == ["signx_status"]


def test_the_wizard_registers_nothing_that_is_switched_off(portal, devportal):
    devportal.requests.rows.clear()

    restore_robots(portal, cast.DIRECTOR)

    assert on_portal(devportal) == {}
    assert devportal.requests.rows == []


def test_a_portal_that_refuses_shows_why_and_keeps_the_wish(portal, director, devportal, settings):
    settings.PUBLIC_URL = "http://localhost"  # the portal wants a dotted host

    state = switch_robot(portal, "signx_send", True, by=director)

    assert (state.is_on, state.state) == (True, "failed")
    assert state.error
    assert not AuditEvent.objects.filter(kind=EventKind.ROBOT_SWITCHED_ON).exists()

    settings.PUBLIC_URL = "http://signx.test"
    restore_robots(portal, cast.DIRECTOR)
    assert switch_states(portal)[0].state == "on"
    assert "signx_send" in on_portal(devportal)


def test_a_refusal_for_good_does_not_stop_the_installation(portal, director, devportal, settings):
    switch_robot(portal, "signx_send", True, by=director)
    devportal.portal.app.robots.clear()
    settings.PUBLIC_URL = "http://localhost"

    restore_robots(portal, cast.DIRECTOR)

    assert RobotSwitch.objects.get().last_error


def test_a_silent_portal_stops_the_step_so_that_it_is_run_again(portal, director, devportal):
    switch_robot(portal, "signx_send", True, by=director)
    devportal.faults.set({"http_502": 1.0})

    with pytest.raises(SignXError) as refused:
        restore_robots(portal, cast.DIRECTOR)

    assert refused.value.code == ErrorCode.PORTAL_UNREACHABLE


def test_who_may_not_change_settings_may_not_switch(portal, clerk, devportal):
    with pytest.raises(SignXError) as refused:
        switch_robot(portal, "signx_send", True, by=clerk)

    assert refused.value.code == ErrorCode.RIGHT_MISSING
    assert on_portal(devportal) == {}


def test_without_being_an_administrator_one_switches_through_one(
    portal, director, clerk, devportal
):
    give_right(clerk, Right.SETTINGS, by=director, at=timezone.now())

    state = switch_robot(portal, "signx_send", True, by=clerk)

    assert state.state == "on"
    assert on_portal(devportal)["signx_send"]["AUTH_USER_ID"] == cast.DIRECTOR


def test_another_portals_director_switches_nothing_here(portal, stranger, devportal):
    outsider = find_employee(stranger, cast.DIRECTOR)

    with pytest.raises(SignXError) as refused:
        switch_robot(portal, "signx_send", True, by=outsider)

    assert refused.value.code == ErrorCode.NOT_FOUND


def test_an_unknown_robot_is_not_found(portal, director):
    with pytest.raises(SignXError) as refused:
        switch_robot(portal, "signx_pay", True, by=director)

    assert refused.value.code == ErrorCode.NOT_FOUND


def test_the_command_puts_robots_back_on_every_portal(portal, director, devportal):
    switch_robot(portal, "signx_send", True, by=director)
    devportal.portal.app.robots.clear()
    told = StringIO()

    call_command("register_robots", stdout=told)

    assert list(on_portal(devportal)) == ["signx_send"]
    assert "vostok.portal.test" in told.getvalue()


def test_the_command_can_switch_all_on(portal, devportal):
    call_command("register_robots", portal="vostok.portal.test", all=True, stdout=StringIO())

    assert list(on_portal(devportal)) == ["signx_send", "signx_status"]


def test_the_command_names_a_portal_that_it_does_not_know(db):
    with pytest.raises(CommandError, match=r"nowhere\.portal\.test"):
        call_command("register_robots", portal="nowhere.portal.test")
