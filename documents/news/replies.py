"""Answers to business processes, and lines in their logs.

`bizproc.event.send` proves nothing by answering `true` (the portal queues it and may lose it), so
every answer is sent once more some minutes later; a step that went on ignores the second one.
Sources: https://apidocs.bitrix24.com/api-reference/bizproc/bizproc-robot/bizproc-event-send.html
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone, translation

from bitrix24.models import Portal
from bitrix24.rest import methods
from documents.core import flow
from documents.models import Document, WorkflowSubscription
from documents.news import outputs, uploads
from journal.events import EventKind
from journal.services import record
from outbox.base import Command
from outbox.models import Delivery
from outbox.services import queue, send_again

REPEAT_AFTER = timedelta(minutes=5)
AGAIN = ":again"
# No limit of RETURN_VALUES is documented; an answer that was too long would never arrive.
ANSWER_BYTES = 2000
# Progress is for a step that waits long: one that is answered within a minute costs no request.
LOG_AFTER = timedelta(minutes=1)
REPLY, LOG_LINE = "workflow_reply", "workflow_log"
Status = Document.Status
WaitFor = WorkflowSubscription.WaitFor


@transaction.atomic
def subscribe(
    document: Document, *, robot_code: str, event_token: str, wait_for: str, at: datetime
) -> WorkflowSubscription:
    """A process waits for news of a document: answered at once if the news is there already.

    The same event token subscribes once.
    """
    document = flow.lock(document.pk)
    subscription, is_new = WorkflowSubscription.objects.get_or_create(
        document=document,
        event_token_hash=WorkflowSubscription.hash_of(event_token),
        defaults={"robot_code": robot_code, "event_token": event_token, "wait_for": wait_for},
    )
    if is_new and is_answerable(document, wait_for):
        answer(subscription, document, at=at)
    return subscription


def answer_waiting(
    document: Document, *, at: datetime, is_signer_change: bool = False, news: str = ""
) -> None:
    """Answer the processes whose news has come; part of the transaction that brings it.

    `news` says in a process's log what the status does not, in the portal's language.
    """
    open_ones = document.subscriptions.select_for_update().filter(answered_at__isnull=True)
    for subscription in open_ones.order_by("pk"):
        if is_answerable(document, subscription.wait_for, is_change=True):
            answer(subscription, document, at=at)
        else:
            _queue_log_line(subscription, document, is_signer_change, news, at)


def is_answerable(document: Document, wait_for: str, *, is_change: bool = False) -> bool:
    """Whether what a process waits for is there."""
    if wait_for == WaitFor.NOW:
        return True
    if wait_for == WaitFor.CHANGE:
        # A document signed by all can still be annulled; any other end is the last news.
        return is_change or (document.is_final and document.status != Status.COMPLETED)
    if wait_for == WaitFor.SENT and document.status in {Status.SENT, Status.SEALING}:
        return True
    return document.is_final


def answer(subscription: WorkflowSubscription, document: Document, *, at: datetime) -> None:
    """Queue the answer of one subscription, once."""
    subscription.answered_at = at
    subscription.save(update_fields=["answered_at"])
    queue_reply(
        document.portal,
        key=f"reply:{subscription.pk}",
        values=outputs.values(document),
        subscription=subscription,
        document=document,
        at=at,
    )


def queue_reply(
    portal: Portal,
    *,
    key: str,
    values: dict[str, str],
    event_token: str = "",
    subscription: WorkflowSubscription | None = None,
    document: Document | None = None,
    at: datetime | None = None,
) -> Delivery:
    """An answer to a process and its repeat. In a transaction; the same key queues once.

    A completed document's answer waits for its uploads, so that the process gets the files' ids.
    `event_token` is for a process without a subscription: it travels as the delivery's secret,
    and such an answer, once given up, cannot be repeated by support.
    """
    at = at or timezone.now()
    promise: dict[str, Any] = {
        "kind": REPLY,
        "channel": "portal",
        "lane": portal.lane,
        "payload": {
            "document": document.pk if document is not None else None,
            "subscription": subscription.pk if subscription is not None else None,
            "values": values,
        },
        "secret": None if subscription is not None else {"event_token": event_token},
        "subject": document.subject
        if document is not None
        else ("source", values["source_document_id"][:60]),
    }
    waits_for = uploads.of(document) if document is not None else []
    first = queue(key=key, waits_for=waits_for, at=at, **promise)
    queue(key=f"{key}{AGAIN}", waits_for=[first], at=at + REPEAT_AFTER, **promise)
    return first


def answer_anew(portal: Portal, since: datetime | None, at: datetime) -> None:
    """Let the repeats of answers that were given after `since` (None: of all) go out once more:
    their robots were missing on the portal, which then takes an answer and loses it."""
    repeats = Delivery.objects.filter(kind=REPLY, lane=portal.lane, key__endswith=AGAIN)
    send_again(repeats.filter(settled_at__gte=since) if since else repeats, at)


def build_reply(delivery: Delivery) -> Command:
    """`bizproc.event.send`, with the ids that the uploads have brought by now."""
    values: dict[str, str] = dict(delivery.payload["values"])
    if delivery.payload["document"] and values["status_code"] == Status.COMPLETED:
        document = Document.objects.select_related("portal").get(pk=delivery.payload["document"])
        values |= outputs.file_values(document)
    values = _fitting(values)
    return methods.event_send_command(
        _token_of(delivery), values, values["error"] or values["status_text"]
    )


def _fitting(values: dict[str, str]) -> dict[str, str]:
    """The same outputs within ANSWER_BYTES: the longest text, somebody's reason, is cut."""
    fitting = dict(values)
    while len(json.dumps(fitting, ensure_ascii=False).encode()) > ANSWER_BYTES:
        longest = max(fitting, key=lambda key: len(fitting[key]))
        text = fitting[longest]
        fitting[longest] = f"{text[: len(text) * 7 // 8]}…"
    return fitting


def reply_settled(delivery: Delivery) -> None:
    """Listener of the outbox: the repeat's minutes count from now, and the journal tells that the
    process was answered (once: a repeat is the same answer)."""
    pk, settled_at = delivery.payload["document"], delivery.settled_at or timezone.now()
    if delivery.state != Delivery.State.DONE or delivery.key.endswith(AGAIN):
        return
    repeat = Delivery.objects.filter(key=f"{delivery.key}{AGAIN}", state=Delivery.State.PENDING)
    repeat.update(next_attempt_at=settled_at + REPEAT_AFTER)
    if pk is None:
        return
    document = Document.objects.select_related("portal").get(pk=pk)
    record(
        document.portal,
        EventKind.REPLY_SENT,
        actor="system",
        subject=document.subject,
        data={"status": delivery.payload["values"]["status_code"]},
        at=settled_at,
    )


def build_log_line(delivery: Delivery) -> Command | None:
    """`bizproc.activity.log`: progress in the process's log while its step stays open."""
    subscription = WorkflowSubscription.objects.get(pk=delivery.payload["subscription"])
    if subscription.answered_at is not None:
        return None
    return methods.activity_log_command(subscription.event_token, delivery.payload["text"])


def _queue_log_line(
    subscription: WorkflowSubscription,
    document: Document,
    is_signer_change: bool,
    news: str,
    at: datetime,
) -> None:
    step = "-".join(f"{signer.key}{signer.status}" for signer in document.signers.all())
    if news:
        step = f"{at.timestamp():.6f}"
    with translation.override(document.portal.language):
        text = f"{document.number}: {news or outputs.status_text(document)}"
    queue(
        key=f"log:{subscription.pk}:{document.status}:{step if is_signer_change else ''}",
        kind=LOG_LINE,
        channel="portal",
        lane=document.portal.lane,
        payload={"text": text, "subscription": subscription.pk},
        subject=document.subject,
        at=timezone.now() + LOG_AFTER,
    )


def _token_of(delivery: Delivery) -> str:
    if pk := delivery.payload.get("subscription"):
        return WorkflowSubscription.objects.get(pk=pk).event_token
    return str(delivery.open_secret()["event_token"])
