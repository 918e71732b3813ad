import smtplib
from email.message import EmailMessage

import pytest
import requests

from devportal.config import Config
from devportal.serve import Server
from devportal.world import World


@pytest.fixture
def server():
    config = Config(domain="localhost:1", inline=True)
    with Server(World(config), "127.0.0.1", 0, smtp_port=0) as running:
        yield running


@pytest.fixture
def smtp(server):
    with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=5) as client:
        yield client


def letter(to: str) -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = "Подпишите договор № 24/11-П"
    message["From"] = "signx@vostok.example"
    message["To"] = to
    message.set_content("Ссылка: http://app.signx.test/s/1")
    message.add_alternative("<p>Ссылка</p>", subtype="html")
    message.add_attachment(b"%PDF-1.7", maintype="application", subtype="pdf", filename="д.pdf")
    return message


def test_letter_is_kept_and_taken_apart(server, smtp):
    smtp.send_message(letter("berezkina@kedr.example"))
    smtp.send_message(letter("other@kedr.example"))

    url = f"http://127.0.0.1:{server.port}/_dev/mail"
    (kept,) = requests.get(url, params={"to": "Berezkina@kedr.example"}, timeout=5).json()

    assert kept["subject"] == "Подпишите договор № 24/11-П"
    assert kept["text"].strip() == "Ссылка: http://app.signx.test/s/1"
    assert kept["html"].strip() == "<p>Ссылка</p>"
    assert kept["attachments"] == [{"name": "д.pdf", "type": "application/pdf", "bytes": 8}]
    raw = requests.get(f"{url}/{kept['id']}/raw", timeout=5)
    assert raw.content.startswith(b"Subject: =?utf-8?")


def test_letters_already_read_are_left_out(server, smtp):
    for to in ("first@kedr.example", "second@kedr.example"):
        smtp.send_message(letter(to))

    url = f"http://127.0.0.1:{server.port}/_dev/mail"
    (unread,) = requests.get(url, params={"after": 1}, timeout=5).json()

    assert unread["to"] == ["second@kedr.example"]


def test_rejecting_domain_answers_550(server, smtp):
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refusal:
        smtp.send_message(letter("nobody@reject.test"))

    assert refusal.value.recipients["nobody@reject.test"][0] == 550
    assert server.world.mailbox.letters() == []


def test_greylisting_domain_takes_the_second_attempt(server, smtp):
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refusal:
        smtp.send_message(letter("a@grey.test"))
    assert refusal.value.recipients["a@grey.test"][0] == 451

    smtp.send_message(letter("a@grey.test"))

    assert len(server.world.mailbox.letters("a@grey.test")) == 1


def test_dropped_connection_on_a_real_wire(server):
    world = server.world
    token = world.auth.issue(world.portal, 1).access_token
    world.faults.set({"drop_after": 1})
    url = f"http://127.0.0.1:{server.port}/rest/im.notify.system.add"

    with pytest.raises(requests.ConnectionError):
        requests.post(
            url,
            json={"auth": token, "USER_ID": 12, "MESSAGE": "x"},
            headers={"Host": "localhost:1"},
            timeout=5,
        )
    assert len(world.portal.notifications) == 1
