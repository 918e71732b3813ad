"""What happens to a document after sending reaches its sender, its process, its deal and the
journal: each once, however often the news itself comes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from bitrix24.models import Portal
from documents import tasks
from documents.access.act_codes import Act
from documents.after import annulling, delegating, sender_acts
from documents.core import flow
from documents.models import Document, PortalSettings
from documents.news import bounces
from documents.news.replies import AGAIN, subscribe
from documents.signer.services import Visit
from employees.models import Employee
from journal.services import chain_of, verify_chain
from outbox.models import Delivery
from tests import factories
from tests.documents.codes import code_of
from tests.factories import NOON

LATER = NOON + timedelta(hours=2)
VISIT = Visit(ip="203.0.113.7", user_agent="Mozilla/5.0", session_key="s" * 43)
SENDER = 41


@pytest.fixture
def sender(office: Portal) -> Employee:
    return factories.make_employee(office, SENDER, "Зайцев Илья Олегович")


@pytest.fixture
def waiting(office: Portal, sender: Employee) -> Document:
    """Sent by a person, bound to a deal; a process waits for its next change."""
    PortalSettings.objects.update_or_create(portal=office, defaults={"may_delegate": True})
    document = factories.make_sending(office, sender=sender)
    tasks.hand_over(document.pk, NOON)
    factories.settle_deliveries("invitation")
    return _followed(document)


def _followed(document: Document) -> Document:
    subscribe(document, robot_code="signx_status", event_token="t", wait_for="change", at=NOON)
    return Document.objects.get(pk=document.pk)


def decline(document: Document) -> None:
    signer = factories.counterparty_of(document)
    flow.signer_declined(signer.pk, "Цена выше", factories.evidence_for(document), LATER)


def expire(document: Document) -> None:
    tasks.follow_due(document.expires_at + timedelta(seconds=1))


def bounce(document: Document) -> None:
    letter = Delivery.objects.get(kind="invitation", subject_id=document.public_id)
    bounces.returned(letter, "550 5.1.1 No such user", at=LATER)


def replace(document: Document) -> None:
    signer = factories.counterparty_of(document)
    if signer.email != "novyj@zakazchik.example":
        sender_acts.change_address(signer, "novyj@zakazchik.example", by=document.sender, at=LATER)


def delegate(document: Document) -> None:
    signer = factories.counterparty_of(document)
    if signer.delegated_at:
        return
    to = delegating.Colleague("Громова Елена Юрьевна", "gromova@zakazchik.example")
    delegating.request_code(signer, to, VISIT, at=LATER)
    code = code_of(signer, Act.DELEGATE)
    delegating.delegate_signer(signer, to, code=code, visit=VISIT, at=LATER)


NEWS: list[tuple[str, Callable[[Document], None], str, str]] = [
    ("declined", decline, "document_declined", "declined"),
    ("expired", expire, "document_expired", "expired"),
    ("mail_rejected", bounce, "signer_letter_bounced", "sent"),
    ("address_changed", replace, "signer_address_changed", "sent"),
    ("delegated", delegate, "signer_delegated", "sent"),
]


@pytest.mark.parametrize(("event", "happen", "kind", "status"), NEWS, ids=[n[0] for n in NEWS])
def test_news_reach_everybody_once(
    waiting: Document,
    event: str,
    happen: Callable[[Document], None],
    kind: str,
    status: str,
) -> None:
    happen(waiting)
    happen(Document.objects.get(pk=waiting.pk))

    assert _told(waiting, event) == 1
    assert chain_of(waiting.subject).filter(kind=kind).count() == 1
    assert _comments(waiting) == 1
    (reply,) = _replies(waiting)
    assert reply.payload["values"]["status_code"] == status
    assert verify_chain(waiting.portal).ok


def test_a_letter_that_came_back_is_an_error_for_the_process_and_goes_away_with_the_cause(
    waiting: Document,
) -> None:
    bounce(waiting)

    (reply,) = _replies(waiting)
    assert reply.payload["values"]["response_code"] == "mail_rejected"
    assert "i***@zakazchik.example" in reply.payload["values"]["error"]
    replace(Document.objects.get(pk=waiting.pk))
    assert Document.objects.get(pk=waiting.pk).error_code == ""
    assert factories.counterparty_of(waiting).bounced_at is None


def test_an_annulment_reaches_everybody_once(office: Portal, sender: Employee) -> None:
    document = factories.make_completed(office, sender=sender)
    for key in ("2", "1"):
        signer = document.signers.get(key=key)
        annulling.request_code(signer, "Стороны передумали", VISIT, at=LATER)
        code = code_of(signer, Act.ANNUL)
        annulling.sign(signer, "Стороны передумали", code, VISIT, at=LATER)

    assert Document.objects.get(pk=document.pk).status == "annulled"
    assert _told(document, "annulled") == 1
    assert chain_of(document.subject).filter(kind="document_annulled").count() == 1
    assert Delivery.objects.filter(key=f"timeline:{document.pk}:annulled").count() == 1
    _followed(document)
    (reply,) = _replies(document)
    assert reply.payload["values"]["status_code"] == "annulled"
    assert "Стороны передумали" in reply.payload["values"]["status_text"]
    letters = Delivery.objects.filter(kind="closed", payload__status="annulled")
    assert letters.count() == 1  # the other side; the company hears of it in the portal


def _told(document: Document, event: str) -> int:
    notices = Delivery.objects.filter(
        kind="notice", key__startswith=f"notice:{document.pk}:{event}"
    )
    return notices.filter(payload__params__USER_ID=SENDER).count()


def _comments(document: Document) -> int:
    return Delivery.objects.filter(kind="timeline_comment", subject_id=document.public_id).count()


def _replies(document: Document) -> list[Delivery]:
    replies = Delivery.objects.filter(kind="workflow_reply", subject_id=document.public_id)
    return list(replies.exclude(key__endswith=AGAIN))
