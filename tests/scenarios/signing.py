"""A signer's way for browser tests: documents in every state, and the browsers that open them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from PIL import Image
from playwright.sync_api import Page

from bitrix24.models import Portal
from documents import tasks
from documents.core.creation import Counterparty
from documents.models import Document, Signer
from employees.models import Employee
from outbox.base import Command, Letter
from outbox.models import Delivery
from outbox.services import content
from tests import factories
from tests.factories import NOON
from tests.frame.desk import Desk
from tests.scenarios.site import Site

CODE = re.compile(r"(?<!\d)\d{6}(?!\d)")
SERIOUS = {"serious", "critical"}
# All rules of WCAG 2.2 A and AA that a program can check.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
people = count(100)
COLOURS = 64  # of a screenshot: flat pages lose nothing, and the file is small


@dataclass
class Letterbox:
    """What the signer of one document finds in the mailbox."""

    site: Site
    document: Document
    token: str

    @property
    def signer(self) -> Signer:
        return self.site.run(self.document.signers.get, key="2")

    def url(self, page: str = "") -> str:
        return f"{self.site.url}/s/{self.token}/{page}"

    def code(self) -> str:
        return self.site.run(_newest_code)

    def status(self) -> str:
        return self.site.run(Document.objects.get, pk=self.document.pk).status


def _newest_code() -> str:
    letter = content(Delivery.objects.filter(kind="signing_code").latest("pk"))
    assert isinstance(letter, Letter)
    return CODE.findall(letter.text)[0]


def invite(site: Site, portal: Portal, **changes: object) -> Letterbox:
    """A document on its way, its letter taken by the mail server."""
    return Letterbox(site, *site.run(_send, portal, changes))


def _send(portal: Portal, changes: dict[str, object]) -> tuple[Document, str]:
    """The document and the token of the link in its letter."""
    document = factories.make_sending(portal, **changes)
    tasks.hand_over(document.pk, NOON)
    pending = Delivery.objects.filter(kind="invitation", subject_id=document.public_id)
    token = pending.earliest("pk").open_secret()["token"]
    factories.settle_deliveries("invitation")
    return Document.objects.get(pk=document.pk), token


def ask_employee(portal: Portal) -> tuple[Document, Desk]:
    """A storekeeper without an e-mail is asked to sign in the frame, which is open already."""
    person = Employee.objects.create(
        portal=portal, bitrix_user_id=40, name="Чернова Анна Львовна", position="Кладовщик"
    )
    document = factories.make_sending(portal, **factories.personnel(portal, person))
    tasks.hand_over(document.pk, NOON)
    factories.settle_deliveries("portal_invitation")
    factories.accept_agreement(document, at=NOON)
    return document, Desk(person, language="ru")


def look_into_frame(page: Page, desk: Desk, url: str) -> None:
    """Open a frame page with the session that the portal's entry would have left in it."""
    page.route(settings.BITRIX24_JS_URL, lambda route: route.fulfill(body=""))
    page.set_extra_http_headers({"Authorization": f"Bearer {desk.token}"})
    page.goto(url)
    page.set_extra_http_headers({})
    meta = page.locator('meta[name="sx-frame"]')
    meta.evaluate("(element, token) => { element.content = token; }", desk.token)


def code_from_notice() -> str:
    command = content(Delivery.objects.filter(kind="portal_code").latest("pk"))
    assert isinstance(command, Command)
    return CODE.findall(command.params["MESSAGE"])[0]


def fits(page: Page) -> bool:
    """No sideways scrolling of the page."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def hidden_focus(page: Page) -> str:
    """The focused element when the sticky bar covers it whole; empty when it can be seen."""
    return str(
        page.evaluate(
            """() => {
              const at = document.activeElement, bar = document.querySelector(".bar");
              if (!bar || bar.contains(at) || at === document.body) return "";
              const own = at.getBoundingClientRect(), cover = bar.getBoundingClientRect();
              return own.top >= cover.top && own.bottom <= cover.bottom ? at.outerHTML : "";
            }"""
        )
    )


def barriers(page: Page) -> list[str]:
    """What axe finds serious or critical, a line each."""
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": RULES}})
    return [
        f"{broken['id']}: {node['html'][:200]}"
        for broken in found.response["violations"]
        if broken["impact"] in SERIOUS
        for node in broken["nodes"]
    ]


def press_with_keyboard(page: Page, role: Any, name: str, *, limit: int = 60) -> None:
    """Tab until the control has the focus, then Enter or, for a box, Space."""
    wanted = page.get_by_role(role, name=name)
    for _step in range(limit):
        if wanted.evaluate("element => element === document.activeElement"):
            page.keyboard.press("Space" if role == "checkbox" else "Enter")
            return
        page.keyboard.press("Tab")
        assert hidden_focus(page) == ""
    raise AssertionError(f"the keyboard does not reach «{name}»")


def keep_picture(page: Page, folder: Path, name: str, *, is_whole: bool = False) -> None:
    """A screenshot of the visible part, or of the whole page, as a small palette PNG."""
    taken = page.screenshot(animations="disabled", full_page=is_whole)
    shot = Image.open(BytesIO(taken)).convert("RGB")
    shot.quantize(COLOURS, dither=Image.Dither.NONE).save(folder / f"{name}.png", optimize=True)


@dataclass
class Weight:
    """Bytes that the browser received, page images left out; and how often it was tapped."""

    size: int = 0
    taps: int = 0

    def watch(self, page: Page) -> None:
        page.on("response", lambda answer: self._add(answer))

    def _add(self, answer: Any) -> None:
        kind = answer.headers.get("content-type", "")
        if kind not in {"image/png", "image/webp"} and answer.status == 200:
            self.size += len(answer.body())

    def tap(self, what: Any) -> None:
        self.taps += 1
        what.tap()


@dataclass
class Setting:
    """A browser's page, the application, and the portal that sends documents."""

    page: Page
    app: Site
    office: Portal

    def invite(self, **changes: object) -> Letterbox:
        """Somebody who has never signed: every state has an address of its own."""
        changes.setdefault("counterparty", somebody())
        return invite(self.app, self.office, **changes)

    def open(self, letter: Letterbox, path: str = "") -> Letterbox:
        self.page.goto(letter.url(path))
        return letter

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name).click()

    def ask_for_code(self) -> Letterbox:
        letter = self.open(self.invite(), "sign/")
        self.press("Получить код")
        self.page.wait_for_url("**/code/**")
        return letter

    def type_code(self, code: str) -> None:
        self.page.locator("input[name=code]").fill(code)
        self.press("Подписать документ")


def somebody(**more: object) -> Counterparty:
    number = next(people)
    email = f"ilin{number}@zakazchik.example"
    return Counterparty(
        "Ильин Пётр Андреевич",
        email,
        organisation="ООО «Заказчик»",
        crm_contact_id=number,
        **more,  # type: ignore[arg-type]
    )
