"""The people of the demo, each acting over HTTP as their browser would."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlsplit, urlunsplit

import requests
from requests.adapters import BaseAdapter, HTTPAdapter

from demo.page import Action, Page

T = TypeVar("T")
LINK = re.compile(r"https?://[^\s\"<>]+/s/[^\s\"<>]+")
CODE = re.compile(r"(?<![\d-])(\d{6})(?![\d-])")


class NoAnswer(Exception):
    """Something that should have happened did not happen in time."""


def wait_until(what: str, look: Callable[[], T | None], seconds: float = 60) -> T:
    """The first thing `look` finds. Raises NoAnswer that names `what`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.2)
    raise NoAnswer(f"{what}: not within {seconds:.0f} s")


class ThisMachine(HTTPAdapter):
    """Every host name is this machine: the name travels in the Host header."""

    def send(self, request: requests.PreparedRequest, *args: Any, **kw: Any) -> requests.Response:
        parts = urlsplit(request.url or "")
        request.headers["Host"] = parts.netloc
        here = parts._replace(netloc=f"127.0.0.1:{parts.port or 80}")
        asked, request.url = request.url, urlunsplit(here)
        response = super().send(request, *args, **kw)
        response.url = asked or ""
        return response


def browser(transport: BaseAdapter | None = None, language: str = "ru") -> requests.Session:
    session = requests.Session()
    session.mount("http://", transport or ThisMachine())
    session.headers["Accept"] = "text/html,*/*"
    session.headers["Accept-Language"] = language
    return session


class Found(NamedTuple):
    """What was looked for in a letter, and whose letter it was."""

    text: str
    address: str


class Portal:
    """The stand-in portal: what a person would do on its own pages."""

    def __init__(self, url: str, transport: BaseAdapter | None = None) -> None:
        self.url = url
        self.transport = transport
        self.http = browser(transport)

    def get(self, path: str, **query: Any) -> Any:
        answer = self.http.get(f"{self.url}/_dev/{path}", params=query, timeout=60)
        answer.raise_for_status()
        return answer.json()

    def post(self, path: str, body: dict[str, Any] | None = None, **more: Any) -> Any:
        answer = self.http.post(f"{self.url}/_dev/{path}", json=body, timeout=60, **more)
        answer.raise_for_status()
        return answer.json()

    def upload(self, path: str, fields: dict[str, str], files: dict[str, Any]) -> Any:
        answer = self.http.post(f"{self.url}/_dev/{path}", data=fields, files=files, timeout=60)
        answer.raise_for_status()
        return answer.json()

    def file(self, disk_id: str) -> bytes:
        answer = self.http.get(f"{self.url}/_dev/files/{disk_id}", timeout=60)
        answer.raise_for_status()
        return answer.content

    def source_of(self, document_id: int) -> bytes:
        """The PDF that the document generator made."""
        answer = self.http.get(f"{self.url}/_dev/documents/{document_id}/pdf", timeout=60)
        answer.raise_for_status()
        return answer.content

    def letters(self, to: str = "", after: int = 0) -> list[dict[str, Any]]:
        """Letters in a mailbox (in all of them without a name) but for the first `after`, newest
        last."""
        return list(self.get("mail", to=to, after=after))

    def find_letter(self, pattern: re.Pattern[str], *, to: str = "", after: int = 0) -> Found:
        """The newest letter with `pattern` in its text, once it is there; the first `after`
        letters do not count.
        """

        def look() -> Found | None:
            for letter in reversed(self.letters(to)[after:]):
                if found := pattern.search(letter["text"]):
                    return Found(found.group(found.lastindex or 0), letter["to"][0])
            return None

        return wait_until(f"a letter to {to or 'anybody'}", look)


class Frame:
    """An employee inside the application's frame: a header for a session, no cookies."""

    def __init__(self, portal: Portal, user_id: int, **entry: Any) -> None:
        self.portal = portal
        self.http = browser(portal.transport)
        form = portal.get("entry", **{"as": user_id, "placement": "DEFAULT", **entry})
        answer = self.http.post(
            form["url"], data=form["fields"], headers={"Origin": portal.url}, timeout=60
        )
        answer.raise_for_status()
        self.page = Page.of(answer)
        self.token = self.page.meta("sx-frame")

    def go(self, path: str) -> Page:
        return self.send(Action("GET", path))

    def press(self, words: str, **fields: str | bool) -> Page:
        """Presses what is on the present page; the answer becomes the present page."""
        return self.send(self.page.press(words, **fields))

    def send(self, action: Action) -> Page:
        parts = urlsplit(self.page.url)
        url = action.url if "://" in action.url else f"http://{parts.netloc}{action.url}"
        answer = self.http.request(
            action.method,
            url,
            headers={"Authorization": f"Bearer {self.token}", "HX-Request": "true"},
            **{"params" if action.method == "GET" else "data": action.fields},
            timeout=60,
        )
        answer.raise_for_status()
        self.page = Page.of(answer)
        return self.page


class Visitor:
    """Somebody with a link and a browser of their own: ordinary cookies, forms, redirects."""

    def __init__(self, transport: BaseAdapter | None = None, language: str = "ru") -> None:
        self.http = browser(transport, language)
        self.page: Page

    def open(self, url: str) -> Page:
        answer = self.http.get(url, timeout=60)
        answer.raise_for_status()
        self.page = Page.of(answer)
        return self.page

    def press(self, words: str, **fields: str | bool) -> Page:
        return self.send(self.page.press(words, **fields))

    def send(self, action: Action, **more: Any) -> Page:
        key = "params" if action.method == "GET" else "data"
        headers = {"Referer": self.page.url}
        answer = self.http.request(
            action.method, action.url, headers=headers, timeout=120, **{key: action.fields}, **more
        )
        answer.raise_for_status()
        self.page = Page.of(answer)
        return self.page
