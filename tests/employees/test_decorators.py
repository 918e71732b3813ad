"""A frame page opens for an employee with a session and the right, and for nobody else."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.test import Client
from django.urls import path
from django.utils import timezone
from django.utils.translation import get_language

from bitrix24.frame.session import Entry, open_frame
from bitrix24.models import FrameSession
from employees.models import Employee, EmployeeRight, Right
from employees.people.decorators import EmployeeRequest, employee_required
from tests.employees.cast import make_clerk

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


@employee_required()
def whoami(request: EmployeeRequest) -> HttpResponse:
    return JsonResponse({"name": request.employee.name, "language": get_language()})


@employee_required(Right.SETTINGS)
def change(request: HttpRequest) -> HttpResponse:
    return HttpResponse("done")


urlpatterns = [path("whoami", whoami), path("change", change)]


def token_for(employee: Employee, **changes: object) -> str:
    values: dict[str, object] = {
        "portal": employee.portal,
        "bitrix_user_id": employee.bitrix_user_id,
        "user_name": employee.name,
        "is_portal_admin": employee.is_portal_admin,
        "language": "en",
    }
    _frame, token = open_frame(Entry(**(values | changes)))  # type: ignore[arg-type]
    return token


def get(page: str, token: str = "", client: Client | None = None) -> HttpResponse:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return (client or Client()).get(f"/{page}", headers=headers)


def test_an_employee_with_a_session_is_let_in(clerk):
    response = get("whoami", token_for(clerk))

    assert response.status_code == 200
    assert json.loads(response.content) == {"name": clerk.name, "language": "en"}
    assert f"frame-ancestors {clerk.portal.origin}" in response["Content-Security-Policy"]
    assert response["Cache-Control"] == "no-store"


@pytest.mark.parametrize("token", ["", "forged"])
def test_without_a_session_nobody_is(clerk, token):
    response = get("whoami", token)

    assert response.status_code == 401
    assert clerk.name not in response.content.decode()


def test_an_old_session_is_over(clerk):
    token = token_for(clerk)
    FrameSession.objects.update(seen_at=timezone.now() - timedelta(hours=2))

    assert get("whoami", token).status_code == 401


def test_a_right_is_read_on_each_request(clerk):
    token = token_for(clerk)
    assert get("change", token).status_code == 403

    given = EmployeeRight.objects.create(employee=clerk, right=Right.SETTINGS)
    assert get("change", token).status_code == 200

    given.delete()
    assert get("change", token).status_code == 403


def test_an_administrator_has_every_right(director):
    assert get("change", token_for(director)).status_code == 200


def test_a_post_needs_no_csrf_cookie_because_it_needs_the_header(director):
    strict = Client(enforce_csrf_checks=True)
    headers = {"Authorization": f"Bearer {token_for(director)}"}

    assert strict.post("/change", headers=headers).status_code == 200
    assert strict.post("/change").status_code == 401


def test_a_session_is_good_for_its_own_portal_only(stranger, clerk):
    namesake = make_clerk(stranger.portal)
    namesake.name = "Посторонний"
    namesake.save()

    response = get("whoami", token_for(clerk))

    assert json.loads(response.content)["name"] == clerk.name
