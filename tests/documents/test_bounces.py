"""Letters that came back: read from a mailbox or told by a provider, believed once."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from bitrix24.models import Portal
from documents import tasks
from documents.core.creation import Counterparty
from documents.models import Document
from documents.news import bounce_mailbox, bounce_reports
from journal.services import chain_of
from outbox.base import Outcome
from outbox.mail import message_id
from outbox.models import Delivery
from outbox.services import content_or_outcome, settle
from signx.env import Mailbox
from tests import factories
from tests.documents import mailboxes
from tests.factories import NOON

SECRET = "s3cret-of-the-provider"
HEADERS = {"Authorization": f"Bearer {SECRET}"}


def report(original_id: str, *, action: str = "failed", part: str = "message/rfc822") -> bytes:
    """A delivery status notification as Postfix writes it (RFC 3464)."""
    returned = f"From: noreply@signx.test\r\nMessage-ID: {original_id}\r\nSubject: x\r\n"
    return (
        "From: MAILER-DAEMON@mail.zakazchik.example\r\n"
        "To: bounces@signx.test\r\n"
        "Subject: Undelivered Mail Returned to Sender\r\n"
        "MIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        "Reporting-MTA: dns; mail.zakazchik.example\r\n\r\n"
        "Final-Recipient: rfc822; ilin@zakazchik.example\r\n"
        f"Action: {action}\r\nStatus: 5.1.1\r\n"
        "Diagnostic-Code: smtp; 550 5.1.1 <ilin@zakazchik.example>: Recipient address\r\n"
        "    rejected: User unknown\r\n\r\n"
        f"--b\r\nContent-Type: {part}\r\n\r\n{returned}\r\n--b--\r\n"
    ).encode()


PERSONAL = b"From: ilin@zakazchik.example\r\nSubject: An invoice\r\n\r\nHere it is.\r\n"
# Headers that the standard parser raises on, and a report without an end.
MALFORMED = [
    report("<@"),
    report("<17.ab@signx.test>").replace(b"report-type=delivery-status", b"report-type*"),
    report("<17.ab@signx.test>").replace(b"Action: failed", b"Action: =?utf-8?q?\xff"),
]


@pytest.fixture
def letter_id(sent: Document) -> str:
    """Message-ID of the invitation, which the mail server took."""
    return _id_of(Delivery.objects.get(kind="invitation"))


def _id_of(delivery: Delivery) -> str:
    from outbox.base import Letter

    return message_id(delivery, Letter(to="", subject="", text="", html=""))


def events(sent: Document) -> int:
    return chain_of(sent.subject).filter(kind="signer_letter_bounced").count()


@pytest.mark.parametrize("part", ["message/rfc822", "text/rfc822-headers"])
def test_a_report_names_the_letter_and_the_reason(part: str) -> None:
    bounce = bounce_reports.read(report("<17.ab@signx.test>", part=part))

    assert bounce is not None
    assert bounce.message_id == "<17.ab@signx.test>"
    assert bounce.reason.startswith("550 5.1.1")
    assert bounce.reason.endswith("rejected: User unknown")


@pytest.mark.parametrize(
    "raw",
    [
        report("<17.ab@signx.test>", action="delayed"),
        b"From: ilin@zakazchik.example\r\nAuto-Submitted: auto-replied\r\n\r\nI am away.\r\n",
        b"",
        b"\xff\xfe\x00 not a letter",
        *MALFORMED,
    ],
)
def test_delays_answers_and_rubbish_are_no_failures(raw: bytes) -> None:
    assert bounce_reports.read(raw) is None


@pytest.mark.parametrize("kind", ["imap", "pop3"])
def test_the_mailbox_is_read_once(sent: Document, letter_id: str, settings: Any, kind: str) -> None:
    """What people and strangers wrote stays there unread, and what cannot be read stops nothing."""
    handler = mailboxes.Imap if kind == "imap" else mailboxes.Pop3
    with mailboxes.serving(handler) as box:
        strange = [PERSONAL, report("<1.00@elsewhere.test>"), *MALFORMED]
        box.letters = [*strange, report(letter_id), report(letter_id), *strange]
        settings.BOUNCE_MAILBOX = Mailbox(
            kind == "imap", False, "127.0.0.1", box.port, "bounces", "secret", "INBOX"
        )

        found = [bounce_mailbox.read_mailbox(NOON), bounce_mailbox.read_mailbox(NOON)]

        assert found == [1, 0]
        ours = {len(strange) + 1, len(strange) + 2}
        assert box.seen == ours
    signer = factories.counterparty_of(sent)
    assert (signer.bounced_at, signer.bounce_reason[:9]) == (NOON, "550 5.1.1")
    assert events(sent) == 1


def test_a_mailbox_that_does_not_answer_breaks_nothing(db: None, settings: Any) -> None:
    settings.BOUNCE_MAILBOX = Mailbox(True, False, "127.0.0.1", 1, "bounces", "secret", "INBOX")

    assert bounce_mailbox.read_mailbox(NOON) == 0


def test_a_provider_tells_by_webhook(sent: Document, letter_id: str, settings: Any) -> None:
    settings.MAIL_WEBHOOK_SECRET = SECRET
    told = [
        {"event": "delivered", "message_id": letter_id},
        {"event": "bounced", "message_id": letter_id, "reason": "550 5.1.1 No such user"},
        {"event": "bounced", "message_id": letter_id, "reason": "550 5.1.1 No such user"},
        {"event": "bounced", "message_id": "<1.00000000000000000000000000000000@signx.test>"},
    ]
    body = json.dumps({"events": told})

    answers = [
        Client().post("/hooks/mail", body, content_type="application/json", headers=HEADERS)
        for _ in range(2)
    ]

    assert [answer.json() for answer in answers] == [{"taken": 1}, {"taken": 0}]
    assert events(sent) == 1


def test_a_reason_with_a_null_byte_is_kept_without_it(
    sent: Document, letter_id: str, settings: Any
) -> None:
    settings.MAIL_WEBHOOK_SECRET = SECRET
    told = [{"event": "bounced", "message_id": letter_id, "reason": "550 \0 No such user"}]
    body = json.dumps({"events": told})

    answer = Client().post("/hooks/mail", body, content_type="application/json", headers=HEADERS)

    assert answer.json() == {"taken": 1}
    assert factories.counterparty_of(sent).bounce_reason == "550  No such user"


@pytest.mark.parametrize("raw", MALFORMED)
def test_a_piped_letter_that_cannot_be_read_is_no_news(
    sent: Document, settings: Any, raw: bytes
) -> None:
    settings.MAIL_WEBHOOK_SECRET = SECRET

    answer = Client().post("/hooks/mail", raw, content_type="message/rfc822", headers=HEADERS)

    assert answer.json() == {"taken": 0}


def test_a_mail_server_pipes_the_report_itself(
    sent: Document, letter_id: str, settings: Any
) -> None:
    settings.MAIL_WEBHOOK_SECRET = SECRET

    answer = Client().post(
        "/hooks/mail", report(letter_id), content_type="message/rfc822", headers=HEADERS
    )

    assert answer.json() == {"taken": 1}
    assert factories.counterparty_of(sent).bounced_at is not None


@pytest.mark.parametrize(
    ("secret", "headers", "status"),
    [("", HEADERS, 404), (SECRET, {}, 403), (SECRET, {"Authorization": "Bearer no"}, 403)],
)
def test_a_webhook_without_the_secret_is_refused(
    sent: Document, letter_id: str, settings: Any, secret: str, headers: Any, status: int
) -> None:
    settings.MAIL_WEBHOOK_SECRET = secret
    body = json.dumps({"events": [{"event": "bounced", "message_id": letter_id}]})

    answer = Client().post("/hooks/mail", body, content_type="application/json", headers=headers)

    assert answer.status_code == status
    assert events(sent) == 0


@pytest.mark.parametrize("body", ["", "[]", '{"events": 3}', '{"events": ["x"]}'])
def test_a_webhook_of_another_shape_is_refused(db: None, settings: Any, body: str) -> None:
    settings.MAIL_WEBHOOK_SECRET = SECRET

    answer = Client().post("/hooks/mail", body, content_type="application/json", headers=HEADERS)

    assert answer.status_code == 422


def test_nobody_can_make_up_the_id_of_anothers_letter(sent: Document, settings: Any) -> None:
    settings.MAIL_WEBHOOK_SECRET = SECRET
    delivery = Delivery.objects.get(kind="invitation")
    forged = f"<{delivery.pk}.{'0' * 32}@signx.test>"
    body = json.dumps({"events": [{"event": "bounced", "message_id": forged}]})

    answer = Client().post("/hooks/mail", body, content_type="application/json", headers=HEADERS)

    assert answer.json() == {"taken": 0}


def test_a_refused_code_is_shown_like_a_refused_letter(sent: Document) -> None:
    signer = factories.counterparty_of(sent)
    Delivery.objects.create(
        key="signing_code:1",
        kind="signing_code",
        channel="mail",
        lane="mail",
        payload={"signer": signer.pk, "act": "sign_document", "issued_at": NOON.isoformat()},
        next_attempt_at=NOON,
    )
    refusal = Outcome(done=False, code="mail_rejected", detail="550 5.2.1 Disabled", final=True)

    factories.settle_deliveries("signing_code", outcome=lambda _delivery: refusal)

    signer.refresh_from_db()
    assert signer.bounce_reason == "550 5.2.1 Disabled"
    assert isinstance(content_or_outcome(Delivery.objects.get(kind="signing_code")), Outcome)


PAIR = (
    Counterparty("Ильин Пётр Андреевич", "ilin@zakazchik.example", crm_contact_id=5),
    Counterparty("Громова Елена Юрьевна", "gromova@poruchitel.example", crm_contact_id=6),
)


def refuse(delivery: Delivery) -> Outcome:
    return Outcome(done=False, code="mail_rejected", detail=f"550 5.1.1 {delivery.pk}", final=True)


@pytest.mark.parametrize("order", [("bad", "good"), ("good", "bad")])
def test_one_bad_address_of_two_is_a_warning_whichever_letter_came_first(
    office: Portal, order: tuple[str, str]
) -> None:
    document = factories.make_sending(office, counterparty=None, counterparties=PAIR)
    tasks.hand_over(document.pk, NOON)
    bad, good = Delivery.objects.filter(kind="invitation").order_by("pk")

    for which in order:
        letter, outcome = (bad, refuse(bad)) if which == "bad" else (good, Outcome(done=True))
        settle(letter, outcome, NOON)

    document.refresh_from_db()
    assert (document.status, document.error_code) == ("sent", "mail_rejected")
    assert document.signers.get(key="2").bounced_at is not None
    assert document.signers.get(key="3").invited_at is not None


def test_two_bad_addresses_of_two_are_a_failure(office: Portal) -> None:
    document = factories.make_sending(office, counterparty=None, counterparties=PAIR)
    tasks.hand_over(document.pk, NOON)

    for letter in Delivery.objects.filter(kind="invitation"):
        settle(letter, refuse(letter), NOON)

    document.refresh_from_db()
    assert document.status == "failed"
