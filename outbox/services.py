"""Queue effects outside, deliver those that are due, settle each of them once."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django_q.tasks import async_task

from outbox import kinds
from outbox.backoff import next_attempt
from outbox.base import Command, Content, Outcome
from outbox.models import Delivery
from signx import claims
from signx.errors import RETRYABLE, ErrorCode, SignXError

log = logging.getLogger(__name__)

# No new chunk is begun after this: the last one still has time within the worker's timeout.
BUDGET_S = 60
# A time that the other side names is waited for without counting, but not for ever.
PATIENCE = timedelta(days=7)
ERROR_LENGTH = 500


def queue(
    *,
    key: str,
    kind: str,
    channel: str,
    lane: str,
    payload: dict[str, Any] | None = None,
    secret: dict[str, Any] | None = None,
    subject: tuple[str, str] = ("", ""),
    waits_for: Iterable[Delivery] = (),
    at: datetime | None = None,
) -> Delivery:
    """Promise one effect outside, in the caller's transaction; the same key is the same effect.

    `at` in the future: not before. `secret` is encrypted and wiped once the delivery is settled.
    """
    with transaction.atomic():
        delivery, is_new = Delivery.objects.get_or_create(
            key=key,
            defaults={
                "kind": kind,
                "channel": channel,
                "lane": lane,
                "payload": payload or {},
                "secret": json.dumps(secret) if secret else "",
                "has_secret": bool(secret),
                "subject_kind": subject[0],
                "subject_id": subject[1],
                "next_attempt_at": at or timezone.now(),
            },
        )
        if is_new:
            delivery.waits_for.set(waits_for)
            wake()
    return delivery


def wake() -> None:
    """Have a worker look at the due deliveries as soon as the transaction is committed."""
    if not any(entry[1] is _start_worker for entry in connection.run_on_commit):
        transaction.on_commit(_start_worker)


def hasten(lane: str, at: datetime) -> None:
    """The other side lets us in again: what it has put off comes due. What would come due within
    a lease stays as it is: somebody may be sending it."""
    refused = Delivery.objects.filter(
        lane=lane, state=Delivery.State.PENDING, error_code=ErrorCode.PORTAL_UNREACHABLE.value
    )
    if refused.filter(next_attempt_at__gt=at + claims.LEASE).update(next_attempt_at=at):
        wake()


def _start_worker() -> None:
    async_task("outbox.tasks.deliver_due")


def result_of(key: str) -> Any | None:
    """What the other side answered to a delivery that is done, else None."""
    return (
        Delivery.objects.filter(key=key, state=Delivery.State.DONE)
        .values_list("result", flat=True)
        .first()
    )


def content(delivery: Delivery) -> Content | None:
    """What to send now: made by the kind's builder, or the payload itself as a REST call.

    None: there is nothing to send any more, and the delivery is settled as done.
    """
    if build := kinds.kind_of(delivery).build:
        return build(delivery)
    return Command(delivery.payload["method"], delivery.payload.get("params", {}))


def content_or_outcome(delivery: Delivery) -> Content | Outcome:
    """The content, or the outcome of a delivery that cannot or need not be sent.

    For channels: one delivery whose builder fails must not keep its neighbours from going out.
    """
    try:
        return content(delivery) or Outcome(done=True)
    except SignXError as error:
        return failure(error)
    except Exception:
        log.exception("delivery %s cannot be built", delivery.key)
        return Outcome(done=False, code=ErrorCode.INTERNAL_ERROR.value, detail="builder failed")


def failure(error: SignXError) -> Outcome:
    """The outcome of an expected failure; `retry_at` is taken from errors that carry one."""
    return Outcome(
        done=False,
        code=error.code.value,
        detail=error.detail,
        retry_at=getattr(error, "retry_at", None),
        final=error.code not in RETRYABLE,
    )


def deliver_due(at: datetime | None = None, limit: int = 200) -> int:
    """Send what is due, lane by lane; the number of attempts. Safe to run at once, anywhere."""
    attempts = 0
    deadline = time.monotonic() + BUDGET_S
    while attempts < limit and time.monotonic() < deadline:
        chunk = _claim(at or timezone.now())
        if not chunk:
            break
        for delivery, outcome in zip(chunk, _send(chunk), strict=True):
            settle(delivery, outcome, at or timezone.now())
        attempts += len(chunk)
    return attempts


def _claim(at: datetime) -> list[Delivery]:
    """Take the next chunk of one lane."""
    with transaction.atomic():
        first = Delivery.objects.due(at).select_for_update(skip_locked=True).first()
        if first is None:
            return []
        due = Delivery.objects.due(at).filter(channel=first.channel, lane=first.lane)
        keys = claims.claim(
            due,
            field="next_attempt_at",
            at=at,
            attempts="attempts",
            most=kinds.CHANNELS[first.channel].chunk,
        )
    found = Delivery.objects.in_bulk(keys)
    return [found[key] for key in keys]


def _send(chunk: list[Delivery]) -> list[Outcome]:
    unsent = [delivery for delivery in chunk if delivery.accepted_at is None]
    outcomes = {delivery.pk: Outcome(done=True, result=delivery.result) for delivery in chunk}
    if unsent:
        sent = _send_through_channel(unsent)
        outcomes |= {delivery.pk: end for delivery, end in zip(unsent, sent, strict=True)}
    return [outcomes[delivery.pk] for delivery in chunk]


def _send_through_channel(chunk: list[Delivery]) -> list[Outcome]:
    try:
        return kinds.CHANNELS[chunk[0].channel].send(chunk)
    except Exception:
        log.exception("channel %s broke on lane %s", chunk[0].channel, chunk[0].lane)
        broken = Outcome(done=False, code=ErrorCode.INTERNAL_ERROR.value, detail="channel broke")
        return [broken] * len(chunk)


def settle(delivery: Delivery, outcome: Outcome, at: datetime) -> None:
    """Write down how an attempt ended, and tell the kind's listener in the same transaction."""
    try:
        _settle(delivery, outcome, at)
    except Exception:
        log.exception("the listener of %s failed", delivery.key)
        _keep_for_listener(delivery, outcome, at)


@transaction.atomic
def _settle(delivery: Delivery, outcome: Outcome, at: datetime) -> None:
    row = Delivery.objects.select_for_update().get(pk=delivery.pk)
    if row.state != Delivery.State.PENDING:
        return
    # After an expired lease somebody else tries: a success still counts, a failure is theirs.
    if row.attempts != delivery.attempts and not outcome.done:
        return
    _apply(row, outcome, at)
    row.save()
    if row.state == Delivery.State.PENDING:
        return
    if settled := kinds.kind_of(row).settled:
        settled(row)


def _apply(row: Delivery, outcome: Outcome, at: datetime) -> None:
    row.error_code = outcome.code[:60]
    row.error = outcome.detail[:ERROR_LENGTH]
    if outcome.done:
        row.state, row.result = Delivery.State.DONE, outcome.result
    elif outcome.final:
        row.state = Delivery.State.DEAD
    elif outcome.retry_at is not None and at - row.created_at < PATIENCE:
        row.attempts -= 1
        row.next_attempt_at = outcome.retry_at
    elif (retry_at := next_attempt(row.attempts, at)) is not None:
        row.next_attempt_at = retry_at
    else:
        row.state = Delivery.State.DEAD
    if row.state != Delivery.State.PENDING:
        row.settled_at, row.secret = at, ""


def _keep_for_listener(delivery: Delivery, outcome: Outcome, at: datetime) -> None:
    row = Delivery.objects.filter(pk=delivery.pk, state=Delivery.State.PENDING)
    row.update(
        next_attempt_at=next_attempt(delivery.attempts, at) or at + claims.LEASE,
        error_code=ErrorCode.INTERNAL_ERROR.value,
        error="the listener failed",
    )
    if outcome.done:
        row.update(accepted_at=at, result=outcome.result)


def send_again(done: QuerySet[Delivery], at: datetime) -> None:
    """Have delivered rows go out once more, because the other side has lost what it took. Only
    those without a secret: it is wiped."""
    rows = done.filter(state=Delivery.State.DONE, has_secret=False)
    if rows.update(state=Delivery.State.PENDING, attempts=0, settled_at=None, next_attempt_at=at):
        wake()


def repeat(delivery: Delivery, *, actor: str) -> Delivery:
    """Give a dead delivery another round of attempts.

    The first of them counts as a repeat, so senders look whether the effect is already there.
    Raises SignXError(STATUS_CONFLICT) when it is not dead or needed a secret that is wiped.
    """
    with transaction.atomic():
        row = Delivery.objects.select_for_update().get(pk=delivery.pk)
        if row.state != Delivery.State.DEAD or row.has_secret:
            raise SignXError(ErrorCode.STATUS_CONFLICT, f"{row.key} cannot be repeated")
        row.state, row.settled_at = Delivery.State.PENDING, None
        row.attempts, row.next_attempt_at = 1, timezone.now()
        row.save()
        wake()
    log.info("%s repeats delivery %s", actor, row.key)
    return row
