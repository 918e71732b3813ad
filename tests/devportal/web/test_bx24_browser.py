"""BX24.js between two host names in a real browser, with nothing but messages between them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, FrameLocator, Page, expect, sync_playwright
from werkzeug.serving import make_server

from devportal import actions, cast
from devportal.config import Config
from devportal.portals.portal import Placement
from devportal.serve import Server
from devportal.world import World
from tests.devportal.web.frame_app import FrameApp
from tests.tools import program

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=program("chromium", "google-chrome"),
            args=["--no-sandbox", "--host-resolver-rules=MAP *.test 127.0.0.1"],
        )
        yield started
        started.close()


@pytest.fixture
def app() -> FrameApp:
    return FrameApp()


@pytest.fixture
def server(app: FrameApp) -> Iterator[Server]:
    http = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=http.serve_forever, daemon=True).start()
    free = make_server("127.0.0.1", 0, app)
    port = free.server_port
    free.server_close()
    config = Config(
        domain=f"vostok.portal.test:{port}",
        app_url=f"http://app.signx.test:{http.server_port}",
        inline=True,
        bucket_size=0,
    )
    app.portal = config.domain
    with Server(World(config), "127.0.0.1", port) as running:
        yield running
    http.shutdown()
    http.server_close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": 1280, "height": 800})
    problems: list[str] = []
    opened.on("pageerror", lambda error: problems.append(str(error)))
    yield opened
    opened.close()
    assert problems == []


def open_app(page: Page, server: Server, path: str = "/marketplace/app/") -> FrameLocator:
    page.goto(f"http://{server.world.portal.domain}{path}")
    frame = page.frame_locator("main iframe")
    expect(frame.locator("#facts")).not_to_be_empty()
    return frame


@pytest.mark.parametrize("way", ["telling", "plain"])
def test_frame_learns_who_and_where(page, server, app, way):
    server.world.ways.choose({"frame_name": way})
    frame = open_app(page, server)

    facts = json.loads(frame.locator("#facts").inner_text())
    assert facts == {
        "placement": {"placement": "DEFAULT", "options": {}},
        "lang": "ru",
        "domain": server.world.portal.domain,
        "admin": True,
        "member": cast.MEMBER_ID,
    }
    expect(page.locator("h1")).to_have_text("Заголовок приложения")
    assert [entry["cookie"] for entry in app.entries] == [""]


def test_install_finish_moves_on_to_the_application(page, server):
    frame = open_app(page, server)
    expect(frame.locator("#where")).to_have_text("/b24/install")

    frame.locator("#finish").click()

    expect(frame.locator("#where")).to_have_text("/b24/app")
    assert server.world.portal.app.is_installed


def test_frame_grows_with_its_content(page, server):
    frame = open_app(page, server)

    frame.locator("#tall").click()

    expect(frame.locator("#out")).to_contain_text('"height":')
    box = page.locator("main iframe").bounding_box()
    assert box is not None
    assert box["height"] > 1500
    inner = page.frames[1].evaluate("document.documentElement.scrollHeight - innerHeight")
    assert inner <= 0


def test_pickers_answer_with_documented_ids(page, server):
    frame = open_app(page, server)
    frame.locator("#user").click()
    page.get_by_role("button", name="Лебедева").click()
    expect(frame.locator("#out")).to_contain_text('"id":"12"')

    frame.locator("#crm").click()
    page.get_by_role("button", name="Берёзкина").click()

    expect(frame.locator("#out")).to_contain_text('"contact":[{"id":"C_5"')


def test_methods_and_tokens_through_the_portal(page, server):
    frame = open_app(page, server)
    frame.locator("#method").click()
    expect(frame.locator("#out")).to_contain_text('"NAME":"Андрей"')

    frame.locator("#refresh").click()

    expect(frame.locator("#out")).to_have_text("true")


def test_paths_open_in_a_slider_and_report_its_end(page, server):
    frame = open_app(page, server)
    frame.locator("#deal").click()
    slider = page.frame_locator(".slider iframe")
    expect(slider.locator("h1")).to_have_text("Поставка оборудования для склада")

    page.keyboard.press("Escape")

    expect(frame.locator("#out")).to_have_text('{"result":"close"}')


def test_application_in_a_slider_gets_its_parameters(page, server):
    actions.finish_install(server.world)
    frame = open_app(page, server)
    frame.locator("#app").click()
    inner = page.frame_locator(".slider iframe")
    expect(inner.locator("#facts")).to_contain_text('"options":{"sign":"77"}')

    inner.locator("#close").click()

    expect(page.locator(".slider")).to_have_count(0)


def test_deal_tab_as_an_employee(page, server, app):
    url = f"{server.world.config.app_url}/b24/deal"
    server.world.portal.app.placements.append(
        Placement("CRM_DEAL_DETAIL_TAB", url, "SIGNX", {"ru": {"TITLE": "Подписание"}}, {})
    )
    actions.finish_install(server.world)
    page.goto(f"http://{server.world.portal.domain}/crm/deal/details/315/?as={cast.CLERK}")

    page.get_by_role("link", name="Подписание").click()

    frame = page.frame_locator("main iframe")
    expect(frame.locator("#facts")).to_contain_text('"ID":"315"')
    expect(frame.locator("#facts")).to_contain_text('"admin":false')
    assert "as=12" in page.url


def test_strangers_messages_are_not_answered(page, server):
    open_app(page, server)
    sid = page.locator("main iframe").get_attribute("data-sid")
    answers = page.evaluate(
        """sid => new Promise(done => {
          const seen = [];
          addEventListener("message", event => seen.push(String(event.data)));
          postMessage("getInitData:{}:x:" + sid, "*");
          setTimeout(() => done(seen), 300);
        })""",
        sid,
    )

    assert answers == [f"getInitData:{{}}:x:{sid}"]
