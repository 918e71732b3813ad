"""SMS through a real HTTP gateway: taken, refused for good, refused for now, broken."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from outbox import kinds, sms, sms_gateways
from outbox.base import Sms
from outbox.models import Delivery
from outbox.services import deliver_due, queue
from tests.factories import NOON

pytestmark = pytest.mark.django_db


class Provider(HTTPServer):
    """Remembers what it was asked, and answers as it was told."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[dict[str, Any]] = []
        self.answer: tuple[int, str] = (200, "{}")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/send"


class _Handler(BaseHTTPRequestHandler):
    server: Provider

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"] or 0)).decode()
        is_json = self.headers["Content-Type"] == "application/json"
        fields = json.loads(body) if is_json else {k: v[0] for k, v in parse_qs(body).items()}
        self._answer(fields)

    def do_GET(self) -> None:
        self._answer({k: v[0] for k, v in parse_qs(urlsplit(self.path).query).items()})

    def _answer(self, fields: dict[str, Any]) -> None:
        fields["authorization"] = self.headers["Authorization"]
        self.server.asked.append(fields)
        status, body = self.server.answer
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def message(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Delivery:
    monkeypatch.setitem(kinds.KINDS, "code", kinds.Kind(build=build))
    settings.SMS_LOGIN, settings.SMS_PASSWORD, settings.SMS_SENDER = "kontora", "пароль", ""
    return queue(key="code:1", kind="code", channel="sms", lane="sms", at=NOON)


def build(delivery: Delivery) -> Sms:
    return Sms("79120001122", "482913 — код для подписания документа")


def _preset(monkeypatch: pytest.MonkeyPatch, settings: Any, name: str, provider: Provider) -> None:
    from dataclasses import replace

    settings.SMS_GATEWAY = name
    here = replace(sms_gateways.PRESETS[name], url=provider.url)
    monkeypatch.setitem(sms_gateways.PRESETS, name, here)


ANSWERS = [
    ("smsc", '{"id": 17, "cnt": 1}', "done", ""),
    ("smsc", '{"error": "bad number", "error_code": 7, "id": 18}', "dead", "sms_rejected"),
    ("smsc", '{"error": "no money", "error_code": 3, "id": 19}', "pending", "sms_unreachable"),
    ("smsru", '{"status": "OK", "sms": {"79120001122": {"status": "OK"}}}', "done", ""),
    (
        "smsru",
        '{"status": "OK", "sms": {"79120001122": {"status": "ERROR", "status_code": 202}}}',
        "dead",
        "sms_rejected",
    ),
    ("smsru", '{"status": "ERROR", "status_code": 200}', "pending", "sms_unreachable"),
    ("smsru", "<html>", "pending", "sms_unreachable"),
]


@pytest.mark.parametrize(("name", "answer", "state", "code"), ANSWERS)
def test_answers_of_the_known_gateways(
    message: Delivery,
    provider: Provider,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    answer: str,
    state: str,
    code: str,
) -> None:
    _preset(monkeypatch, settings, name, provider)
    provider.answer = (200, answer)

    deliver_due(NOON)

    message.refresh_from_db()
    assert (message.state, message.error_code) == (state, code)
    (asked,) = provider.asked
    assert "79120001122" in asked.values()
    assert "482913 — код для подписания документа" in asked.values()
    assert "sender" not in asked  # empty: left out


@pytest.mark.parametrize("body", ["json", "form", "query"])
def test_any_gateway_is_described_by_settings(
    message: Delivery, provider: Provider, settings: Any, body: str
) -> None:
    settings.SMS_GATEWAY = "http"
    settings.SMS_HTTP = {
        "url": provider.url,
        "method": "GET" if body == "query" else "POST",
        "body": body,
        "fields": {"to": "+{phone}", "text": "{text}"},
        "headers": {"Authorization": "Basic {login}"},
        "accepted": "result.state=queued|sent",
        "refused": ["error.code=bad_number"],
    }
    provider.answer = (200, '{"result": {"state": "queued"}}')

    deliver_due(NOON)

    message.refresh_from_db()
    assert message.state == "done"
    assert provider.asked[0]["to"] == "+79120001122"
    assert provider.asked[0]["authorization"] == "Basic kontora"


def test_a_broken_gateway_is_tried_again(
    message: Delivery, provider: Provider, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    _preset(monkeypatch, settings, "smsc", provider)
    provider.answer = (502, "bad gateway")

    deliver_due(NOON)

    message.refresh_from_db()
    assert (message.state, message.error_code) == ("pending", "sms_unreachable")


def test_a_redirect_is_not_followed_with_the_password(
    message: Delivery, provider: Provider, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    _preset(monkeypatch, settings, "smsc", provider)
    provider.answer = (302, "")

    deliver_due(NOON)

    message.refresh_from_db()
    assert message.state == "pending"
    assert len(provider.asked) == 1


def test_the_console_prints(
    message: Delivery, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.SMS_GATEWAY = "console"

    deliver_due(NOON)

    message.refresh_from_db()
    assert message.state == "done"
    assert "482913" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("typed", "digits"),
    [
        ("+7 (912) 000-11-22", "79120001122"),
        ("8 912 000 11 22", "79120001122"),
        ("9120001122", "79120001122"),
        ("+375 29 000-11-22", "375290001122"),
        ("+8613800001111", "8613800001111"),
        ("123-45", ""),
        ("нет телефона", ""),
        ("1" * 16, ""),
    ],
)
def test_phones_as_gateways_want_them(typed: str, digits: str) -> None:
    assert sms.phone_digits(typed) == digits
