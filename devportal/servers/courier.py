"""Calls from the portal to the application: robots and events, through one queue."""

from __future__ import annotations

import fnmatch
import logging
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter

logger = logging.getLogger("devportal")

ANSWER_TIMEOUT_S = 10
UNREACHABLE = 0


@dataclass(frozen=True, slots=True)
class Parcel:
    """A form post on its way; `on_answer` gets the HTTP status, 0 if nobody answered."""

    url: str
    form: str
    on_answer: Callable[[int], None]


class Courier:
    """Delivers parcels once each, never again: Bitrix24 does not repeat a call.

    Served, four threads deliver at once. In line (`inline=True`, for tests) parcels wait for
    `settle()`, so that no call of ours runs inside a request of the application's.
    """

    def __init__(self, session: requests.Session, *, inline: bool) -> None:
        self._session = session
        self._waiting: deque[Parcel] = deque()
        self._pool = None if inline else ThreadPoolExecutor(4, thread_name_prefix="courier")
        self._running: set[Future[None]] = set()
        self._lock = threading.Lock()

    def send(self, url: str, form: str, on_answer: Callable[[int], None]) -> None:
        """Queue one call; returns at once."""
        parcel = Parcel(url, form, on_answer)
        if self._pool is None:
            self._waiting.append(parcel)
            return
        with self._lock:
            self._running = {future for future in self._running if not future.done()}
            self._running.add(self._pool.submit(self._deliver, parcel))

    def settle(self) -> int:
        """Deliver or await everything queued, and what that queues in turn; the number of calls."""
        count = 0
        while self._waiting:
            self._deliver(self._waiting.popleft())
            count += 1
        while running := self._take_running():
            wait(running)
            count += len(running)
        return count

    def forget(self) -> None:
        """Drop what is queued and not yet on its way."""
        self._waiting.clear()

    def _take_running(self) -> set[Future[None]]:
        with self._lock:
            running, self._running = self._running, set()
        return running

    def _deliver(self, parcel: Parcel) -> None:
        try:
            answer = self._session.post(
                parcel.url,
                data=parcel.form.encode(),
                headers={
                    "Content-Type": "application/x-www-form-urlencoded",
                    "User-Agent": "Bitrix24 Webhook Engine",
                },
                timeout=ANSWER_TIMEOUT_S,
                allow_redirects=False,
            )
            status = answer.status_code
        except requests.RequestException as problem:
            logger.warning("%s does not answer: %s", parcel.url, problem)
            status = UNREACHABLE
        parcel.on_answer(status)


class ResolvingAdapter(HTTPAdapter):
    """Plain HTTP to named hosts at given addresses, for names that DNS does not know.

    `rules` are pairs of a pattern (`*.test`) and an address; the first that fits wins.
    """

    def __init__(self, rules: tuple[tuple[str, str], ...]) -> None:
        super().__init__()
        self._rules = rules

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> Any:
        """Replace the host in the URL and keep it in the Host header."""
        parts = urlsplit(request.url or "")
        for pattern, address in self._rules:
            if fnmatch.fnmatch(parts.hostname or "", pattern):
                request.headers["Host"] = parts.netloc
                netloc = f"{address}:{parts.port}" if parts.port else address
                request.url = urlunsplit(parts._replace(netloc=netloc))
                break
        return super().send(request, *args, **kwargs)


def new_session(rules: tuple[tuple[str, str], ...]) -> requests.Session:
    """The session of all outgoing calls. Tests mount a WSGIAdapter on it."""
    session = requests.Session()
    session.trust_env = False
    session.mount("http://", ResolvingAdapter(rules))
    return session
