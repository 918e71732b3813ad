"""No request leaves for a private address, whatever name or spelling leads there."""

from __future__ import annotations

import itertools
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from bitrix24.wire import addresses, connections, transport
from bitrix24.wire.errors import BitrixError
from signx.env import Host

pytestmark = pytest.mark.usefixtures("fresh_session")


@pytest.fixture
def listener() -> Iterator[tuple[int, list[dict[str, str]]]]:
    """A web server on loopback: (port, the headers of every request that reached it)."""
    seen: list[dict[str, str]] = []

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append({**self.headers, "path": self.path})
            self.send_response(200)
            self.send_header("Set-Cookie", "a=b")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port, seen
    server.shutdown()
    server.server_close()
    thread.join()


@contextmanager
def dns(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> Iterator[list[str]]:
    """Names resolve to the next of `answers`, the last one for ever; yields the names asked."""
    asked: list[str] = []
    left = list(answers)
    real = socket.getaddrinfo

    def getaddrinfo(host: str, port: int, *args: object, **kw: object) -> list[object]:
        if host.replace(".", "").isdigit():
            return real(host, port, *args, **kw)  # type: ignore[arg-type]
        asked.append(host)
        found = left.pop(0) if len(left) > 1 else left[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    with monkeypatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", getaddrinfo)
        yield asked


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "0.0.0.0",  # noqa: S104 (an address to refuse, not to bind)
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1%eth0",
        "fd00::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "::7f00:1",
        "::ffff:0:127.0.0.1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::7f00:1",
        "fec0::1",
        "5f00::1",
        "3fff::1",
        "2001::1",
        "2001:db8::1",
        "4000::1",
        "192.88.99.1",
        "198.18.0.1",
        "240.0.0.1",
    ],
)
def test_private_addresses_are_not_public(address):
    assert addresses.is_public(address) is False


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "95.163.250.1", "2a00:1450:4010:c0f::65", "64:ff9b::808:808"]
)
def test_public_addresses_are(address):
    assert addresses.is_public(address)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "169.254.169.254",
        "10.0.0.7",
        "[::1]",
        "[::ffff:7f00:1]",
        "2130706433",
        "0x7f.1",
    ],
)
def test_a_private_address_in_a_url_is_refused(host):
    with pytest.raises(BitrixError) as caught:
        transport.get(f"https://{host}/rest/app.info")

    assert "public" in caught.value.detail or "no address" in caught.value.detail


def test_a_name_that_resolves_to_a_private_address_is_refused(monkeypatch, listener):
    port, seen = listener

    with dns(monkeypatch, ["127.0.0.1"]), pytest.raises(BitrixError, match="not public"):
        transport.get(f"https://portal.example:{port}/")

    assert seen == []


def test_one_private_address_among_public_ones_is_refused(monkeypatch):
    with dns(monkeypatch, ["95.163.250.1", "10.0.0.1"]), pytest.raises(BitrixError, match="public"):
        addresses.addresses_of("https://portal.example/")


def test_the_checked_dns_answer_is_the_one_that_is_used(monkeypatch, listener, settings):
    """The second answer would be another host: nobody may ask for it."""
    port, seen = listener
    name = f"crm.corp.example:{port}"
    settings.SELF_HOSTED_PORTALS = {name: Host(name, None)}

    with dns(monkeypatch, ["127.0.0.1"], ["127.0.0.2"]) as asked:
        transport.get(f"http://{name}/rest/")

    assert asked == ["crm.corp.example"]
    assert [request["Host"] for request in seen] == [name]


def test_each_address_of_a_name_is_tried(monkeypatch, listener, settings):
    """Loopback is wide: nobody listens on 127.0.0.2, as on the IPv6 address of many a portal."""
    port, seen = listener
    name = f"crm.corp.example:{port}"
    settings.SELF_HOSTED_PORTALS = {name: Host(name, None)}

    with dns(monkeypatch, ["127.0.0.2", "127.0.0.1"]):
        response, _body = transport.get(f"http://{name}/rest/")

    assert response.status_code == 200
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://Portal.Example/rest/", "portal.example"),
        ("https://portal.example:443/", "portal.example"),
        ("http://portal.example:80/", "portal.example"),
        ("https://portal.example:80/", "portal.example:80"),
        ("https://portal.example:8443/", "portal.example:8443"),
        ("https://:8443/", ""),
        ("https://[bad/", ""),
        ("https://portal.example:port/", ""),
    ],
)
def test_a_portal_has_one_name_however_it_is_written(url, name):
    assert addresses.netloc(url) == name


@pytest.mark.parametrize("url", ["http://portal.example/", "https://office.example/"])
def test_an_address_where_we_may_not_connect_is_not_kept(monkeypatch, url):
    places = {"portal.example": ["95.163.250.1"], "office.example": ["10.0.0.7"]}

    with dns(monkeypatch, places[addresses.netloc(url)]), pytest.raises(BitrixError):
        addresses.check_address(url)


def test_a_name_that_nobody_knows_is_refused_at_once(monkeypatch):
    def unknown(*_asked: object, **_kw: object) -> None:
        raise socket.gaierror

    monkeypatch.setattr(addresses, "RESOLVE_S", 20)
    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    started = time.monotonic()
    with pytest.raises(BitrixError, match="no address"):
        addresses.addresses_of("https://portal.example/")

    assert time.monotonic() - started < 10


def test_name_servers_that_do_not_answer_are_not_waited_for(monkeypatch):
    silence = threading.Event()
    monkeypatch.setattr(addresses, "RESOLVE_S", 0.1)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_asked, **_kw: silence.wait(30))

    started = time.monotonic()
    with pytest.raises(BitrixError, match="no address"):
        transport.get("https://portal.example/")
    silence.set()

    assert time.monotonic() - started < 10


def drip(*parts: bytes) -> Iterator[bytes]:
    yield from parts
    yield from itertools.repeat(b"a")


@pytest.mark.parametrize(
    "begun",
    [
        (),
        (b"HTTP/1.1 200 OK\r\nX: ",),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n",),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",),
    ],
    ids=["status", "headers", "body", "chunks"],
)
def test_a_server_that_drips_holds_us_no_longer_than_the_exchange_may_take(settings, begun):
    server = socket.create_server(("127.0.0.1", 0))
    name = f"127.0.0.1:{server.getsockname()[1]}"
    settings.SELF_HOSTED_PORTALS = {name: Host(name, None)}
    settings.BITRIX24_TIMEOUT_S = (1, 1)
    is_over = threading.Event()

    def serve() -> None:
        connection, _address = server.accept()
        with connection, suppress(OSError):
            connection.recv(65536)
            for part in drip(*begun):
                connection.sendall(part)
                if is_over.wait(0.05):
                    return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    started = time.monotonic()

    with pytest.raises(BitrixError):
        transport.get(f"http://{name}/", total_s=0.5)

    took_s = time.monotonic() - started
    is_over.set()
    thread.join(10)
    server.close()
    assert took_s < 10, "without a limit it would drip until the test is stopped"


def test_while_a_person_waits_no_exchange_takes_longer(monkeypatch, listener, settings):
    port, _seen = listener
    name = f"127.0.0.1:{port}"
    settings.SELF_HOSTED_PORTALS = {name: Host(name, None)}
    limits: list[float] = []
    begin = connections.begin
    monkeypatch.setattr(connections, "begin", lambda s: (limits.append(s), begin(s)))

    with transport.somebody_waits(3):
        transport.get(f"http://{name}/")
        transport.get(f"http://{name}/", total_s=2)
    transport.get(f"http://{name}/")

    assert limits == [3, 2, transport.TOTAL_S]


def test_a_connection_is_used_again_in_the_time_of_the_next_exchange(settings, listener):
    port, seen = listener
    name = f"127.0.0.1:{port}"
    settings.SELF_HOSTED_PORTALS = {name: Host(name, None)}

    transport.get(f"http://{name}/", total_s=5)
    connections.begin(-1)
    transport.get(f"http://{name}/", total_s=5)

    assert len(seen) == 2


def test_a_pinned_portal_is_not_resolved_at_all(monkeypatch, listener, settings):
    port, seen = listener
    name = f"crm.corp.example:{port}"
    settings.SELF_HOSTED_PORTALS = {name: Host(name, "127.0.0.1")}

    with dns(monkeypatch, ["10.9.9.9"]) as asked:
        response, body = transport.get(f"http://{name}/rest/")

    assert asked == []
    assert (response.status_code, body) == (200, b"{}")
    assert seen[0]["Host"] == name


def test_a_listed_portal_does_not_open_other_ports_of_its_host(listener, settings):
    port, seen = listener
    settings.SELF_HOSTED_PORTALS = {"127.0.0.1:1": Host("127.0.0.1:1", None)}

    with pytest.raises(BitrixError):
        transport.get(f"http://127.0.0.1:{port}/")

    assert seen == []


def test_cookies_of_one_answer_do_not_travel_with_the_next_request(listener, settings):
    port, seen = listener
    name = f"127.0.0.1:{port}"
    settings.SELF_HOSTED_PORTALS = {name: Host(name, None)}

    transport.get(f"http://{name}/")
    transport.get(f"http://{name}/")

    assert len(seen) == 2
    assert all("Cookie" not in request for request in seen)


def test_proxies_of_the_environment_are_not_used(monkeypatch, listener, settings):
    port, seen = listener
    name = f"127.0.0.1:{port}"
    settings.SELF_HOSTED_PORTALS = {name: Host(name, None)}
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")

    transport.get(f"http://{name}/")

    assert len(seen) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://portal.example/",
        "ftp://portal.example/",
        "//portal.example/",
        "https://",
        "https://user:password@portal.example/",
        "https://user@portal.example/",
        "https://:password@portal.example/",
        "https://portal.example:port/",
        "https://[bad/",
        "gopher://127.0.0.1/",
        "https://portal.example:22/",
        "https://portal.example:993/",
        "https://portal.example:1023/",
        "https://portal.example:99999/",
    ],
)
def test_odd_urls_are_refused_before_anything_is_resolved(monkeypatch, url):
    with dns(monkeypatch, ["95.163.250.1"]) as asked, pytest.raises(BitrixError):
        transport.get(url)

    assert asked == []


@pytest.mark.parametrize("port", ["", ":443", ":1024", ":8443"])
def test_a_companys_own_server_may_have_a_port(port):
    addresses.check_url(f"https://crm.corp.example{port}/rest/")
