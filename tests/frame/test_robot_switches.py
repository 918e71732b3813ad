"""The robots' switches and new employees: what the frame asks of the portal itself."""

from __future__ import annotations

import pytest

from bitrix24.models import Portal
from devportal import cast
from employees.models import Employee
from employees.people.directory import find_employee
from robots.models import RobotSwitch
from tests.frame.desk import Desk


@pytest.fixture
def settings_desk(portal: Portal) -> Desk:
    return Desk(find_employee(portal, cast.DIRECTOR))


def test_switch_puts_the_robot_on_the_portal_and_takes_it_away(settings_desk: Desk) -> None:
    path = "/app/settings/robots/signx_send"

    for _twice in range(2):
        on = settings_desk.post(path, {"on": "1"})
        assert "Works on the portal" in on.content.decode()
    assert RobotSwitch.objects.get(code="signx_send").is_on

    off = settings_desk.post(path, {"on": "0"})
    assert "Works on the portal" not in off.content.decode()
    assert not RobotSwitch.objects.get(code="signx_send").is_on


def test_unknown_robot_is_not_found(settings_desk: Desk) -> None:
    assert (
        settings_desk.post("/app/settings/robots/signx_everything", {"on": "1"}).status_code == 404
    )


def test_switching_robots_needs_the_right(portal: Portal) -> None:
    clerk = Desk(find_employee(portal, cast.CLERK))

    assert clerk.post("/app/settings/robots/signx_send", {"on": "1"}).status_code == 403
    assert not RobotSwitch.objects.filter(is_on=True).exists()


def test_colleague_is_added_from_the_portal_once(settings_desk: Desk, portal: Portal) -> None:
    for _twice in range(2):
        answer = settings_desk.post("/app/employees/add", {"bitrix_user_id": cast.CLERK})
        assert answer.status_code == 200

    assert Employee.objects.for_portal(portal).filter(bitrix_user_id=cast.CLERK).count() == 1


@pytest.mark.parametrize("typed", ["", "0", "director", "99999"])
def test_nobody_is_added_by_a_number_that_is_nobody(
    settings_desk: Desk, portal: Portal, typed: str
) -> None:
    before = Employee.objects.for_portal(portal).active().count()

    answer = settings_desk.post("/app/employees/add", {"bitrix_user_id": typed})

    assert answer.status_code == 422
    assert Employee.objects.for_portal(portal).active().count() == before
