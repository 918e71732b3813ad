"""Calls that wait together ask the portal together: one request for many of them.

A portal grants two requests a second, so a bulk run of hundreds would spend minutes on questions.
What is answered about a call lies with it until it is carried out (docs/decisions/0068).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import DatabaseError

from bitrix24.rest import client
from bitrix24.rest.client import BATCH_SIZE, BatchAnswer
from bitrix24.wire.errors import BitrixError
from employees.people.directory import keep_answers, questions_about
from outbox.base import Command
from robots.calls import ledger
from robots.calls.proofs import Proofs
from robots.models import RobotCall
from signx.errors import RETRYABLE, ErrorCode, SignXError


@dataclass(frozen=True)
class Questions:
    """What one call wants to know: `commands` by keys of its own, `people` by user id.

    `is_too_early` tells from the answer that the papers are not there yet.
    """

    commands: dict[str, Command]
    people: set[int]
    is_too_early: Callable[[BatchAnswer], bool]


def kept_answer(call: RobotCall, at: datetime) -> BatchAnswer | None:
    """What the portal has said to the commands of this call, while it is fresh."""
    kept = ledger.fresh_answer(call, at)
    return _loaded(kept) if kept else None


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
    commands = {**proofs.commands(), **client.prefixed(own.commands, _prefix(call))}
    people = questions_about(call.portal, own.people, at=at)
    others = _others(call, own, at)
    try:
        for other in others:
            with suppress(SignXError):  # its own turn will tell why
                more = questions_of(other)
                with_it = commands | client.prefixed(more.commands, _prefix(other))
                who = people | questions_about(call.portal, more.people, at=at)
                if len(with_it) + len(who) <= BATCH_SIZE:
                    asking[other.pk], commands, people = more, with_it, who
        answer = client.batch(call.portal, commands | people, as_user=as_user)
        proofs.settle(answer)
        for questions in asking.values():
            keep_answers(call.portal, questions.people, answer, at=at)
        for other in others:
            _tell(other, asking.get(other.pk), answer.part(_prefix(other)), at)
    except BaseException:
        for other in others:
            with suppress(DatabaseError):  # then their lease ends by itself
                ledger.release(other, at)
        raise
    about = answer.part(_prefix(call))
    if _is_final(about, own):
        ledger.keep_answer(call, _dumped(about))
    return about


def _others(call: RobotCall, own: Questions, at: datetime) -> list[RobotCall]:
    """Nobody goes with a call that has failed before, so that it is not for their sake; nor with
    one that is not proved and may be forged."""
    if call.attempts > 1 or not call.is_genuine:
        return []
    return ledger.claim_alike(call, BATCH_SIZE // max(len(own.commands), 1) - 1, at)


def _tell(other: RobotCall, questions: Questions | None, answer: BatchAnswer, at: datetime) -> None:
    if questions is None or not _is_final(answer, questions):
        ledger.release(other, at)
    elif questions.is_too_early(answer):
        ledger.release_converting(other, at)
    else:
        ledger.release(other, at, _dumped(answer))


def _is_final(answer: BatchAnswer, questions: Questions) -> bool:
    """Whether the portal has said all: nothing that another try may change."""
    errors = answer.errors
    return all(
        key in answer.results or (key in errors and errors[key].code not in RETRYABLE)
        for key in questions.commands
    )


def _prefix(call: RobotCall) -> str:
    return f"c{call.pk}_"


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
    return json.dumps({"results": answer.results, "errors": errors})


def _loaded(text: str) -> BatchAnswer:
    kept: dict[str, Any] = json.loads(text)
    errors = {
        key: BitrixError(**(error | {"code": ErrorCode(error["code"])}))
        for key, error in kept["errors"].items()
    }
    return BatchAnswer(kept["results"], errors)
