"""Language and theme are each person's own choice, and hold for all his frames."""

from __future__ import annotations

import json

import pytest

from bitrix24.models import FrameLook
from tests.frame.desk import Desk

LOOK = "/app/employees/me/look"
DARK = {"language": "ru", "theme": "dark", "back": "settings"}


def test_the_choice_holds_at_once_and_in_the_next_frame(director: Desk) -> None:
    answer = director.post(LOOK, DARK)

    assert answer.status_code == 204
    assert json.loads(answer.headers["HX-Trigger"]) == {
        "sx-look": {"language": "ru", "theme": "dark"}
    }
    assert json.loads(answer.headers["HX-Location"])["path"] == "/app/settings/"
    assert "Настройки" in director.read("/app/settings/")
    again = Desk(director.employee, language="en")
    page = again.get("/app/settings/", is_page=True).content.decode()
    assert '<html lang="ru" class="sx-dark">' in page


def test_nobody_chose_means_the_portals_language_and_light(director: Desk) -> None:
    page = director.get("/app/settings/", is_page=True).content.decode()

    assert '<html lang="en">' in page


def test_the_choice_can_be_taken_back(director: Desk) -> None:
    director.post(LOOK, DARK)
    director.post(LOOK, {"language": "en", "theme": "light"})

    page = director.get("/app/settings/", is_page=True).content.decode()
    assert '<html lang="en">' in page
    assert FrameLook.objects.count() == 1


def test_everybody_may_choose_and_changes_only_his_own(clerk: Desk, director: Desk) -> None:
    assert 'name="theme"' in clerk.read("/app/employees/me")

    clerk.post(LOOK, DARK)

    assert 'lang="en"' in director.get("/app/settings/", is_page=True).content.decode()
    assert json.loads(clerk.post(LOOK, DARK | {"back": "//x"}).headers["HX-Location"])["path"] == (
        "/app/employees/me"
    )


def test_a_person_of_another_portal_with_the_same_number_is_another(
    director: Desk, stranger: Desk
) -> None:
    director.post(LOOK, DARK)

    assert (
        'lang="en"' in Desk(stranger.employee).get("/app/settings/", is_page=True).content.decode()
    )


@pytest.mark.parametrize("wrong", [{"language": "kz"}, {"theme": "pink"}, {"theme": ""}])
def test_what_is_not_on_the_list_is_refused(director: Desk, wrong: dict[str, str]) -> None:
    assert director.post(LOOK, DARK | wrong).status_code == 422
    assert not FrameLook.objects.exists()
