"""Slow and many strangers do not keep a business process waiting; requests arrive as sent."""

from __future__ import annotations

import hashlib
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from demo.stack import free_port
from signx.http import BUSY_MARK
from signx.web.lanes import make_lanes
from tests.signx.gateway_app import BODY_LIMIT, WAITING

ROOT = Path(__file__).resolve().parents[2]
FILE = bytes(range(256)) * 12_000  # 3 MB: lies in a file, not in memory


@contextmanager
def served() -> Iterator[str]:
    port = free_port(0)
    process = subprocess.Popen(
        [sys.executable, "-m", "granian", "--interface", "rsgi", "--port", str(port), "--no-ws",
         "--log-level", "warning", "tests.signx.gateway_app:application"],
        cwd=ROOT,
    )  # fmt: skip
    try:
        until(lambda: tells(f"http://127.0.0.1:{port}"))
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=20)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with served() as address:
        yield address


def until(holds: Callable[[], Any], seconds: float = 30) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := holds():
            return found
        time.sleep(0.02)
    raise AssertionError("it never came so far")


def tells(url: str) -> dict[str, Any] | None:
    """What a business process is answered."""
    try:
        return requests.get(f"{url}/b24/robots/signx_send", timeout=5).json()
    except requests.ConnectionError:
        return None


@contextmanager
def begun(url: str, *, announced: int, sent: bytes = b"", path: str = "/v/") -> Iterator[Any]:
    """A request whose body has only begun."""
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as wire:
        head = f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {announced}\r\n\r\n"
        wire.sendall(head.encode() + sent)
        yield wire


def test_a_robot_is_answered_while_strangers_send_slowly(url):
    with ExitStack() as stack:
        for _stranger in range(40):
            stack.enter_context(begun(url, announced=1000, sent=b"a"))
        until(lambda: tells(url)["receiving"] == 40)

        answer = requests.post(f"{url}/b24/robots/signx_send", data={"a": "1"}, timeout=2)
        page = requests.get(f"{url}/v/", timeout=2)

    assert (answer.status_code, page.status_code) == (200, 200)


def test_a_robot_is_answered_while_strangers_keep_all_their_threads():
    with served() as url, ThreadPoolExecutor(WAITING) as pool:
        asked = [pool.submit(requests.get, f"{url}/hold", timeout=30) for _ in range(WAITING)]
        until(lambda: tells(url)["whole"] == WAITING)

        refused = requests.get(f"{url}/v/", headers={"Accept": "text/html"}, timeout=2)
        answered = requests.get(f"{url}/b24/robots/release", timeout=2)

        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "60")
        assert "signx.css" in refused.text
        assert answered.status_code == 200
        # Who was let in is served to the end, and then there is room again.
        assert [one.result().status_code for one in asked] == [200] * WAITING
        assert requests.get(f"{url}/v/", timeout=2).status_code == 200


def test_files_beyond_the_common_size_are_asked_to_come_later(url):
    with ExitStack() as stack:
        for _stranger in range(30):
            stack.enter_context(begun(url, announced=BODY_LIMIT))
        until(lambda: tells(url)["receiving"] == 30)

        assert requests.post(f"{url}/v/", data=b"one more", timeout=2).status_code == 503
        assert requests.get(f"{url}/v/", timeout=2).status_code == 200


def test_a_body_that_stalls_is_given_up(url):
    until(lambda: tells(url)["receiving"] == 0)  # those of other tests are gone
    with begun(url, announced=1000, sent=b"a") as wire:
        assert wire.recv(100).startswith(b"HTTP/1.1 408")
    until(lambda: tells(url)["receiving"] == 0)


def test_half_a_body_never_reaches_the_application(url):
    with begun(url, announced=1000, sent=b"event_token=abc", path="/hold"):
        until(lambda: tells(url)["receiving"] == 1)
    until(lambda: tells(url)["receiving"] == 0)

    assert tells(url)["whole"] == 0


@pytest.mark.parametrize("body", [FILE, iter([FILE[:900_000], FILE[900_000:]])])
def test_a_file_arrives_as_it_was_sent(url, body):
    told = requests.post(f"{url}/v/", data=body, timeout=5).json()

    assert told["sha256"] == hashlib.sha256(FILE).hexdigest()
    assert told["CONTENT_LENGTH"] == str(len(FILE))


@pytest.mark.parametrize("is_chunked", [False, True])
def test_of_a_body_that_is_too_big_only_the_length_is_told(url, is_chunked):
    body = b"a" * (BODY_LIMIT + 1)
    data = iter([body]) if is_chunked else body

    told = requests.post(f"{url}/v/", data=data, timeout=5).json()

    assert told["bytes"] == 0
    assert int(told["CONTENT_LENGTH"]) > BODY_LIMIT


def test_address_and_headers_arrive_as_they_were_sent(url):
    told = requests.get(
        f"{url}/v/Договор%20№7?q=%D1%8F&q=2",
        headers={"X-Forwarded-For": "198.51.100.7", "Cookie": "a=1; b=2", "Content-Type": "a/b"},
        timeout=5,
    ).json()

    assert told["PATH_INFO"].encode("latin-1").decode() == "/v/Договор №7"
    assert told["QUERY_STRING"] == "q=%D1%8F&q=2"
    assert told["HTTP_X_FORWARDED_FOR"] == "198.51.100.7"
    assert (told["HTTP_COOKIE"], told["CONTENT_TYPE"]) == ("a=1; b=2", "a/b")
    assert told["REMOTE_ADDR"] == "127.0.0.1"
    assert told["HTTP_HOST"] == url.removeprefix("http://")


def test_a_header_cannot_be_forged_by_another_spelling(url):
    told = requests.get(f"{url}/v/", headers={"X_Forwarded_For": "198.51.100.7"}, timeout=5).json()

    assert "HTTP_HOST" in told
    assert "HTTP_X_FORWARDED_FOR" not in told


def test_an_answer_made_piece_by_piece_comes_whole_and_is_closed(url):
    answer = requests.get(f"{url}/stream", timeout=5)

    assert answer.text.splitlines() == [f"line {number}" for number in range(1000)]
    assert answer.headers["Set-Cookie"] == "a=1"
    until(lambda: tells(url)["stream_closed"])


def test_a_broken_application_is_an_answer_too(url):
    assert requests.get(f"{url}/break", timeout=2).status_code == 500
    assert requests.get(f"{url}/v/", timeout=2).status_code == 200


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/b24/robots/signx_send", 0),
        ("/b24/events", 0),
        ("/readyz", 0),
        ("/b24/app", 1),
        ("/app/journal/", 1),
        ("/admin/", 1),
        ("/s/token/", 2),
        ("/v/", 2),
        ("/b24", 2),
        ("*", 2),
    ],
)
def test_who_asks_where(path, place):
    fits = [number for number, lane in enumerate(make_lanes()) if path.startswith(lane.prefixes)]

    assert fits[0] == place


@pytest.mark.parametrize(
    ("language", "words"), [("en", "The service is busy"), ("ru", "Сервис занят")]
)
def test_the_busy_page_says_what_to_do_in_the_readers_language(client, language, words):
    answer = client.get(
        "/s/token/",
        headers={"Accept": "text/html", "Accept-Language": language},
        **{BUSY_MARK: True},
    )

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
    assert words in answer.content.decode()
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_programs_are_told_busy_in_json(client):
    answer = client.get("/api/v1/verify", **{BUSY_MARK: True})

    assert (answer.status_code, answer.json()["error"]) == (503, "service_busy")
