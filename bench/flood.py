"""`make flood`: robot calls while strangers flood the public pages, with and without the lanes.

Both servers stand in one run, on the same machine and database: granian with Django behind 16
threads, and granian with the lanes (signx/web/gateway.py). Each is measured quiet, with 200
strangers who each send a file at 4 KB/s, and with 200 who ask for a page again and again. Meanwhile
robot calls arrive one after another, then an honest stranger opens a page.
Ends with 1 when a robot call of ours waits longer than BUDGET_S.
"""

from __future__ import annotations

import multiprocessing
import os
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles

import requests

from demo.stack import Stack, free_port

CALLERS = int(os.environ.get("CALLERS", "200"))
CALLS = int(os.environ.get("CALLS", "150"))
TIMEOUT_S = 10.0
BUDGET_S = 1.0
LOST_BY_THEN = 5
LONGEST_S = 20.0  # of one series
RETRY_S = 1.0  # of a stranger who was told to come later
UPLOAD_BYTES = 2 * 1024 * 1024
PIECE_BYTES, PIECE_EVERY_S = 1024, 0.25
MEMBER, TOKEN = "0" * 31 + "1", "f" * 32
# Run by `manage.py shell` on the database of the stack: a portal that may call.
PREPARE = f"""
from bitrix24.models import Portal
Portal.objects.create(member_id={MEMBER!r}, domain="flood.portal.test",
    client_endpoint="http://flood.portal.test/rest/", auth_server="http://oauth.portal.test",
    application_token={TOKEN!r}, language="ru", status=Portal.Status.ACTIVE)
"""
THREADS = (
    "--interface", "wsgi", "--blocking-threads", "16", "signx.wsgi:application",
)  # fmt: skip
LANES = ("--interface", "rsgi", "signx.web.gateway:application")


@contextmanager
def server(stack: Stack, target: tuple[str, ...]) -> Iterator[None]:
    stack.app_port = free_port(0)
    command = [
        sys.executable, "-m", "granian", "--host", "127.0.0.1", "--port", str(stack.app_port),
        "--workers", "2", "--no-ws", "--log-level", "warning",
    ]  # fmt: skip
    stack.run("web", [*command, *target])
    try:
        stack.wait_for("web", f"{stack.app_address}/readyz")
        yield
    finally:
        stack.kill("web")


def slow(port: int) -> None:
    """A file for verification that comes at 4 KB/s and never ends."""
    head = (
        f"POST /v/ HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: {UPLOAD_BYTES}\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\nAccept: text/html\r\n"
        # With a cookie the form is read to its end for the token.
        f"Cookie: csrftoken={'c' * 32}\r\n\r\n--x\r\n"
        'Content-Disposition: form-data; name="files"; filename="contract.pdf"\r\n\r\n'
    )
    with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S) as wire:
        wire.sendall(head.encode())
        while True:
            time.sleep(PIECE_EVERY_S)
            wire.sendall(b"x" * PIECE_BYTES)


def hasty(port: int) -> None:
    """The same page again and again, as fast as it is answered."""
    with requests.Session() as http:
        while http.get(f"http://127.0.0.1:{port}/v/", timeout=TIMEOUT_S):
            pass
        time.sleep(RETRY_S)


@contextmanager
def flood(port: int, stranger: Callable[[int], None]) -> Iterator[None]:
    """CALLERS strangers at once, in a process of their own."""
    process = multiprocessing.Process(target=strangers, args=(port, stranger), daemon=True)
    process.start()
    time.sleep(4)
    try:
        yield
    finally:
        process.kill()
        process.join()


def strangers(port: int, stranger: Callable[[int], None]) -> None:
    """Who is cut off begins again."""

    def call() -> None:
        while True:
            try:
                stranger(port)
            except (OSError, requests.RequestException):
                time.sleep(PIECE_EVERY_S)

    threads = [threading.Thread(target=call) for _ in range(CALLERS)]
    for thread in threads:
        thread.start()


def robot_calls(port: int, run: str) -> list[float]:
    """Seconds of each call, as the portal's queue server waits for it."""

    def call(number: int) -> requests.Response:
        fields = {
            "auth[member_id]": MEMBER,
            "auth[application_token]": TOKEN,
            "event_token": f"{run}|{number}",
            "workflow_id": "66f0a1b2c3d4e5.10203040",
            "use_subscription": "Y",
            "properties[document]": "61",
        }
        return requests.post(
            f"http://127.0.0.1:{port}/b24/robots/signx_send", data=fields, timeout=TIMEOUT_S
        )

    return measured(call)


def page_views(port: int) -> list[float]:
    """Seconds of each look of an honest stranger at a public page."""
    return measured(lambda _number: requests.get(f"http://127.0.0.1:{port}/v/", timeout=TIMEOUT_S))


def measured(ask: Callable[[int], requests.Response]) -> list[float]:
    """Who gets no answer, or a 503, counts as having waited to the end."""
    found: list[float] = []
    end = time.perf_counter() + LONGEST_S
    for number in range(CALLS):
        begun = time.perf_counter()
        try:
            answer = ask(number)
        except requests.RequestException:
            found.append(TIMEOUT_S)
        else:
            took = time.perf_counter() - begun
            found.append(TIMEOUT_S if answer.status_code == 503 else took)
            if answer.status_code not in {200, 503}:
                answer.raise_for_status()
        if found == [TIMEOUT_S] * LOST_BY_THEN or time.perf_counter() > end:
            break
    return found


def shown(seconds: list[float], quiet: float) -> str:
    lost = sum(one >= TIMEOUT_S for one in seconds)
    return (
        f"{p95(seconds) * 1000:6.0f} ms ({p95(seconds) / quiet:.1f} times quiet), "
        f"lost {lost} of {len(seconds)}"
    )


def p95(seconds: list[float]) -> float:
    return quantiles(seconds, n=20, method="inclusive")[-1]


def measure(stack: Stack, name: str, target: tuple[str, ...]) -> dict[str, float]:
    """p95 of robot calls by what strangers do."""
    figures: dict[str, float] = {}
    with server(stack, target):
        robot_calls(stack.app_port, f"{name}-warm")
        quiet = p95(robot_calls(stack.app_port, f"{name}-quiet"))
        quiet_page = p95(page_views(stack.app_port))
        print(
            f"{name}: robot call p95 quiet {quiet * 1000:.0f} ms, page {quiet_page * 1000:.0f} ms"
        )
        for stranger in (slow, hasty):
            with flood(stack.app_port, stranger):
                calls = robot_calls(stack.app_port, f"{name}-{stranger.__name__}")
                pages = page_views(stack.app_port)
            figures[stranger.__name__] = p95(calls)
            print(f"  {stranger.__name__:6} robot call {shown(calls, quiet)}")
            print(f"  {stranger.__name__:6} page       {shown(pages, quiet_page)}")
    return figures


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="signx-flood-") as folder:
        stack = Stack(Path(folder))
        stack.prepare()
        stack.manage("setup")
        stack.manage("shell", "-c", PREPARE)
        before = measure(stack, "threads", THREADS)
        after = measure(stack, "lanes", LANES)
    for kind, seconds in before.items():
        print(f"{kind}: threads : lanes = {seconds / after[kind]:.1f} : 1")
    return int(max(after.values()) > BUDGET_S)


if __name__ == "__main__":
    sys.exit(main())
