"""A business process waits for news of a document."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from documents.core import flow
from documents.models import Document, WorkflowSubscription
from documents.news import replies


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
    if is_new and replies.is_answerable(document, wait_for):
        replies.answer(subscription, document, at=at)
    return subscription
