"""One's own signature, rights of colleagues, sending on behalf."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from employees.models import Delegation, Employee, Right, SignatureProfile
from outbox.models import Delivery
from tests.frame.desk import Desk

State = SignatureProfile.State


def code_sent_to(desk: Desk) -> str:
    delivery = Delivery.objects.filter(kind="employee_code").latest("pk")
    return str(delivery.open_secret()["code"])


def in_days(days: int) -> str:
    return (timezone.localdate() + timedelta(days=days)).isoformat()


def test_list_shows_colleagues_and_nobody_else(director: Desk, clerk: Desk, stranger: Desk) -> None:
    html = director.read("/app/employees/")

    assert "Зайцев Илья Олегович" in html
    assert "Гордеев Марк Ильич" not in html
    assert "Administrator: all rights" in html


def test_signature_is_turned_on_by_code_and_consent(newcomer: Desk) -> None:
    newcomer.post("/app/employees/me/code", {"email": "chernova@kontora.example"})
    code = code_sent_to(newcomer)

    answer = newcomer.post(
        "/app/employees/me/turn-on", {"code": code, "consent": "on", "robots": "on"}
    )

    profile = SignatureProfile.objects.get(employee=newcomer.employee)
    assert answer.status_code == 200
    assert profile.state == State.TURNED_ON
    assert profile.robots_allowed
    assert "Request confirmation" in answer.content.decode()


def test_robots_are_allowed_only_by_a_tick_of_its_own(newcomer: Desk) -> None:
    newcomer.post("/app/employees/me/code", {"email": "chernova@kontora.example"})

    newcomer.post("/app/employees/me/turn-on", {"code": code_sent_to(newcomer), "consent": "on"})

    profile = SignatureProfile.objects.get(employee=newcomer.employee)
    assert (profile.state, profile.robots_allowed) == (SignatureProfile.State.TURNED_ON, False)


def test_without_consent_the_code_is_not_even_tried(newcomer: Desk) -> None:
    newcomer.post("/app/employees/me/code", {"email": "chernova@kontora.example"})
    code = code_sent_to(newcomer)

    answer = newcomer.post("/app/employees/me/turn-on", {"code": code, "robots": "on"})

    html = answer.content.decode()
    assert "Without your consent the signature stays off." in html
    assert SignatureProfile.objects.get(employee=newcomer.employee).state == State.CODE_SENT


@pytest.mark.parametrize("code", ["", "12345", "abcdef", "1234567"])
def test_a_code_that_is_no_code_is_told_beside_its_field(newcomer: Desk, code: str) -> None:
    newcomer.post("/app/employees/me/code", {"email": "chernova@kontora.example"})

    answer = newcomer.post("/app/employees/me/turn-on", {"code": code, "consent": "on"})

    assert 'id="id_code_error"' in answer.content.decode()


def test_wrong_code_leaves_the_ticks_and_counts_tries(newcomer: Desk) -> None:
    newcomer.post("/app/employees/me/code", {"email": "chernova@kontora.example"})
    wrong = "000000" if code_sent_to(newcomer) != "000000" else "000001"

    answer = newcomer.post("/app/employees/me/turn-on", {"code": wrong, "consent": "on"})

    html = answer.content.decode()
    assert "Tries left: 4" in html
    assert 'name="consent" checked' in html


def test_second_code_at_once_is_refused(newcomer: Desk) -> None:
    first = newcomer.post("/app/employees/me/code", {"email": "chernova@kontora.example"})
    second = newcomer.post("/app/employees/me/code", {"email": "chernova@kontora.example"})

    assert first.status_code == 200
    assert second.status_code == 429
    assert Delivery.objects.filter(kind="employee_code").count() == 1


def test_confirmation_is_requested_once(newcomer: Desk) -> None:
    SignatureProfile.objects.create(
        employee=newcomer.employee,
        state=State.TURNED_ON,
        email="chernova@kontora.example",
        turned_on_at=timezone.now(),
    )

    newcomer.post("/app/employees/me/confirmation")
    answer = newcomer.post("/app/employees/me/confirmation")

    assert "Confirmation is requested" in answer.content.decode()
    assert Delivery.objects.filter(kind="confirmation_request").count() == 1


def test_owner_stops_the_signature_and_forbids_robots(director: Desk) -> None:
    director.post("/app/employees/me/robots")
    profile = SignatureProfile.objects.get(employee=director.employee)
    assert not profile.robots_allowed

    answer = director.post("/app/employees/12/stop")

    profile.refresh_from_db()
    assert answer.status_code == 200
    assert profile.state == State.STOPPED


def test_colleague_without_settings_cannot_stop_a_signature(clerk: Desk, director: Desk) -> None:
    assert clerk.post("/app/employees/12/stop").status_code == 403
    assert SignatureProfile.objects.get(employee=director.employee).state == State.CONFIRMED


def test_right_is_given_and_taken_twice_without_harm(director: Desk, newcomer: Desk) -> None:
    path = "/app/employees/30/rights/journal"

    for _twice in range(2):
        assert director.post(path, {"on": "1"}).status_code == 200
    assert newcomer.employee.has_right(Right.JOURNAL)

    for _twice in range(2):
        assert director.post(path, {"on": "0"}).status_code == 200
    assert not newcomer.employee.has_right(Right.JOURNAL)


def test_unknown_right_and_unknown_person_are_not_found(director: Desk, stranger: Desk) -> None:
    outsider = Employee.objects.create(
        portal=stranger.employee.portal, bitrix_user_id=77, name="Сомов Егор Ильич"
    )

    assert director.post("/app/employees/12/rights/rule", {"on": "1"}).status_code == 404
    assert director.get(f"/app/employees/{outsider.bitrix_user_id}").status_code == 404
    assert director.post("/app/employees/77/rights/send", {"on": "1"}).status_code == 404
    assert not outsider.rights.exists()


def test_owner_lets_a_colleague_send_and_takes_it_back(director: Desk, clerk: Desk) -> None:
    asked = {"delegate": clerk.employee.pk, "until": in_days(30), "limit": "5"}

    given = director.post("/app/employees/12/delegations", asked)
    delegation = Delegation.objects.get()
    back = director.post(f"/app/employees/12/delegations/{delegation.pk}/revoke")

    delegation.refresh_from_db()
    assert "Зайцев Илья Олегович" in given.content.decode()
    assert delegation.documents_limit == 5
    assert delegation.revoked_at is not None
    assert "Nobody." in back.content.decode()


def test_only_the_owner_or_an_administrator_delegates(clerk: Desk, director: Desk) -> None:
    clerk.employee.rights.create(right=Right.SETTINGS)
    asked = {"delegate": clerk.employee.pk, "until": in_days(30)}

    answer = clerk.post("/app/employees/12/delegations", asked)

    assert answer.status_code == 403
    assert not Delegation.objects.exists()


@pytest.mark.parametrize(
    "change", [{"until": ""}, {"until": "31.02"}, {"limit": "0"}, {"delegate": "0"}]
)
def test_delegation_with_a_mistake_is_shown_again(
    director: Desk, clerk: Desk, change: dict[str, str]
) -> None:
    asked = {"delegate": clerk.employee.pk, "until": in_days(30), "limit": ""} | change

    answer = director.post("/app/employees/12/delegations", asked)

    assert "sx-field__error" in answer.content.decode()
    assert not Delegation.objects.exists()


def test_a_stranger_cannot_be_delegated(director: Desk, stranger: Desk) -> None:
    asked = {"delegate": stranger.employee.pk, "until": in_days(30)}

    answer = director.post("/app/employees/12/delegations", asked)

    assert "sx-field__error" in answer.content.decode()
    assert not Delegation.objects.exists()
