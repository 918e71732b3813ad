"""The main job as people see it: a frame on another host name with all cookies blocked, then a
360 px phone."""

from __future__ import annotations

from demo.people import CODE, LINK
from demo.story import CLERK, DEAL, DIRECTOR
from tests.scenarios.browser import Complaints


def test_from_install_to_signed_by_all(story, people_browsers):
    stack, portal = story.stack, story.portal
    stack.start()
    page = people_browsers.desk().new_page()
    complaints = Complaints(page)
    frame = page.frame_locator("iframe")

    # The wizard runs by itself and moves on into the application.
    page.goto(f"{stack.portal_url}/marketplace/app/?as={DIRECTOR}")
    frame.get_by_role("heading", name="Документы", level=1).wait_for()
    assert page.context.cookies() == []

    switch_robots_on(frame)
    turn_on_signature(frame, portal)
    story.confirm_signature()
    story.let_clerk_send()

    # The clerk runs the business process from its page on the portal.
    letters = len(portal.letters())
    page.goto(f"{stack.portal_url}/process/?as={CLERK}")
    page.get_by_role("button", name="Запустить").click()
    link = portal.find_letter(LINK, after=letters).text
    sign_on_a_phone(people_browsers.phone().new_page(), portal, link)

    page.get_by_text("completed").first.wait_for()
    page.goto(f"{stack.portal_url}/crm/deal/details/{DEAL}/?as={CLERK}")
    assert page.get_by_text(".pdf").first.is_visible()
    page.goto(f"{stack.portal_url}/marketplace/app/?as={DIRECTOR}")
    frame.get_by_text("Подписан всеми").first.wait_for()
    assert complaints.found == []
    assert page.context.cookies() == []


def switch_robots_on(frame):
    frame.get_by_role("link", name="Настройки").click()
    for robot in ("Отправить документ на подпись", "Проверить статус документа"):
        frame.get_by_role("switch", name=robot).click()
        frame.get_by_role("switch", name=robot, checked=True).wait_for()


def turn_on_signature(frame, portal):
    frame.get_by_role("link", name="Сотрудники").click()
    frame.get_by_role("link", name="Моя подпись").click()
    frame.get_by_role("button", name="Прислать код").click()
    frame.get_by_label("Код из письма").fill(portal.find_letter(CODE).text)
    for consent in frame.get_by_role("checkbox").all():
        consent.check()
    frame.get_by_role("button", name="Включить подпись").click()
    frame.get_by_role("button", name="Запросить подтверждение").click()
    frame.get_by_text("Подтверждение запрошено").wait_for()


def sign_on_a_phone(page, portal, link):
    complaints = Complaints(page)
    letters = len(portal.letters())
    page.goto(link)
    assert page.locator("img").first.is_visible(), "the document comes first"
    assert fits(page)

    page.get_by_role("link", name="Подписать").click()
    page.get_by_role("checkbox").check()
    assert fits(page)
    page.get_by_role("button", name="Получить код").click()
    page.locator("input[name=code]").fill(portal.find_letter(CODE, after=letters).text)
    assert fits(page)
    page.get_by_role("button", name="Подписать документ").click()

    page.get_by_role("heading", name="Документ подписан всеми").wait_for()
    assert fits(page)
    assert complaints.found == []


def fits(page):
    """No sideways scrolling."""
    return page.evaluate("document.documentElement.scrollWidth <= innerWidth")
