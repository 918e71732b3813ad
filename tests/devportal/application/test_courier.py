import threading
from collections.abc import Iterator

import pytest
from werkzeug.serving import make_server

from devportal.servers.courier import UNREACHABLE, Courier, new_session
from tests.devportal.robot_app import RobotApp


@pytest.fixture
def app() -> RobotApp:
    return RobotApp()


@pytest.fixture
def port(app: RobotApp) -> Iterator[int]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def test_names_unknown_to_dns_are_given_addresses(app, port):
    statuses: list[int] = []
    courier = Courier(new_session((("*.test", "127.0.0.1"),)), inline=True)

    courier.send(f"http://app.signx.test:{port}/b24/robot", "a=1", statuses.append)

    assert statuses == []
    assert courier.settle() == 1
    assert statuses == [200]
    assert app.raw == ["a=1"]


def test_threads_deliver_at_once_and_settle_waits_for_them(app, port):
    statuses: list[int] = []
    courier = Courier(new_session(()), inline=False)

    for _ in range(20):
        courier.send(f"http://127.0.0.1:{port}/", "a=1", statuses.append)
    courier.settle()

    assert statuses == [200] * 20


def test_nobody_answers_and_nobody_tries_again(app, port):
    statuses: list[int] = []
    courier = Courier(new_session(()), inline=True)

    courier.send("http://127.0.0.1:1/", "a=1", statuses.append)

    assert courier.settle() == 1
    assert statuses == [UNREACHABLE]
    assert courier.settle() == 0
