"""A portal may lose what the wizard made, silently: everything is asked for in one request, and
only what is missing is made again. A portal that has it all costs that one request.

Source: Bitrix24 docs, api-reference/events (an update of the application drops registrations).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.utils import timezone

from bitrix24.installation import features, wizard
from bitrix24.models import Portal, PortalToken
from bitrix24.rest import client
from bitrix24.rest.client import BatchAnswer
from bitrix24.tokens import access
from bitrix24.wire.errors import BitrixError
from outbox.base import Command
from signx.errors import ErrorCode, SignXError


@dataclass(frozen=True)
class Look:
    """What one part of SIGNX asks of a portal, and what it does about the answers.

    `mend(portal, user_id, answer)`: `user_id` is an administrator whose token we hold; a question
    that the portal did not answer counts as everything missing.
    """

    questions: Callable[[Portal], dict[str, Command]]
    mend: Callable[[Portal, int, BatchAnswer], None]


FEATURES = Look(
    features.questions, lambda portal, user_id, answer: features.note_answer(portal, answer)
)
HANDLERS = Look(wizard.handler_questions, wizard.mend_handlers)


LOOKS: list[Look] = []


def register(look: Look) -> None:
    """Have a part of SIGNX looked after on every portal."""
    LOOKS.append(look)


def heal(portal: Portal) -> None:
    """Look a portal over and mend it. May run at any time.

    What one look cannot mend keeps no other from its work. Raises SignXError, the first look's
    that failed; PORTAL_UNREACHABLE when no administrator's access is left.
    """
    token = PortalToken.objects.usable().filter(portal=portal, is_admin=True).first()
    if token is None:
        access.note_loss(portal.pk)
        raise SignXError(ErrorCode.PORTAL_UNREACHABLE, f"portal {portal.pk}: no administrator")
    # The highest app first: while robots are not there, answers to processes are lost.
    looks = LOOKS[::-1]
    failures: list[SignXError] = []
    for look, answer in zip(looks, _answers(portal, looks), strict=True):
        try:
            look.mend(portal, token.bitrix_user_id, answer)
        except SignXError as error:
            failures.append(error)
    if failures:
        raise failures[0]
    now = timezone.now()
    Portal.objects.filter(pk=portal.pk).update(
        checked_at=now, look_over_at=now + wizard.LOOK_OVER_EVERY
    )


def _answers(portal: Portal, looks: list[Look]) -> list[BatchAnswer]:
    """Each look's own answers, all of them from one request."""
    asked = [look.questions(portal) for look in looks]
    commands = {
        f"{number}_{key}": command
        for number, questions in enumerate(asked)
        for key, command in questions.items()
    }
    try:
        together = client.batch(portal, commands)
    except BitrixError as error:
        features.note_refusal(portal, error)
        raise
    return [_part(together, number, questions) for number, questions in enumerate(asked)]


def _part(together: BatchAnswer, number: int, questions: dict[str, Command]) -> BatchAnswer:
    names = {key: f"{number}_{key}" for key in questions}
    return BatchAnswer(
        {key: together.results[name] for key, name in names.items() if name in together.results},
        {key: together.errors[name] for key, name in names.items() if name in together.errors},
    )
