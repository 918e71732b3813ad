"""A document sent from the application's own page, as a person does it: no process, no robot.

`SIGNX_PICTURES=docs/images/new` keeps pictures of the page at 1280 and 360 px.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import time_machine
from playwright.sync_api import Page, Route

from bitrix24.models import Portal
from demo.people import LINK
from demo.story import DEAL, DIRECTOR, Story
from documents import tasks
from documents.drafts import services
from documents.models import Document, Draft
from outbox.models import Delivery
from tests import factories
from tests.factories import NOON
from tests.frame.desk import Desk
from tests.scenarios.browser import Browsers, Complaints
from tests.scenarios.signing import barriers, fits, keep_picture, look_into_frame
from tests.scenarios.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# Colours on their way to another are nobody's contrast.
SETTLED = """() => Promise.allSettled(document.getAnimations()
  .filter((one) => one.effect.getTiming().iterations !== Infinity)
  .map((one) => one.finished))"""
COLLEAGUE = "Тропинин"  # a contact without an e-mail

PEOPLE = (
    ("Ильин Пётр Андреевич", "ilin@zakazchik.example", "ООО «Заказчик»", "7707083893"),
    ("Котова Дарья Юрьевна", "kotova@partner.example", "ИП Котова Д. Ю.", ""),
)


@pytest.fixture(autouse=True)
def _noon(settings: object, tmp_path: Path) -> Iterator[None]:
    settings.MEDIA_ROOT = tmp_path / "files"  # type: ignore[attr-defined]
    with time_machine.travel(NOON, tick=True):
        yield


@pytest.fixture
def units() -> int:
    return 42


class Album:
    """Every state that was reached is looked at: nothing serious for axe, no sideways scroll."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.folder = os.environ.get("SIGNX_PICTURES", "")
        self.wrong: dict[str, list[str]] = {}

    def look(self, name: str) -> None:
        self.page.locator("button[disabled]").wait_for(state="detached")
        self.page.evaluate(SETTLED)
        width = self.page.viewport_size["width"] if self.page.viewport_size else 0
        found = barriers(self.page) + ([] if fits(self.page) else ["scrolls sideways"])
        if found:
            self.wrong[f"{name} {width}"] = found
        if self.folder:
            Path(self.folder).mkdir(parents=True, exist_ok=True)
            keep_picture(self.page, Path(self.folder), f"{name}-{width}", is_whole=True)


def _director(office: Portal, language: str) -> Desk:
    person = factories.make_signer_employee(office)
    person.is_portal_admin = True
    person.save()
    return Desk(person, language=language)


@pytest.mark.parametrize("width", [1280, 360])
def test_a_file_goes_to_two_counterparties_in_turn(
    app: Site, office: Portal, people_browsers: Browsers, tmp_path: Path, width: int
) -> None:
    desk = app.run(_director, office, "en")
    context = people_browsers.desk() if width > 360 else people_browsers.phone(360)
    page = context.new_page()
    complaints, album = Complaints(page), Album(page)
    look_into_frame(page, desk, f"{app.url}/app/")
    page.get_by_role("link", name="New document").click()
    page.get_by_role("heading", name="New document", level=1).wait_for()
    album.look("upload")

    _upload(page, album, app, tmp_path / "Договор_24-117.pdf")
    _fill_in(page)
    _make_and_mend_a_mistake(page, album)
    height_before = _move_a_stamp_down(page)
    album.look("filled")
    assert page.context.cookies() == []
    _send_while_a_preview_is_drawn(page)
    album.look("sent")

    document = app.run(Document.objects.get)
    assert (document.status, document.message) == ("sending", "Пожалуйста, подпишите до пятницы.")
    assert document.places["2"][0]["y_mm"] == pytest.approx(height_before + 20, abs=1)
    app.run(tasks.hand_over, document.pk)
    letters = app.run(lambda: list(Delivery.objects.filter(kind="invitation")))
    assert [one.payload["signer"] for one in letters] == [app.run(document.signers.get, key="2").pk]
    assert app.run(Draft.objects.get).document_id == document.pk
    assert album.wrong == {}
    assert complaints.found == []


def _upload(page: Page, album: Album, app: Site, paper: Path) -> None:
    """The file is on its way at once; the worker checks it while the form is being filled in."""
    paper.write_bytes(factories.paper().pdf)
    page.locator("input[name=file]").set_input_files(paper)
    page.get_by_text("the file is being checked").wait_for()
    album.look("checking")
    app.run(services.take_in_due)
    page.get_by_text("2 pages", exact=True).wait_for()
    page.locator(".sx-stamp").nth(1).wait_for()
    assert page.get_by_label("Name of the document").input_value() == "Договор 24-117"


def _fill_in(page: Page) -> None:
    page.get_by_role("button", name="Add a counterparty").click()
    sides = page.locator(".sx-side")
    sides.nth(1).wait_for()
    for number, person in enumerate(PEOPLE):
        _type(page, number, person)
    page.get_by_label("Several counterparties sign").select_option("in_turn")
    page.get_by_label("Message").fill("Пожалуйста, подпишите до пятницы.")
    page.locator("#sx-stamp-3-2").wait_for()
    assert sides.count() == 2


def _make_and_mend_a_mistake(page: Page, album: Album) -> None:
    """It is told beside its field, and nothing that was typed is lost."""
    sides = page.locator(".sx-side")
    sides.nth(1).get_by_label("E-mail").fill("kotova")
    page.get_by_role("button", name="Send for signing").click()
    page.get_by_text("The document is not sent yet").wait_for()
    assert page.locator("#sx-wrong").evaluate("one => one === document.activeElement")
    album.look("mistake")
    sides.nth(1).get_by_label("E-mail").fill(PEOPLE[1][1])
    assert sides.nth(0).get_by_label("E-mail").input_value() == PEOPLE[0][1]


def _move_a_stamp_down(page: Page) -> float:
    """With the keyboard, ten millimetres a press, twice; where it was, in mm."""
    stamp = page.locator("#sx-stamp-2-2")
    before = float(stamp.get_attribute("y") or 0)
    stamp.focus()
    # Two presses are one question to the server: it is asked once the keys are still.
    with page.expect_response(lambda answer: "/app/new/" in answer.url):
        page.keyboard.press("Shift+ArrowDown")
        page.keyboard.press("Shift+ArrowDown")
    assert page.locator("#id_coordinates").input_value().startswith("2=2:")
    page.wait_for_load_state("networkidle")
    return before


def _send_while_a_preview_is_drawn(page: Page) -> None:
    """A preview that is still being drawn when the document goes: its answer comes to nobody."""
    late: list[Route] = []
    page.route(re.compile(r"/app/new/\w+$"), lambda route: late.append(route))
    with page.expect_request(re.compile(r"/app/new/\w+$")):
        page.get_by_label("Name of the document").fill("Договор 24-118")
        page.get_by_label("Message").focus()
    page.get_by_role("button", name="Send for signing").dblclick()
    page.get_by_text("The document is on its way").wait_for()
    with page.expect_response(re.compile(r"/app/new/\w+$")) as answered:
        late[0].continue_()
    assert answered.value.headers["hx-retarget"] == "#sx-root"
    page.wait_for_load_state("networkidle")
    page.get_by_text("The document is on its way").wait_for()


def _type(page: Page, number: int, person: tuple[str, ...]) -> None:
    side = page.locator(".sx-side").nth(number)
    side.get_by_label("Typed by hand").check()
    labels = ("Full name", "E-mail", "Organisation", "Tax number (INN)")
    for label, words in zip(labels, person, strict=True):
        side.get_by_label(label).fill(words)


def test_from_the_deal_s_tab_through_the_portal_s_picker_to_a_sealed_file(
    story: Story, people_browsers: Browsers, tmp_path: Path
) -> None:
    """Portal, web and worker as processes, cookies blocked. The language of the frame is the
    portal's, so what is pressed is found by its place and not by its words."""
    story.open_office()
    stack, portal = story.stack, story.portal
    paper = tmp_path / "contract.pdf"
    paper.write_bytes(factories.paper().pdf)
    page = people_browsers.desk().new_page()
    complaints = Complaints(page)
    frame = page.frame_locator("iframe")
    page.goto(f"{stack.portal_url}/crm/deal/details/{DEAL}/?as={DIRECTOR}&tab=app0")
    frame.locator('a[hx-get="/app/new"]').click()

    frame.locator("input[name=file]").set_input_files(paper)
    frame.locator(".sx-stamp").nth(1).wait_for()  # the worker has checked the file
    assert frame.locator("#id_crm_entity").input_value() == f"DEAL_{DEAL}"
    assert frame.locator("#id_p0-reference").input_value() == "C_5"
    frame.locator("#sx-add").click()
    frame.locator("[data-pick-crm]").nth(1).click()
    page.locator("#picker .pick").filter(has_text=COLLEAGUE).click()
    assert frame.locator("#id_p1-reference").input_value().startswith("C_")
    assert COLLEAGUE in frame.locator("#id_p1-reference_picked").inner_text()
    # That contact has no e-mail: told beside the field, in the sentence of the robots.
    frame.locator("#sx-send-button").click()
    frame.locator("#id_p1-reference_error").wait_for()
    frame.locator(".sx-side").nth(1).locator("[value=typed]").check()
    frame.locator("#id_p1-name").fill("Котова Дарья Юрьевна")
    frame.locator("#id_p1-email").fill("kotova@partner.example")
    frame.locator("#id_among").select_option("in_turn")
    frame.locator("#sx-send-button").click()
    frame.locator("#sx-card").wait_for()
    assert complaints.found == []

    for number in range(2):
        link = portal.find_letter(LINK, to="kotova@partner.example" if number else "").text
        story.sign(link)
    # In a tab of its own: a page that is left while it asks may complain.
    later = page.context.new_page()
    complaints = Complaints(later)
    later.goto(f"{stack.portal_url}/crm/deal/details/{DEAL}/?as={DIRECTOR}&tab=app0")
    later.frame_locator("iframe").get_by_text("Подписан всеми").first.wait_for()
    assert complaints.found == []
    assert page.context.cookies() == []
