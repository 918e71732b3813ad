"""Calls that wait together ask the portal together: one request for many of them.

A portal grants two requests a second, so a bulk run of hundreds would spend minutes on questions.
What is answered about a call lies with it until it is carried out (docs/decisions/0068).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django_q.tasks import async_task

from bitrix24 import client
from bitrix24.client import BATCH_SIZE, BatchAnswer, BitrixError
from employees.services import keep_answers, questions_about
from outbox.base import Command
from robots import ledger
from robots.models import RobotCall
from robots.proofs import Proofs
from signx.errors import RETRYABLE, ErrorCode, SignXError

# A link to a file may live for an hour, but what was read with it should still be true.
FRESH_FOR = timedelta(minutes=5)


@dataclass(frozen=True)
class Questions:
    """What one call wants to know: `commands` by keys of its own, `people` by user id."""

    commands: dict[str, Command]
    people: set[int]


def kept_answer(call: RobotCall, at: datetime) -> BatchAnswer | None:
    """What the portal has said to the commands of this call, while it is fresh."""
    if not call.answers or call.answered_at is None or call.answered_at < at - FRESH_FOR:
        return None
    return _loaded(call.answers)


def ask(
    call: RobotCall,
    questions_of: Callable[[RobotCall], Questions],
    *,
    proofs: Proofs,
    as_user: int | None,
    at: datetime,
) -> BatchAnswer:
    """What the portal says to the commands of this call, asked along with its proof and with the
    questions of those calls that can go with it, in one request.

    `questions_of` raises SignXError for a call that has nothing to ask. Raises BitrixError when
    nothing was answered, and what `Proofs.settle` raises.
    """
    own = questions_of(call)
    asking = {call.pk: own}
    commands = {**proofs.commands(), **client.prefixed(own.commands, _prefix(call.pk))}
    people = questions_about(call.portal, own.people, at=at)
    others = ledger.take_along(call, BATCH_SIZE // max(len(own.commands), 1), at)
    try:
        for other in others:
            try:
                more = questions_of(other)
            except SignXError:
                continue  # its own turn will tell why
            with_it = commands | client.prefixed(more.commands, _prefix(other.pk))
            who = people | questions_about(call.portal, more.people, at=at)
            if len(with_it) + len(who) <= BATCH_SIZE:
                asking[other.pk], commands, people = more, with_it, who
        answer = client.batch(call.portal, commands | people, as_user=as_user)
        proofs.settle(answer)
        for questions in asking.values():
            keep_answers(call.portal, questions.people, answer, at=at)
        _keep(asking, answer)
    finally:
        ledger.let_go(others, timezone.now())
        if others:
            async_task("robots.tasks.run_due")
    return answer.part(_prefix(call.pk))


def _keep(asking: Mapping[int, Questions], answer: BatchAnswer) -> None:
    """Only of calls about which everything is known: the others ask again."""
    for pk, questions in asking.items():
        about = answer.part(_prefix(pk))
        if all(_is_final(about, key) for key in questions.commands):
            ledger.keep_answers(pk, _dumped(about), timezone.now())


def _is_final(answer: BatchAnswer, key: str) -> bool:
    return key in answer.results or (
        key in answer.errors and answer.errors[key].code not in RETRYABLE
    )


def _prefix(pk: int) -> str:
    return f"c{pk}_"


def _dumped(answer: BatchAnswer) -> str:
    errors = {
        key: {
            "code": error.code.value,
            "detail": error.detail,
            "bitrix_code": error.bitrix_code,
            "description": error.description,
            "http_status": error.http_status,
        }
        for key, error in answer.errors.items()
    }
    return json.dumps({"results": answer.results, "errors": errors}, ensure_ascii=False)


def _loaded(text: str) -> BatchAnswer:
    kept: dict[str, Any] = json.loads(text)
    errors = {
        key: BitrixError(**(error | {"code": ErrorCode(error["code"])}))
        for key, error in kept["errors"].items()
    }
    return BatchAnswer(kept["results"], errors)
