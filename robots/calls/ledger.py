"""The life of a robot call in the database: claimed, put off, then settled once, for ever."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Max
from django.utils import timezone

from bitrix24.models import Portal, PortalToken
from documents.models import Document
from documents.news import outputs, replies
from journal.events import EventKind
from journal.services import record
from robots.models import RobotCall, RobotCallQuerySet
from signx import claims
from signx.errors import RETRYABLE, ErrorCode, SignXError
from signx.limits import Rule, spend

# While Bitrix24 converts the file: whoever has waited long can wait as long again. Source: its
# documentation advises to ask again, not to wait.
CONVERSION_DELAYS_S = (5, 10, 20, 40, 80, 160)
CONVERSION_LIMIT = timedelta(minutes=10)
# After a failure that may pass. A fault of our own is told to the process after minutes, a
# silent portal is waited for: about two hours, then the answer lies in the outbox for its return.
RETRY_DELAYS_S = (15, 60, 300, 900, 1800, 3600)
OWN_FAULT_TRIES = 4
# A portal that asks for patience names its own time, one without an administrator's access is
# looked at again and again; this only ends an endless wait.
PATIENCE = timedelta(hours=24)
# A link to a file may live for an hour, but what was read with it should still be true.
ANSWER_FRESH_FOR = timedelta(minutes=5)
# Each leaves a row and an entry in a journal that is never shortened; more of them leave nothing.
FORGED_CALLS = Rule("forged_calls", 1000, timedelta(hours=1))
_UNANSWERED: dict[str, Any] = {"answer": "", "answered_at": None}


def claim(call_id: int, at: datetime) -> RobotCall | None:
    """Take a waiting call whose time has come; None when another worker has it or it is settled.

    A claim counts as a failed try until the call is put off or settled in good order: a call
    that kills its worker runs out of tries too.
    """
    due = RobotCall.objects.due(at).filter(pk=call_id)
    if not claims.claim(due, field="next_attempt_at", at=at, attempts="attempts"):
        return None
    return RobotCall.objects.select_related("portal").get(pk=call_id)


def claim_alike(call: RobotCall, most: int, at: datetime) -> list[RobotCall]:
    """Waiting calls, proved, without a fresh answer, that may be asked about together with this
    one: of its robot, with the rights of its user. Nobody else takes them until `release`."""
    due = RobotCall.objects.due(at).select_related("portal").exclude(pk=call.pk)
    alike = due.filter(
        portal=call.portal,
        code=call.code,
        bitrix_user_id=call.bitrix_user_id,
        is_genuine=True,
    ).exclude(answered_at__gt=_fresh_since(call.portal, at))
    waiting = list(alike.order_by("next_attempt_at", "pk")[:most])
    still_due = due.filter(pk__in=[other.pk for other in waiting])
    taken = claims.claim(still_due, field="next_attempt_at", at=at, most=most)
    return [other for other in waiting if other.pk in taken]


def release(other: RobotCall, at: datetime, answer: str = "") -> None:
    """One of `claim_alike`, with the same `at`, is where it was in the queue again; with what the
    portal said about it (robots.calls.together), if it said all."""
    facts = {"answer": answer, "answered_at": timezone.now()} if answer else {}
    _taken(other, at).update(next_attempt_at=other.next_attempt_at, **facts)


def release_converting(other: RobotCall, at: datetime) -> None:
    """One of `claim_alike`, with the same `at`, whose file is still being converted."""
    if _taken(other, at).exists() and not put_off_for_conversion(other, timezone.now()):
        release(other, at)


def keep_answer(call: RobotCall, answer: str) -> None:
    """What the portal said about a claimed call (robots.calls.together)."""
    claimed = _waiting(call).filter(next_attempt_at=call.next_attempt_at)
    claimed.update(answer=answer, answered_at=timezone.now())


def fresh_answer(call: RobotCall, at: datetime) -> str:
    """What `keep_answer` or `release` has kept, unless it is old or links in it have died."""
    if not call.answer or call.answered_at is None:
        return ""
    return call.answer if call.answered_at > _fresh_since(call.portal, at) else ""


def put_off_for_conversion(call: RobotCall, at: datetime) -> bool:
    """Look again after 5, 10, 20, 40, 80, 160 … s, for the last time after ten minutes;
    False when they have passed."""
    since = call.converting_since or at
    if at - since >= CONVERSION_LIMIT:
        return False
    delay_s = CONVERSION_DELAYS_S[min(call.conversion_looks, len(CONVERSION_DELAYS_S) - 1)]
    next_at = min(at + timedelta(seconds=delay_s), since + CONVERSION_LIMIT)
    _waiting(call).update(
        converting_since=since,
        conversion_looks=F("conversion_looks") + 1,
        attempts=0,
        next_attempt_at=next_at,
        **_UNANSWERED,
    )
    return True


def put_off_for_retry(call: RobotCall, error: SignXError, at: datetime) -> bool:
    """Try again later, if another try can help and is left; else False."""
    if error.code not in RETRYABLE:
        return False
    retry_at: datetime | None = getattr(error, "retry_at", None)
    if retry_at is not None and at - call.received_at < PATIENCE:
        soon = at + timedelta(seconds=RETRY_DELAYS_S[0])
        next_at = max(retry_at, soon)
        if retry_at > soon:
            # What the portal says to one call it would say to the others: they wait together.
            due = RobotCall.objects.due(at).filter(portal=call.portal, code=call.code)
            due.update(next_attempt_at=retry_at)
        # The portal did nothing, so this was no try.
        return bool(_waiting(call).update(attempts=F("attempts") - 1, next_attempt_at=next_at))
    is_own_fault = error.code == ErrorCode.INTERNAL_ERROR
    if call.attempts >= (OWN_FAULT_TRIES if is_own_fault else len(RETRY_DELAYS_S) + 1):
        return False
    delay_s = RETRY_DELAYS_S[call.attempts - 1] * random.uniform(0.8, 1.2)
    # A link to a file may have died: the portal is asked anew.
    next_at = at + timedelta(seconds=delay_s)
    facts = _UNANSWERED | {"response_code": error.code.value}
    return bool(_waiting(call).update(next_attempt_at=next_at, **facts))


def is_worn_out(call: RobotCall) -> bool:
    """Whether no worker has lived to tell how the call ended, though many have tried."""
    return call.attempts > len(RETRY_DELAYS_S) + 1


def worn_out(call: RobotCall) -> SignXError:
    """What such a call is answered with: the last failure that somebody lived to write down."""
    code = ErrorCode(call.response_code) if call.response_code else ErrorCode.INTERNAL_ERROR
    return SignXError(code, "the last try was cut off")


def settle(call: RobotCall, act: Callable[[RobotCall], Document], at: datetime) -> None:
    """Close the call with what `act` makes, in one transaction; nothing when it is closed already.

    Lock order: robot call, document, portal (balance), journal.
    """
    with transaction.atomic():
        row = _lock(call)
        if row is None:
            return
        _record_call(row, at)
        row.document = act(row)
        row.state = RobotCall.State.DONE
        row.response_code = "ok"
        row.finished_at, row.answer = at, ""
        row.save(update_fields=["document", "state", "response_code", "finished_at", "answer"])


def refuse(call: RobotCall, error: SignXError, at: datetime) -> None:
    """Close the call with an error: journal, and an answer to the process that waits."""
    with transaction.atomic():
        row = _lock(call)
        if row is None:
            return
        if error.code == ErrorCode.REQUEST_FORGED and not _is_worth_noting(row.portal, at):
            row.delete()
            return
        row.state = RobotCall.State.REFUSED
        row.response_code = error.code.value
        row.finished_at, row.answer = at, ""
        row.save(update_fields=["state", "response_code", "finished_at", "answer"])
        _record_refusal(row, error, at)
        # A token that the portal did not make names no step: nobody waits for the answer.
        if row.wants_reply and error.code != ErrorCode.REQUEST_FORGED:
            replies.queue_reply(
                row.portal,
                key=f"refusal:{row.pk}",
                event_token=row.event_token,
                values=outputs.failure_values(row.source_id, error, row.portal),
                at=at,
            )


def _is_worth_noting(portal: Portal, at: datetime) -> bool:
    try:
        spend(FORGED_CALLS, str(portal.pk), at=at)
    except SignXError:
        return False
    return True


def _record_call(call: RobotCall, at: datetime) -> None:
    record(
        call.portal,
        EventKind.ROBOT_CALLED,
        actor=call.audit_name,
        subject=call.subject,
        data={"workflow": call.workflow_id, "crm_item": call.crm_document_id},
        at=at,
    )


def _record_refusal(call: RobotCall, error: SignXError, at: datetime) -> None:
    record(
        call.portal,
        EventKind.ROBOT_REFUSED,
        actor=call.audit_name,
        subject=call.subject,
        data={"robot": call.code, "error_code": error.code.value},
        personal={"reason": error.sentence},
        at=at,
    )


def _waiting(call: RobotCall) -> RobotCallQuerySet:
    return RobotCall.objects.filter(pk=call.pk, state=RobotCall.State.WAITING)


def _fresh_since(portal: Portal, at: datetime) -> datetime:
    """Links in an answer die with the token that it was asked with."""
    tokens = PortalToken.objects.filter(portal=portal)
    refreshed_at: datetime | None = tokens.aggregate(last=Max("refreshed_at"))["last"]
    return max(at - ANSWER_FRESH_FOR, refreshed_at or at - ANSWER_FRESH_FOR)


def _taken(other: RobotCall, at: datetime) -> RobotCallQuerySet:
    return _waiting(other).filter(next_attempt_at=at + claims.LEASE)


def _lock(call: RobotCall) -> RobotCall | None:
    """The waiting call, locked; None when it is settled already."""
    return (
        RobotCall.objects.select_for_update(of=("self",))
        .select_related("portal")
        .filter(pk=call.pk, state=RobotCall.State.WAITING)
        .first()
    )
