"""A real Chromium that knows our host names; people see what it shows."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import BrowserContext, Page, Playwright, ViewportSize, sync_playwright

from tests.tools import program

# Names end on this machine, and nothing is asked of the outside.
ARGUMENTS = [
    "--host-resolver-rules=MAP *.test 127.0.0.1",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
]
BLOCK_COOKIES = {"profile": {"default_content_setting_values": {"cookies": 2}}}


class Browsers:
    """Browsers of different people, each with a profile of its own."""

    def __init__(self, playwright: Playwright, folder: Path) -> None:
        self.playwright = playwright
        self.folder = folder
        self.open: list[BrowserContext] = []

    def desk(self) -> BrowserContext:
        """1280 px wide, keeping nobody's cookies."""
        folder = self._folder()
        preferences = folder / "Default" / "Preferences"
        preferences.parent.mkdir(parents=True)
        preferences.write_text(json.dumps(BLOCK_COOKIES), encoding="utf-8")
        return self._launch(folder, {"width": 1280, "height": 900})

    def phone(self, width: int = 360, height: int = 740) -> BrowserContext:
        size: ViewportSize = {"width": width, "height": height}
        return self._launch(self._folder(), size, is_mobile=True, has_touch=True)

    def close(self) -> None:
        for context in self.open:
            context.close()

    def _folder(self) -> Path:
        return self.folder / f"profile-{len(self.open)}"

    def _launch(self, folder: Path, viewport: ViewportSize, **more: bool) -> BrowserContext:
        context = self.playwright.chromium.launch_persistent_context(
            str(folder),
            executable_path=program("chromium", "google-chrome"),
            headless=True,
            chromium_sandbox=os.geteuid() != 0,
            args=ARGUMENTS,
            locale="ru-RU",
            timezone_id="Europe/Moscow",
            viewport=viewport,
            **more,
        )
        context.set_default_timeout(30_000)
        self.open.append(context)
        return context


@contextmanager
def browsers(folder: Path) -> Iterator[Browsers]:
    with sync_playwright() as playwright:
        opened = Browsers(playwright, folder)
        try:
            yield opened
        finally:
            opened.close()


class Complaints:
    """What the browser's console and network said that no page may cause."""

    def __init__(self, page: Page) -> None:
        self.found: list[str] = []
        page.on("pageerror", lambda error: self.found.append(f"error: {error}"))
        page.on(
            "console",
            lambda message: message.type == "error" and self.found.append(message.text),
        )
        page.on(
            "response",
            lambda answer: (
                answer.status >= 400 and self.found.append(f"{answer.status} {answer.url}")
            ),
        )
