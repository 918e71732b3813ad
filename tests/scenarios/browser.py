"""A real Chromium that knows our host names; people see what it shows."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

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
        folder = self._folder(BLOCK_COOKIES)
        return self._launch(folder, {"width": 1280, "height": 900})

    def phone(
        self,
        width: int = 360,
        height: int = 740,
        *,
        locale: str = "ru-RU",
        text_px: int = 16,
        java_script: bool = True,
    ) -> BrowserContext:
        """`text_px` is the size of ordinary text that its owner has set in the browser."""
        preferences = {"webkit": {"webprefs": {"default_font_size": text_px}}}
        return self._launch(
            self._folder(preferences),
            {"width": width, "height": height},
            is_mobile=True,
            has_touch=True,
            locale=locale,
            java_script_enabled=java_script,
        )

    def close(self) -> None:
        for context in self.open:
            context.close()

    def _folder(self, preferences: dict[str, Any]) -> Path:
        folder = self.folder / f"profile-{len(self.open)}"
        file = folder / "Default" / "Preferences"
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps(preferences), encoding="utf-8")
        return folder

    def _launch(self, folder: Path, viewport: ViewportSize, **more: Any) -> BrowserContext:
        context = self.playwright.chromium.launch_persistent_context(
            str(folder),
            executable_path=program("chromium", "google-chrome"),
            headless=True,
            chromium_sandbox=os.geteuid() != 0,
            args=ARGUMENTS,
            timezone_id="Europe/Moscow",
            viewport=viewport,
            **({"locale": "ru-RU"} | more),
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
