"""The wizard: what it registers, again and again, and what it says when it fails."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.urls import reverse
from django.utils import timezone, translation
from django_q.models import OrmQ

from bitrix24 import tasks
from bitrix24.installation.wizard import EVENTS
from bitrix24.models import FrameSession, Portal, PortalToken
from devportal import cast
from signx.errors import ErrorCode
from tests.bitrix24 import listener
from tests.bitrix24.conftest import OWN_STEPS, bearer

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def quiet():
    listener.HEARD.clear()


def step(client, page, number):
    return client.post(f"/b24/install/step/{number}", headers=bearer(page))


def test_the_wizard_registers_everything_and_the_portal_is_active(portal, world):
    app = world.portal.app

    assert portal.status == Portal.Status.ACTIVE
    assert {row.event for row in app.handlers} == set(EVENTS)
    assert {urlsplit(row.url).path for row in app.handlers} == {reverse("bitrix24:events")}
    assert [row.code for row in app.placements] == ["CRM_DEAL_DETAIL_TAB"]
    assert set(app.placements[0].lang_all) == {"ru", "kz", "en"}
    assert portal.disk_folder_id in map(str, world.portal.disk.objects)
    assert portal.application_token == world.portal.application_token
    assert listener.HEARD == [(cast.MEMBER_ID, "installed")]


def test_the_wizards_page_shows_its_steps_without_inline_code(open_app, world):
    page = open_app()
    html = page.content.decode()

    assert html.count("sx-steps__mark") == len(OWN_STEPS)
    assert bearer(page)["Authorization"].removeprefix("Bearer ") in html
    assert "<style" not in html
    assert " style=" not in html
    assert " onclick=" not in html
    assert "<script>" not in html
    for secret in ("AUTH_ID", PortalToken.objects.get().access_token):
        assert secret not in html


def test_the_wizard_runs_again_after_an_update_without_doubling(portal, world, install, open_app):
    world.portal.app.is_installed = False
    assert b"install-count" in open_app(path="/b24/install").content
    listener.HEARD.clear()

    again = install()

    assert again.pk == portal.pk
    assert again.installed_at == portal.installed_at
    assert len(world.portal.app.handlers) == len(EVENTS)
    assert len(world.portal.app.placements) == 1
    assert listener.HEARD == [(cast.MEMBER_ID, "updated")]


def test_an_ordinary_employee_is_told_what_to_do(world, open_app, client, install):
    page = open_app()
    step(client, page, 0)
    world.portal.app.is_installed = True

    answer = open_app(cast.CLERK, path="/b24/app")

    assert answer.status_code == 200
    assert "install-count" not in answer.content.decode()
    assert step(client, answer, 0).status_code == 403
    assert Portal.objects.get().status == Portal.Status.INSTALLING


def test_a_step_does_not_run_before_its_turn(open_app, client):
    page = open_app()

    answer = step(client, page, 3)

    assert answer.status_code == 409
    assert Portal.objects.get().disk_folder_id == ""


def test_a_failed_step_says_why_and_can_be_repeated(open_app, client, world):
    page = open_app()
    world.faults.set({"http_502": 1.0})

    failed = step(client, page, 0)
    world.faults.clear()
    repeated = step(client, page, 0)

    assert failed.status_code == 502
    assert failed.json()["error"] == "portal_unreachable"
    with translation.override("ru"):  # the portal's language
        assert failed.json()["message"] == ErrorCode.PORTAL_UNREACHABLE.label
    assert repeated.status_code == 200


def test_a_step_whose_answer_was_lost_is_repeated_without_harm(open_app, client, world):
    page = open_app()
    step(client, page, 0)
    world.faults.set({"drop_after": 1.0})
    assert step(client, page, 1).status_code == 502
    world.faults.clear()

    assert step(client, page, 1).status_code == 200
    assert len(world.portal.app.handlers) == len(EVENTS)


def test_the_second_portal_is_another_portal(install):
    first, second = install(0), install(1)

    assert first.pk != second.pk
    assert first.application_token != second.application_token
    assert set(FrameSession.objects.values_list("portal", flat=True)) == {first.pk, second.pk}


def test_an_administrator_who_opens_the_app_heals_what_the_portal_forgot(portal, world, open_app):
    world.portal.app.handlers.clear()
    world.portal.app.placements.clear()
    tasks.run_due()  # what ONAPPINSTALL brought
    Portal.objects.update(checked_at=timezone.now() - timedelta(hours=2))

    open_app(cast.CLERK)
    assert not tasks.has_due(timezone.now())
    open_app(cast.DIRECTOR)
    assert tasks.has_due(timezone.now())
    assert OrmQ.objects.exists()
    assert tasks.run_due() == 1
    open_app(cast.DIRECTOR)
    assert not tasks.has_due(timezone.now())

    assert len(world.portal.app.handlers) == len(EVENTS)
    assert len(world.portal.app.placements) == 1


def test_a_portal_that_cannot_be_healed_now_is_not_asked_every_second(portal, world):
    Portal.objects.update(look_over_at=timezone.now(), offer_try_at=None)
    world.faults.set({"http_502": 1.0})

    assert tasks.run_due() == 1
    assert tasks.run_due() == 0

    assert "portal_unreachable" in Portal.objects.get().last_error
