"""What SIGNX costs a portal in requests: looking after itself, opening a page, a robot's call."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from bitrix24.models import Portal, PortalToken
from demo.people import Frame
from devportal import cast
from robots.services import switch
from tests.conftest import AUTH
from tests.robots import conftest as office

_storage = office._storage
caller, processes = office.caller, office.processes
converted, robots_on, signer = office.converted, office.robots_on, office.signer


class Counter:
    """Requests of a piece of work, by whom they went to; and the methods in them."""

    def __init__(self, devportal: Any) -> None:
        self.devportal = devportal
        self.start()

    def start(self) -> None:
        self.since = len(self.devportal.requests.rows)

    @property
    def rows(self) -> list[Any]:
        return self.devportal.requests.rows[self.since :]

    @property
    def portal(self) -> int:
        return len([row for row in self.rows if not AUTH.endswith(row.host)])

    @property
    def methods(self) -> list[str]:
        return [call.name for row in self.rows for call in row.methods]


@pytest.fixture
def cost(devportal) -> Counter:
    return Counter(devportal)


@pytest.fixture
def settled(robots_on, director, worker, clock) -> Portal:
    """Robots and triggers are on, everything has been looked over, two hours ago."""
    switch(robots_on, "crm_triggers", True, by=director)
    Portal.objects.update(look_over_at=timezone.now())
    worker.run()
    clock(hours=2)
    return Portal.objects.get()


def test_a_visit_of_an_administrator_costs_two_requests(settled, vostok, worker, cost):
    """`profile` for the entry, and one that looks everything over."""
    Frame(vostok, cast.DIRECTOR)
    worker.run()

    assert cost.portal == 2
    assert {"event.get", "placement.get", "bizproc.robot.list", "scope"} <= set(cost.methods)
    assert not [name for name in cost.methods if name.endswith((".bind", ".add", ".update"))]


def test_within_the_hour_nothing_is_looked_over_again(settled, vostok, worker, clock, cost):
    Frame(vostok, cast.DIRECTOR)
    worker.run()
    cost.start()

    clock(minutes=50)
    Frame(vostok, cast.DIRECTOR)
    worker.run()

    assert cost.methods == ["profile"]


def test_an_employee_costs_the_question_who_he_is(settled, vostok, worker, cost):
    Frame(vostok, cast.CLERK)
    Frame(vostok, cast.CLERK, placement="CRM_DEAL_DETAIL_TAB", deal=cast.DEAL_MAIN)
    worker.run()

    assert cost.methods == ["profile", "profile"]


def test_a_quiet_day_costs_one_request(settled, worker, clock, cost):
    clock(hours=25)
    worker.run()

    assert cost.portal == 1


def lose_a_robot(app: Any) -> None:
    del app.robots["signx_status"]


def lose_an_event(app: Any) -> None:
    app.handlers[:] = [row for row in app.handlers if row.event != "ONAPPUNINSTALL"]


def lose_the_tab(app: Any) -> None:
    app.placements.clear()


def lose_a_trigger(app: Any) -> None:
    app.triggers.pop("signx_declined")


@pytest.mark.parametrize(
    ("lose", "made"),
    [
        (lose_a_robot, ["bizproc.robot.add"]),
        (lose_an_event, ["event.bind"]),
        (lose_the_tab, ["placement.bind"]),
        (lose_a_trigger, ["crm.automation.trigger.add"] * 3),
    ],
)
def test_only_what_was_lost_is_made_again(settled, devportal, vostok, worker, cost, lose, made):
    lose(devportal.portal.app)

    Frame(vostok, cast.DIRECTOR)
    worker.run()

    assert cost.portal == 3
    assert [name for name in cost.methods if name.endswith((".bind", ".add", ".update"))] == made
    app = devportal.portal.app
    assert (len(app.robots), len(app.handlers), len(app.placements)) == (2, 4, 1)
    assert len(app.triggers) == 3


def test_a_new_version_of_a_robot_reaches_the_portal_within_a_day(
    settled, devportal, worker, clock, settings
):
    settings.PUBLIC_URL = "http://signx.test:8443"

    clock(hours=25)
    worker.run()

    handlers = {robot["HANDLER"] for robot in devportal.portal.app.robots.values()}
    assert {address[:22] for address in handlers} == {"http://signx.test:8443"}


def test_robots_move_to_another_administrator_when_theirs_is_gone(
    settled, devportal, vostok, worker, clock
):
    devportal.portal.users[cast.CLERK].is_admin = True
    Frame(vostok, cast.CLERK)
    worker.run()
    told = {robot["AUTH_USER_ID"] for robot in devportal.portal.app.robots.values()}
    assert {int(user_id) for user_id in told} == {cast.DIRECTOR}, "who runs them stays the same"

    PortalToken.objects.filter(bitrix_user_id=cast.DIRECTOR).update(dead_at=timezone.now())
    clock(hours=25)
    worker.run()

    told = {robot["AUTH_USER_ID"] for robot in devportal.portal.app.robots.values()}
    assert {int(user_id) for user_id in told} == {cast.CLERK}


def test_a_document_costs_a_robot_three_requests(settled, processes, converted, cost):
    """Everything it reads, the file, and the answer with the notice."""
    processes.send()
    processes.worker.run()
    cost.start()

    processes.send()
    processes.worker.run()

    assert cost.portal == 3


def test_people_are_asked_about_in_the_request_for_the_papers(
    settled, processes, converted, cost, clock
):
    processes.send()
    processes.worker.run()
    clock(minutes=11)
    processes.worker.run()
    cost.start()

    processes.send()
    processes.worker.run()

    assert cost.portal == 3


def test_a_question_about_a_status_costs_its_answer(settled, processes, cost):
    processes.status(document="x")
    processes.worker.run()

    assert cost.methods == ["bizproc.event.send"]
