"""Employees are what the portal says they are, asked again when that is old."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from bitrix24.models import FrameSession, Portal, PortalToken
from bitrix24.rest.records import User
from devportal import cast as portal_cast
from employees.balances import ledger
from employees.models import Employee
from employees.people import directory
from employees.people.directory import (
    find_employee,
    from_frame,
    import_administrator,
    portal_changed,
    remember_employee,
)
from signx.errors import ErrorCode, SignXError
from tests.employees.cast import NOON, make_clerk, make_director

MINUTE = timedelta(minutes=1)

pytestmark = pytest.mark.django_db


@pytest.fixture
def installed(db, devportal) -> Portal:
    """The stand-in's first portal, with its administrator's token."""
    theirs = devportal.portal
    token = devportal.auth.issue(theirs, portal_cast.DIRECTOR)
    portal = Portal.objects.create(
        member_id=theirs.member_id,
        domain=theirs.domain,
        client_endpoint=devportal.auth.client_endpoint(theirs),
        auth_server=devportal.config.auth_base,
        status=Portal.Status.ACTIVE,
    )
    PortalToken.objects.create(
        portal=portal,
        bitrix_user_id=portal_cast.DIRECTOR,
        is_admin=True,
        access_token=token.access_token,
        refresh_token=token.refresh_token,
        expires_at=timezone.now() + timedelta(hours=1),
        refreshed_at=timezone.now(),
    )
    return portal


def make_frame(portal: Portal, at=NOON, **changes: object) -> FrameSession:
    values: dict[str, object] = {
        "bitrix_user_id": 12,
        "user_name": "Зайцев Илья Олегович",
        "is_portal_admin": False,
        "language": "ru",
        "token_hash": f"{FrameSession.objects.count():064x}",
        "created_at": at,
        "seen_at": at,
        "confirmed_at": at,
    }
    return FrameSession.objects.create(portal=portal, **(values | changes))


def asked(devportal) -> int:
    """How often the portal was asked about people."""
    return len([call for call in devportal.requests.rows if "user.get" in str(call)])


def refusal(work, *arguments, **named) -> ErrorCode:
    with pytest.raises(SignXError) as caught:
        work(*arguments, **named)
    return caught.value.code


def test_the_first_frame_makes_the_employee(office):
    employee = from_frame(make_frame(office, is_portal_admin=True, language="en"))

    assert (employee.name, employee.is_portal_admin, employee.language) == (
        "Зайцев Илья Олегович",
        True,
        "en",
    )
    assert Employee.objects.get() == employee


def test_a_session_without_the_patronymic_keeps_the_full_name(office, clerk):
    clerk.name = "Зайцев Илья Олегович"
    clerk.save()

    frame = make_frame(office, at=NOON + MINUTE, user_name="Зайцев Илья")
    assert from_frame(frame).name == "Зайцев Илья Олегович"

    married = make_frame(office, at=NOON + 2 * MINUTE, user_name="Зайцев-Орлов Илья")
    assert from_frame(married).name == "Зайцев-Орлов Илья"


def test_a_frame_reads_without_writing(office, django_assert_num_queries):
    frame = make_frame(office)
    from_frame(frame)

    with django_assert_num_queries(1):
        from_frame(frame)


def test_a_newer_frame_tells_of_a_promotion_and_of_a_return(office, clerk):
    clerk.is_active = False
    clerk.save()

    frame = make_frame(office, at=NOON + MINUTE, is_portal_admin=True)
    employee = from_frame(frame)

    assert (employee.is_active, employee.is_portal_admin) == (True, True)


def test_an_older_frame_does_not_bring_back_the_dismissed(office, clerk):
    frame = make_frame(office, at=NOON - MINUTE)
    clerk.is_active = False
    clerk.save()

    assert refusal(from_frame, frame) == ErrorCode.SESSION_EXPIRED


def test_an_unknown_employee_is_asked_for(installed, devportal):
    at = timezone.now()

    employee = find_employee(installed, portal_cast.CLERK, at=at)

    assert employee.name
    assert employee.email
    assert employee.checked_at == at
    assert asked(devportal) == 1


def test_a_fresh_answer_is_not_asked_again(installed, devportal):
    at = timezone.now()
    for minutes in (0, 5, 10):
        find_employee(installed, portal_cast.CLERK, at=at + minutes * MINUTE)
    assert asked(devportal) == 1

    find_employee(installed, portal_cast.CLERK, at=at + 11 * MINUTE)
    assert asked(devportal) == 2


def test_the_dismissed_and_the_unknown_are_refused(installed):
    assert refusal(find_employee, installed, portal_cast.FIRED) == ErrorCode.SIGNER_UNKNOWN
    assert refusal(find_employee, installed, 999) == ErrorCode.SIGNER_UNKNOWN
    assert not Employee.objects.active().exists()


def test_somebody_dismissed_today_is_refused_within_minutes(installed, devportal):
    at = timezone.now()
    find_employee(installed, portal_cast.CLERK, at=at)
    devportal.portal.users[portal_cast.CLERK].active = False

    late = at + directory.FRESH_FOR + MINUTE

    assert refusal(find_employee, installed, portal_cast.CLERK, at=late) == ErrorCode.SIGNER_UNKNOWN


def test_stale_knowledge_does_not_decide_when_the_portal_is_silent(installed, devportal):
    at = timezone.now()
    find_employee(installed, portal_cast.CLERK, at=at)
    devportal.faults.set({"http_502": 1})

    find_employee(installed, portal_cast.CLERK, at=at + MINUTE)
    refused = refusal(find_employee, installed, portal_cast.CLERK, at=at + 60 * MINUTE)

    assert refused == ErrorCode.PORTAL_UNREACHABLE


def test_an_answer_without_an_address_keeps_the_one_we_know(office, clerk):
    user = User(12, "Зайцев Илья Олегович", "", "Старший менеджер", True)

    employee = remember_employee(office, user, at=NOON + MINUTE)

    assert (employee.email, employee.position) == (clerk.email, "Старший менеджер")


def test_installing_imports_the_administrator_and_gives_free_signatures_once(installed):
    for _time in range(2):
        import_administrator(installed, portal_cast.DIRECTOR)

    employee = Employee.objects.get()
    assert (employee.is_portal_admin, employee.is_active) == (True, True)
    assert ledger.available(installed) == 5


def test_news_of_an_installation_gives_free_signatures(office):
    for what in ("installed", "updated", "uninstalled", "installed"):
        portal_changed(office, what)

    assert ledger.available(office) == 5


def test_people_of_two_portals_never_mix(office, stranger):
    mine = make_director(office)

    frame = make_frame(office, bitrix_user_id=1, at=NOON + MINUTE)

    assert from_frame(frame) == mine
    assert make_clerk(stranger.portal).pk != make_clerk(office).pk
