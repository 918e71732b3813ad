"""The signing page as people use it: small screens, a keyboard, large letters, no scripts.

`SIGNX_PICTURES=docs/images/signing` makes the test of the states keep a picture of each
(`make pictures`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from playwright.sync_api import Page

from bitrix24.models import Portal
from documents.models import Document
from tests.factories import NOON
from tests.scenarios.browser import Browsers, Complaints
from tests.scenarios.signing import (
    Weight,
    ask_employee,
    barriers,
    code_from_notice,
    fits,
    hidden_focus,
    invite,
    keep_picture,
    look_into_frame,
    press_with_keyboard,
)
from tests.scenarios.signing_states import STATES, Setting
from tests.scenarios.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

RU, EN = "ru-RU", "en-GB"
WEIGHT_LIMIT = 150 * 1024
WORDS = {
    RU: ("Подписать", "Получить код", "Подписать документ", "Вы подписали"),
    EN: ("Sign", "Get the code", "Sign the document", "You have signed"),
}


@pytest.fixture(autouse=True)
def _storage(settings: object, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    """An hour after the documents were sent; time goes on, as it does for people."""
    with time_machine.travel(NOON + timedelta(hours=1), tick=True):
        yield


@pytest.mark.parametrize(
    ("width", "height", "locale", "text_px"),
    [(360, 740, RU, 16), (740, 360, EN, 16), (360, 740, RU, 32)],
    ids=["portrait", "landscape", "text 200 %"],
)
def test_a_phone_signs_in_four_taps_and_a_code(
    app: Site,
    office: Portal,
    people_browsers: Browsers,
    width: int,
    height: int,
    locale: str,
    text_px: int,
) -> None:
    letter = invite(app, office, agreement="Y", language=locale[:2])
    phone = people_browsers.phone(width, height, locale=locale, text_px=text_px)
    page, weight = phone.new_page(), Weight()
    complaints = Complaints(page)
    weight.watch(page)
    sign, get_code, confirm, done = WORDS[locale]

    page.goto(letter.url())
    assert page.locator("[data-sheet] img").first.bounding_box()["y"] < height, "document first"
    assert bar_height(page) <= (height / 4 if text_px > 16 else 72 if height > width else 48)
    assert fits(page)
    page.wait_for_load_state("networkidle")
    assert weight.size <= WEIGHT_LIMIT, weight.size

    weight.tap(page.get_by_role("link", name=sign, exact=True))
    page.wait_for_url("**/sign/")
    assert fits(page)
    weight.tap(page.get_by_role("checkbox"))
    weight.tap(page.get_by_role("button", name=get_code))
    page.wait_for_url("**/code/**")
    page.locator("input[name=code]").fill(letter.code())
    assert fits(page)
    weight.tap(page.get_by_role("button", name=confirm))

    page.get_by_role("heading", name=done).wait_for()
    assert fits(page)
    assert weight.taps <= 4
    assert letter.status() == Document.Status.SEALING
    assert complaints.found == []


def bar_height(page: Page) -> float:
    return float(page.locator(".bar").bounding_box()["height"])


def test_the_keyboard_alone_signs(app: Site, office: Portal, people_browsers: Browsers) -> None:
    letter = invite(app, office, agreement="Y")
    page = people_browsers.phone().new_page()
    page.goto(letter.url())

    press_with_keyboard(page, "link", "Подписать")
    page.wait_for_url("**/sign/")
    press_with_keyboard(page, "checkbox", "")
    press_with_keyboard(page, "button", "Получить код")
    page.wait_for_url("**/code/**")
    assert page.locator("input[name=code]").evaluate("field => field === document.activeElement")
    page.keyboard.type(letter.code())
    page.keyboard.press("Enter")

    page.get_by_role("heading", name="Вы подписали").wait_for()
    assert hidden_focus(page) == ""
    assert letter.status() == Document.Status.SEALING


def test_without_scripts_everything_works_as_plain_forms(
    app: Site, office: Portal, people_browsers: Browsers
) -> None:
    letter = invite(app, office, agreement="Y", language="en")
    page = people_browsers.phone(locale=EN, java_script=False).new_page()

    page.goto(letter.url())
    page.get_by_role("link", name="As text").click()
    assert page.get_by_text("24-117").count()
    page.go_back()
    page.get_by_role("link", name="Sign", exact=True).click()
    page.get_by_role("button", name="Get the code").click()
    assert page.get_by_role("alert").count()  # the box is not ticked
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Get the code").click()
    page.locator("input[name=code]").fill("12")
    page.get_by_role("button", name="Sign the document").click()
    assert page.get_by_role("alert").count()
    page.locator("input[name=code]").fill(letter.code())
    page.get_by_role("button", name="Sign the document").click()

    assert page.get_by_role("heading", name="You have signed").count()
    assert letter.status() == Document.Status.SEALING


def test_the_language_switch_keeps_the_place(
    app: Site, office: Portal, people_browsers: Browsers
) -> None:
    letter = invite(app, office)
    page = people_browsers.phone().new_page()
    page.goto(letter.url("decline/"))

    page.get_by_role("button", name="Switch to English").click()

    page.get_by_role("heading", name="Decline to sign").wait_for()
    assert page.url == letter.url("decline/")
    assert page.locator("html").get_attribute("lang") == "en"


def test_an_employee_signs_on_the_card_in_the_frame(
    app: Site, office: Portal, people_browsers: Browsers
) -> None:
    document, desk = app.run(ask_employee, office)
    page = people_browsers.desk().new_page()
    complaints = Complaints(page)
    look_into_frame(page, desk, f"{app.url}/app/documents/{document.public_id}")

    panel = page.locator("#sx-sign")
    assert barriers(page) == []
    panel.get_by_role("button").nth(1).click()
    field = panel.locator("input[name=code]")
    field.wait_for()
    assert barriers(page) == []
    field.fill(app.run(code_from_notice))
    field.press("Enter")

    page.locator("#sx-sign").wait_for(state="hidden")
    page.get_by_text("Собираем").first.wait_for()
    assert fits(page)
    assert app.run(Document.objects.get, pk=document.pk).status == Document.Status.SEALING
    assert complaints.found == []


def test_every_state_is_a_finished_page_for_everybody(
    app: Site, office: Portal, people_browsers: Browsers
) -> None:
    folder = os.environ.get("SIGNX_PICTURES")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
    page = people_browsers.phone().new_page()
    found: dict[str, list[str]] = {}

    for name, show in STATES.items():
        page.context.clear_cookies()
        show(Setting(page, app, office))
        wrong = barriers(page) + ([] if fits(page) else ["scrolls sideways"])
        if wrong:
            found[name] = wrong
        if folder:
            keep_picture(page, Path(folder), name)

    assert found == {}
