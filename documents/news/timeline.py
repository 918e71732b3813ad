"""Comments in the timeline of the CRM item that a document is bound to."""

from __future__ import annotations

from datetime import datetime

from django.utils import translation
from django.utils.translation import gettext as _

from bitrix24.rest import crm_types, methods
from bitrix24.rest.chat import plain
from documents.core import files
from documents.core.dates import date_time
from documents.models import Document, StoredFile
from outbox.base import Command
from outbox.models import Delivery
from outbox.services import queue

KIND = "timeline_comment"
Kind = StoredFile.Kind
Status = Document.Status


def queue_result(document: Document) -> Delivery | None:
    """How it ended, in the timeline of the CRM item; with the signed file when there is one."""
    if not hasattr(document, "crm_binding"):
        return None
    with translation.override(document.portal.language):
        text, marker = _comment_text(document), _marker(document)
    return _queue(document, f"{document.status}", text, marker)


def queue_note(document: Document, event: str, news: str, *, at: datetime) -> Delivery | None:
    """Something that happened on the way, in the timeline of the CRM item. News and moment stand
    in one line, by which a repeated comment finds its first try."""
    if not hasattr(document, "crm_binding"):
        return None
    with translation.override(document.portal.language):
        number = _("No. %(number)s") % {"number": document.number}
        marker = f"{number}, {date_time(at, document.portal.language)}: {plain(news)}"
        title = _("Document “%(title)s”") % {"title": plain(document.title)}
    return _queue(document, f"{event}:{at.timestamp():.6f}", f"{title}\n{marker}", marker)


def build_comment(delivery: Delivery) -> Command | None:
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


def _queue(document: Document, effect: str, text: str, marker: str) -> Delivery:
    return queue(
        key=f"timeline:{document.pk}:{effect}",
        kind=KIND,
        channel="portal",
        lane=document.portal.lane,
        payload={"document": document.pk, "text": text, "marker": marker},
        subject=document.subject,
    )


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
