"""The webhook by which a mail provider tells of letters that did not arrive: POST /hooks/mail.

`Authorization: Bearer <SIGNX_MAIL_WEBHOOK_SECRET>`. The body is either the report itself
(`message/rfc822`), as a mail server can pipe it, or JSON:
{"events": [{"event": "bounced", "message_id": "<…>", "reason": "550 5.1.1 No such user"}]}.
"""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from documents.news import bounces
from documents.news.bounce_mailbox import take_in
from outbox.mail import delivery_of
from signx.errors import ErrorCode, SignXError

# What providers call a letter that will never arrive; a complaint is no failure to deliver.
FAILURES = frozenset({"bounced", "bounce", "hard_bounce", "failed", "dropped", "rejected"})
EVENTS_LIMIT = 1000


@csrf_exempt  # the caller is a program with a secret of its own
@require_POST
def mail_webhook(request: HttpRequest) -> JsonResponse:
    """How many of the events were news. Told twice, an event is news once."""
    _authenticate(request)
    at = timezone.now()
    if request.content_type == "message/rfc822":
        return JsonResponse({"taken": int(take_in(request.body, at=at).is_news)})
    taken = 0
    for event in _events(request):
        delivery = delivery_of(str(event.get("message_id", "")))
        if delivery is not None and str(event.get("event", "")).lower() in FAILURES:
            taken += bounces.returned(delivery, str(event.get("reason", "")), at=at)
    return JsonResponse({"taken": taken})


def _authenticate(request: HttpRequest) -> None:
    """Raises NOT_FOUND when no webhook is set up, REQUEST_FORGED for a wrong secret."""
    secret = settings.MAIL_WEBHOOK_SECRET
    if not secret:
        raise SignXError(ErrorCode.NOT_FOUND, "no mail webhook is set up")
    word, _space, given = request.headers.get("Authorization", "").partition(" ")
    if word != "Bearer" or not constant_time_compare(given, secret):
        raise SignXError(ErrorCode.REQUEST_FORGED, "mail webhook")


def _events(request: HttpRequest) -> list[dict[str, Any]]:
    """Raises INPUT_INVALID for a body of another shape."""
    try:
        events = json.loads(request.body)["events"]
        fits = isinstance(events, list) and len(events) <= EVENTS_LIMIT
        if fits and all(isinstance(event, dict) for event in events):
            return list(events)
    except (ValueError, KeyError, TypeError) as error:
        raise SignXError(ErrorCode.INPUT_INVALID, "mail webhook") from error
    raise SignXError(ErrorCode.INPUT_INVALID, "mail webhook")
