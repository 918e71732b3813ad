"""A page may stay open for hours: who looks at it is confirmed by the portal again and again."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from bitrix24.frame.confirmation import CONFIRM_EVERY
from bitrix24.frame.session import hash_token
from bitrix24.models import FrameSession, PortalToken
from demo.people import Frame
from devportal import cast
from employees.models import EmployeeRight, Right
from employees.people.directory import find_employee
from tests.conftest import APP

SETTINGS, JOURNAL, DOCUMENTS = "/app/settings/", "/app/journal/", "/app/"


def ask(frame: Frame, path: str) -> requests.Response:
    return frame.http.get(APP + path, headers={"Authorization": f"Bearer {frame.token}"})


def code_of(frame: Frame, path: str) -> int:
    return ask(frame, path).status_code


def profiles(devportal: Any) -> int:
    return len(devportal.calls("profile"))


@pytest.fixture
def page(portal, vostok, clock) -> Frame:
    """The director's page, opened long enough ago."""
    opened = Frame(vostok, cast.DIRECTOR)
    clock(seconds=CONFIRM_EVERY.total_seconds() + 1)
    return opened


@pytest.fixture
def journalist(portal, vostok, clock) -> Frame:
    """A clerk who was given a right; his page, opened long enough ago."""
    person = find_employee(portal, cast.CLERK)
    EmployeeRight.objects.create(employee=person, right=Right.JOURNAL)
    opened = Frame(vostok, cast.CLERK)
    clock(seconds=CONFIRM_EVERY.total_seconds() + 1)
    return opened


def test_the_portal_is_asked_once_in_a_while(page, devportal, clock):
    before = profiles(devportal)

    for _request in range(3):
        assert code_of(page, SETTINGS) == 200
    assert profiles(devportal) == before + 1

    clock(seconds=CONFIRM_EVERY.total_seconds() + 1)
    assert code_of(page, DOCUMENTS) == 200
    assert profiles(devportal) == before + 2


@pytest.mark.parametrize("path", [SETTINGS, DOCUMENTS])
def test_the_page_of_a_dismissed_administrator_closes(page, devportal, path):
    devportal.portal.users[cast.DIRECTOR].active = False

    assert code_of(page, path) == 401
    assert not FrameSession.objects.filter(token_hash=hash_token(page.token)).exists()
    devportal.faults.set({"http_502": 1})
    assert code_of(page, path) == 401, "also while nobody can be asked"


def test_a_dismissed_employee_reads_no_more(journalist, devportal):
    devportal.portal.users[cast.CLERK].active = False

    assert code_of(journalist, JOURNAL) == 401


def test_a_demoted_administrator_keeps_what_everybody_may(page, devportal):
    devportal.portal.users[cast.DIRECTOR].is_admin = False

    assert code_of(page, SETTINGS) == 403
    assert code_of(page, DOCUMENTS) == 200
    assert not PortalToken.objects.get(bitrix_user_id=cast.DIRECTOR).is_admin


def test_a_promoted_employee_need_not_open_the_page_again(journalist, devportal):
    assert code_of(journalist, JOURNAL) == 200
    FrameSession.objects.update(confirmed_at=FrameSession.objects.earliest("pk").created_at)
    devportal.portal.users[cast.CLERK].is_admin = True

    assert code_of(journalist, SETTINGS) == 200


def test_while_the_portal_is_silent_an_administrators_doings_wait(page, devportal, clock):
    devportal.faults.set({"http_502": 1})

    refused = ask(page, SETTINGS)

    assert refused.status_code == 503
    assert "admin_unconfirmed" in refused.text
    assert code_of(page, DOCUMENTS) == 200
    devportal.faults.clear()
    clock(minutes=2)
    assert code_of(page, SETTINGS) == 200


def test_a_silent_portal_is_not_asked_by_every_request(page, devportal):
    devportal.faults.set({"http_502": 1})
    code_of(page, DOCUMENTS)
    asked = len(devportal.requests.rows)

    for _request in range(3):
        code_of(page, DOCUMENTS)

    assert len(devportal.requests.rows) == asked


def test_a_portal_that_hangs_is_left_alone_when_it_has_hung(page, devportal, clock):
    """The minute in which it is not asked begins when the waiting is over."""
    devportal.sleep = lambda _seconds: clock(seconds=70)
    devportal.faults.set({"slow": 1, "http_502": 1})
    code_of(page, DOCUMENTS)
    asked = len(devportal.requests.rows)

    clock(seconds=30)
    code_of(page, DOCUMENTS)

    assert len(devportal.requests.rows) == asked


def test_who_waits_for_a_page_waits_for_seconds(page, devportal, monkeypatch):
    limits = []
    monkeypatch.setattr("bitrix24.wire.connections.begin", limits.append)

    assert code_of(page, DOCUMENTS) == 200

    assert limits
    assert max(limits) <= 10


def test_a_right_that_was_given_in_signx_outlives_the_silence(journalist, devportal):
    devportal.faults.set({"http_502": 1})

    assert code_of(journalist, JOURNAL) == 200


def test_a_robots_question_about_him_makes_nobody_an_administrator_again(page, portal, devportal):
    """Whoever asks about a signer learns that he works here, not that he is an administrator."""
    devportal.portal.users[cast.DIRECTOR].is_admin = False
    find_employee(portal, cast.DIRECTOR)

    assert code_of(page, SETTINGS) == 403
