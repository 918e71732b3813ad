"""Letters through a real SMTP server: accepted, refused for good, refused for now, gone."""

from __future__ import annotations

import email
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from outbox import services
from outbox.mail import delivery_of
from outbox.models import Delivery
from signx.claims import LEASE

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
State = Delivery.State


class Mailbox:
    """A mail server that refuses the addresses it was told to."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.sessions: set[int] = set()
        self.refuse: dict[str, str] = {}
        self.refuse_content = ""
        self.senders: list[str | None] = []

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.sessions.add(id(session))
        if answer := self.refuse.get(address):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.senders.append(envelope.mail_from)
        if self.refuse_content:
            return self.refuse_content
        letter = email.message_from_bytes(bytes(envelope.content or b""), policy=policy.default)
        assert isinstance(letter, EmailMessage)
        self.letters.append(letter)
        return "250 OK"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def mailbox(settings) -> Iterator[Mailbox]:
    box = Mailbox()
    controller = Controller(box, hostname="127.0.0.1", port=free_port())
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST = "127.0.0.1"
    settings.EMAIL_PORT = controller.port
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    yield box
    controller.stop()


def letter(to: str, key: str = "", **payload: Any) -> Delivery:
    return services.queue(
        key=key or f"letter:{to}",
        kind="letter",
        channel="mail",
        lane="mail",
        payload={"to": to} | payload,
        at=NOON,
    )


def test_a_letter_arrives_whole(mailbox):
    delivery = letter(
        "ilin@zakazchik.example",
        subject="Договор № 24-117\r\nна подпись",
        text="Здравствуйте, Пётр Андреевич",
        html="<p>Здравствуйте, <b>Пётр Андреевич</b></p>",
    )

    services.deliver_due(NOON)

    (arrived,) = mailbox.letters
    delivery.refresh_from_db()
    assert delivery.state == State.DONE
    assert arrived["To"] == "ilin@zakazchik.example"
    assert arrived["From"] == "SIGNX <noreply@signx.test>"
    assert str(arrived["Subject"]).strip() == "Договор № 24-117 на подпись"
    assert arrived.get_body(("plain",)).get_content().strip() == "Здравствуйте, Пётр Андреевич"
    assert "<b>Пётр Андреевич</b>" in arrived.get_body(("html",)).get_content()


def test_letters_share_a_connection(mailbox):
    for number in range(5):
        letter(f"signer{number}@zakazchik.example")

    services.deliver_due(NOON)

    assert len(mailbox.letters) == 5
    assert len(mailbox.sessions) == 1


def test_a_refused_recipient_is_final_and_the_others_get_their_letters(mailbox):
    mailbox.refuse["nobody@zakazchik.example"] = "550 5.1.1 No such user"
    bad = letter("nobody@zakazchik.example")
    good = letter("ilin@zakazchik.example")

    services.deliver_due(NOON)

    bad.refresh_from_db()
    good.refresh_from_db()
    assert (bad.state, bad.error_code) == (State.DEAD, "mail_rejected")
    assert "550" in bad.error
    assert good.state == State.DONE


def test_a_recipient_refused_for_now_is_tried_again_with_the_same_message_id(mailbox):
    mailbox.refuse["ilin@zakazchik.example"] = "451 4.7.1 Greylisted, try later"
    delivery = letter("ilin@zakazchik.example")
    services.deliver_due(NOON)
    delivery.refresh_from_db()
    assert delivery.state == State.PENDING

    mailbox.refuse.clear()
    services.deliver_due(NOON + timedelta(minutes=1))
    delivery.refresh_from_db()

    assert delivery.state == State.DONE
    assert len(mailbox.letters) == 1


def test_the_message_id_belongs_to_the_delivery(mailbox):
    first, second = letter("a@zakazchik.example"), letter("b@zakazchik.example")
    services.deliver_due(NOON)
    ids = [arrived["Message-ID"] for arrived in mailbox.letters]

    Delivery.objects.filter(pk__in=[first.pk, second.pk]).update(state=State.PENDING)
    services.deliver_due(NOON + LEASE)

    assert len(set(ids)) == 2
    assert [arrived["Message-ID"] for arrived in mailbox.letters[2:]] == ids
    assert all(one.endswith("@signx.test>") for one in ids)


@pytest.mark.parametrize(
    ("answer", "state"),
    [("554 5.7.1 Rejected as spam", State.DEAD), ("452 4.3.1 Full", State.PENDING)],
)
def test_refused_content_is_told_apart_the_same_way(mailbox, answer, state):
    mailbox.refuse_content = answer
    delivery = letter("ilin@zakazchik.example")

    services.deliver_due(NOON)

    delivery.refresh_from_db()
    assert delivery.state == state


def test_a_mail_server_that_is_down_is_waited_for(mailbox, settings, time_machine):
    """One letter finds out; the others would only wait for the same timeout."""
    time_machine.move_to(NOON, tick=False)
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 1
    tried, other = letter("ilin@zakazchik.example"), letter("orlova@zakazchik.example")

    services.deliver_due(NOON)

    for delivery in (tried, other):
        delivery.refresh_from_db()
    assert (tried.state, tried.error_code) == (State.PENDING, "mail_unreachable")
    assert (tried.attempts, other.attempts) == (1, 0)
    settings.EMAIL_PORT = port
    services.deliver_due(NOON + timedelta(minutes=1))
    assert len(mailbox.letters) == 2


@pytest.mark.parametrize("to", ["ilin@zakazchik.example\nBcc: all@zakazchik.example", "без адреса"])
def test_an_address_that_cannot_be_put_on_the_wire_is_rejected(mailbox, to):
    delivery = letter(to, key="letter:odd")

    services.deliver_due(NOON)

    delivery.refresh_from_db()
    assert (delivery.state, delivery.error_code) == (State.DEAD, "mail_rejected")
    assert mailbox.letters == []


@pytest.mark.parametrize("bounce_address", ["", "bounces@signx.test"])
@pytest.mark.parametrize(
    ("sender", "name"),
    [
        ("ООО «Контора» через SIGNX", "ООО «Контора» через SIGNX"),
        ("Bank\r\nBcc: all@bank.example", "Bank Bcc: all bank.example"),
        ('"Bank" <boss@bank.example>', "Bank boss bank.example"),
        ("", "SIGNX"),
    ],
)
def test_the_sender_has_a_name_but_only_our_address(
    mailbox, settings, bounce_address, sender, name
):
    settings.BOUNCE_ADDRESS = bounce_address
    letter("ilin@zakazchik.example", sender=sender)

    services.deliver_due(NOON)

    (arrived,) = mailbox.letters
    (author,) = arrived["From"].addresses
    assert (author.display_name, author.addr_spec) == (name, "noreply@signx.test")
    assert arrived["Bcc"] is None


def test_undelivered_letters_return_to_an_address_of_their_own(mailbox, settings):
    settings.BOUNCE_ADDRESS = "bounces@signx.test"
    letter("ilin@zakazchik.example")

    services.deliver_due(NOON)

    (arrived,) = mailbox.letters
    assert mailbox.senders == ["bounces@signx.test"]
    assert arrived["From"] == "SIGNX <noreply@signx.test>"


def test_a_message_id_leads_back_to_its_delivery_and_cannot_be_made_up(mailbox):
    delivery = letter("ilin@zakazchik.example")
    services.deliver_due(NOON)
    written = str(mailbox.letters[0]["Message-ID"])

    assert delivery_of(written) == delivery
    assert delivery_of(written.strip("<>")) == delivery
    assert delivery_of(written.replace(f"<{delivery.pk}.", f"<{delivery.pk + 1}.")) is None
    assert delivery_of("<CAF=something@mail.example>") is None
