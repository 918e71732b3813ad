"""Answers to business processes, and what they point to: Disk uploads and the timeline comment.

`bizproc.event.send` proves nothing by answering `true` (the portal queues it and may lose it), so
every answer is sent once more some minutes later; a step that went on ignores the second one.
Sources: https://apidocs.bitrix24.com/api-reference/bizproc/bizproc-robot/bizproc-event-send.html
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from bitrix24.models import Portal
from bitrix24.rest import crm_types, methods
from documents.core import files
from documents.core.dates import moment
from documents.models import Document, Signer, StoredFile, WorkflowSubscription
from journal.events import EventKind
from journal.services import record
from outbox.base import Command
from outbox.models import Delivery
from outbox.services import queue, result_of, send_again
from signx.errors import ErrorCode, SignXError

REPEAT_AFTER = timedelta(minutes=5)
AGAIN = ":again"
# No limit of RETURN_VALUES is documented; an answer that was too long would never arrive.
ANSWER_BYTES = 2000
# Progress is for a step that waits long: one that is answered within a minute costs no request.
LOG_AFTER = timedelta(minutes=1)
REPLY, LOG_LINE, COMMENT, UPLOAD = (
    "workflow_reply",
    "workflow_log",
    "timeline_comment",
    "disk_upload",
)
Kind = StoredFile.Kind
Status = Document.Status
WaitFor = WorkflowSubscription.WaitFor
# Which file answers which output of the robots.
FILE_OUTPUTS = {
    "signed_document_id": Kind.SIGNED,
    "agreement_document_id": Kind.AGREEMENT,
    "report_document_id": Kind.REPORT,
}


def values(document: Document) -> dict[str, str]:
    """The robots' outputs for a document, in the portal's language; empty where not known yet."""
    with translation.override(document.portal.language):
        outcome = {
            "source_document_id": document.source_id,
            "document_id": document.public_id,
            "status_code": str(document.status),
            "status_text": status_text(document),
            "response_code": document.error_code or "ok",
            "response_text": document.error or _("Accepted without errors."),
            "error": document.error,
            **dict.fromkeys(FILE_OUTPUTS, ""),
            "document_url": document.verification_url,
        }
    return outcome | _file_values(document)


def failure_values(source_id: str, error: SignXError, portal: Portal) -> dict[str, str]:
    """The robots' outputs when no document was made."""
    with translation.override(portal.language):
        sentence = error.sentence
        status_label = str(Status.FAILED.label)
    return {
        "source_document_id": source_id,
        "document_id": "",
        "status_code": Status.FAILED.value,
        "status_text": status_label,
        "response_code": error.code.value,
        "response_text": sentence,
        "error": sentence,
        **dict.fromkeys(FILE_OUTPUTS, ""),
        "document_url": "",
    }


def status_text(document: Document) -> str:
    """The status in words, with all who are awaited now or why it ended; in the active language."""
    label = str(document.get_status_display())
    if document.status == Status.SENT:
        statuses = [signer.status for signer in document.signers.all()]
        return _("%(status)s: %(names)s (signed %(signed)d of %(all)d)") % {
            "status": label,
            "names": ", ".join(signer.name for signer in document.awaited_signers),
            "signed": statuses.count(Signer.Status.SIGNED),
            "all": len(statuses),
        }
    if document.closed_reason:
        return _("%(status)s: %(reason)s") % {"status": label, "reason": document.closed_reason}
    return label


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
        values=values(document),
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
    waits_for = uploads(document) if document is not None else []
    first = queue(key=key, waits_for=waits_for, at=at, **promise)
    queue(key=f"{key}{AGAIN}", waits_for=[first], at=at + REPEAT_AFTER, **promise)
    return first


def answer_anew(portal: Portal, since: datetime | None, at: datetime) -> None:
    """Let the repeats of answers that were given after `since` (None: of all) go out once more:
    their robots were missing on the portal, which then takes an answer and loses it."""
    repeats = Delivery.objects.filter(kind=REPLY, lane=portal.lane, key__endswith=AGAIN)
    send_again(repeats.filter(settled_at__gte=since) if since else repeats, at)


def uploads(document: Document) -> list[Delivery]:
    """The uploads of a document's files, in whatever state."""
    keys = [_upload_key(document, kind) for kind in FILE_OUTPUTS.values()]
    return list(Delivery.objects.filter(key__in=keys))


def queue_uploads(document: Document) -> list[Delivery]:
    """Every result file on its way to the portal's Disk."""
    return [
        queue(
            key=_upload_key(document, stored.kind),
            kind=UPLOAD,
            channel="disk",
            lane=document.portal.lane,
            payload={"file": stored.pk},
            subject=document.subject,
        )
        for stored in files.of_kinds(document, FILE_OUTPUTS.values())
    ]


def queue_timeline_comment(document: Document) -> Delivery | None:
    """How it ended, in the timeline of the CRM item; with the signed file when there is one."""
    if not hasattr(document, "crm_binding"):
        return None
    with translation.override(document.portal.language):
        text, marker = _comment_text(document), _marker(document)
    return queue(
        key=f"timeline:{document.pk}:{document.status}",
        kind=COMMENT,
        channel="portal",
        lane=document.portal.lane,
        payload={
            "document": document.pk,
            "text": text,
            "marker": marker,
        },
        subject=document.subject,
    )


def queue_timeline_note(
    document: Document, event: str, news: str, *, at: datetime
) -> Delivery | None:
    """Something that happened on the way, in the timeline of the CRM item. News and moment stand
    in one line, by which a repeated comment finds its first try."""
    if not hasattr(document, "crm_binding"):
        return None
    with translation.override(document.portal.language):
        number = _("No. %(number)s") % {"number": document.number}
        marker = f"{number}, {moment(at, document.portal.language)}: {plain(news)}"
        title = _("Document “%(title)s”") % {"title": plain(document.title)}
    return queue(
        key=f"timeline:{document.pk}:{event}:{at.timestamp():.6f}",
        kind=COMMENT,
        channel="portal",
        lane=document.portal.lane,
        payload={
            "document": document.pk,
            "text": f"{title}\n{marker}",
            "marker": marker,
        },
        subject=document.subject,
    )


def build_reply(delivery: Delivery) -> Command:
    """`bizproc.event.send`, with the ids that the uploads have brought by now."""
    outputs: dict[str, str] = dict(delivery.payload["values"])
    if delivery.payload["document"] and outputs["status_code"] == Status.COMPLETED:
        document = Document.objects.select_related("portal").get(pk=delivery.payload["document"])
        outputs |= _file_values(document)
    outputs = _fitting(outputs)
    return Command(
        "bizproc.event.send",
        {
            "event_token": _token_of(delivery),
            "return_values": outputs,
            "log_message": outputs["error"] or outputs["status_text"],
        },
    )


def _fitting(outputs: dict[str, str]) -> dict[str, str]:
    """The same outputs within ANSWER_BYTES: the longest text, somebody's reason, is cut."""
    fitting = dict(outputs)
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
    return Command(
        "bizproc.activity.log",
        {"event_token": subscription.event_token, "log_message": delivery.payload["text"]},
    )


def build_upload(delivery: Delivery) -> Command:
    """`disk.folder.uploadfile` into the application's folder. The name is unique per document and
    kind, so that a repeated upload finds the file of the first try."""
    stored = StoredFile.objects.select_related("document__portal").get(pk=delivery.payload["file"])
    return Command(
        "disk.folder.uploadfile",
        {
            "name": stored.name,
            "content": files.content_of(stored),
        },
    )


def build_timeline_comment(delivery: Delivery) -> Command | None:
    """`crm.timeline.comment.add`; the text holds the document's number, by which it is found.
    None for a type whose cards have no timeline."""
    document = Document.objects.select_related("crm_binding").get(pk=delivery.payload["document"])
    binding = document.crm_binding
    if not crm_types.symbol(binding.entity_type_id):
        return None
    is_result = delivery.key == f"timeline:{document.pk}:{Status.COMPLETED}"
    signed = files.find(document, Kind.SIGNED) if is_result else None
    attached = {signed.name: files.content_of(signed)} if signed is not None else {}
    return methods.timeline_comment_command(
        binding.entity_type_id, binding.entity_id, delivery.payload["text"], attached
    )


def plain(text: str) -> str:
    """Text from outside without the brackets that the portal reads as BB-code."""
    return text.replace("[", "(").replace("]", ")")


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
        text = f"{document.number}: {news or status_text(document)}"
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


def _file_values(document: Document) -> dict[str, str]:
    """Disk ids of a completed document's files; an upload given up is an honest failure."""
    if document.status not in {Status.COMPLETED, Status.ANNULLED}:
        return {}
    found = {name: _disk_id(document, kind) for name, kind in FILE_OUTPUTS.items()}
    if all(delivery.state != Delivery.State.DEAD for delivery in uploads(document)):
        return found
    error = SignXError(ErrorCode.PORTAL_UNREACHABLE)
    with translation.override(document.portal.language):
        sentence = error.sentence
    return found | {
        "response_code": error.code.value,
        "response_text": sentence,
        "error": sentence,
    }


def _disk_id(document: Document, kind: str) -> str:
    result = result_of(_upload_key(document, kind))
    return str(result) if result else ""


def _upload_key(document: Document, kind: str) -> str:
    return f"upload:{document.pk}:{kind}"


def _marker(document: Document) -> str:
    """By which a repeated comment finds its first try: the status keeps two comments apart."""
    return _("No. %(number)s: %(status)s") % {
        "number": document.number,
        "status": str(document.get_status_display()),
    }


def _comment_text(document: Document) -> str:
    """Title, marker, reason or error, and where to check: each a line of its own."""
    lines = [
        _("Document “%(title)s”") % {"title": plain(document.title)},
        _marker(document),
        plain(document.closed_reason),
        plain(document.error),
        _("Check: %(url)s") % {"url": document.verification_url},
    ]
    return "\n".join(line for line in lines if line)
