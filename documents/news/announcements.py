"""Who hears of every step of a document: the people, the process, the deal, the other sides."""

from __future__ import annotations

from datetime import datetime

from django.utils import translation

from documents.models import Document, Signer
from documents.news import invitations, notices, reminders, replies, timeline, uploads

Status = Document.Status
# The other sides learn of these by letter; of a completed document they get the copy.
TOLD_BY_LETTER = frozenset({Status.DECLINED, Status.EXPIRED, Status.CANCELLED, Status.ANNULLED})


def document_moved(document: Document, at: datetime) -> None:
    """Listener of documents.core: files first, because replies and comments wait for them."""
    if document.status == Status.SENT:
        reminders.schedule(document, after=at)
    if document.status == Status.COMPLETED:
        uploads.queue_uploads(document)
        notices.queue_signed_copies(document)
    notices.queue_notices(document, document.status)
    if document.status in TOLD_BY_LETTER:
        notices.queue_closing_news(document)
    if document.is_final:
        timeline.queue_result(document)
    replies.answer_waiting(document, at=at)


def signer_acted(document: Document, signer: Signer, what: str, at: datetime) -> None:
    """Listener of documents.core: whose turn has come is invited, then the others are told."""
    if what == "signed":
        invitations.invite_next(document)
    notices.queue_notices(document, what, signer=signer)
    replies.answer_waiting(document, at=at, is_signer_change=True)


def tell(document: Document, event: str, *, signer: Signer, at: datetime) -> None:
    """Something happened to a signer on the way: the people, the process and the deal hear of it,
    once per event and moment. Under the document's lock."""
    notices.queue_notices(document, event, signer=signer, occasion=f"-{at.timestamp():.6f}")
    with translation.override(document.portal.language):
        news = notices.news_text(document, event, signer)
    timeline.queue_note(document, event, news, at=at)
    replies.answer_waiting(document, at=at, is_signer_change=True, news=news)
