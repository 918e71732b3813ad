"""Channels of the outbox that end in a portal: REST commands and files for its Disk."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.utils import timezone

from bitrix24 import client, install, methods
from bitrix24.answers import as_int
from bitrix24.errors import BitrixError
from bitrix24.models import Portal
from outbox.base import Command, Outcome
from outbox.models import Delivery
from outbox.services import failure, prepare
from signx.errors import ErrorCode, SignXError

# A command whose texts (files in base64) are longer goes in a request of its own.
BATCHED_LENGTH = 200_000
PUT_OFF = timedelta(seconds=30)
COMMENT = "crm.timeline.comment.add"

Prepared = dict[int, Command]
Outcomes = dict[int, Outcome]


def send_commands(deliveries: list[Delivery]) -> list[Outcome]:
    """REST calls of one portal's lane, in one batch as far as their size allows."""
    portal, refusal = _portal(deliveries)
    if portal is None:
        return [refusal] * len(deliveries)
    outcomes: Outcomes = {}
    commands = _prepared(deliveries, outcomes)
    _adopt_comments(portal, deliveries, commands, outcomes)
    _send(portal, commands, outcomes)
    return [outcomes[delivery.pk] for delivery in deliveries]


def upload_file(deliveries: list[Delivery]) -> list[Outcome]:
    """Files of one portal's lane, one by one. The result is the Disk id of the file, as text."""
    portal, refusal = _portal(deliveries)
    if portal is None:
        return [refusal] * len(deliveries)
    outcomes: Outcomes = {}
    for delivery in deliveries:
        outcomes[delivery.pk] = _put_off(outcomes) or _upload(portal, delivery)
    return [outcomes[delivery.pk] for delivery in deliveries]


def _portal(deliveries: list[Delivery]) -> tuple[Portal | None, Outcome]:
    """The portal of a lane `portal:<id>`, or why nothing can be sent to it."""
    portal = Portal.objects.filter(pk=as_int(deliveries[0].lane.partition(":")[2])).first()
    if portal is None or portal.status == Portal.Status.UNINSTALLED:
        gone = ErrorCode.PORTAL_UNREACHABLE.value
        return None, Outcome(done=False, code=gone, detail="uninstalled", final=True)
    if portal.paused_until and portal.paused_until > timezone.now():
        busy = ErrorCode.PORTAL_BUSY.value
        return None, Outcome(done=False, code=busy, retry_at=portal.paused_until)
    return portal, Outcome(done=False)


def _prepared(deliveries: list[Delivery], outcomes: Outcomes) -> Prepared:
    """Commands by delivery; what is not to be sent gets its outcome at once."""
    commands: Prepared = {}
    for delivery in deliveries:
        content = prepare(delivery)
        if isinstance(content, Outcome):
            outcomes[delivery.pk] = content
        elif isinstance(content, Command):
            commands[delivery.pk] = content
        else:
            raise TypeError(f"{delivery.key} is not a REST command")
    return commands


def _send(portal: Portal, commands: Prepared, outcomes: Outcomes) -> None:
    single = {pk: one for pk, one in commands.items() if _length(one) > BATCHED_LENGTH}
    batched = {pk: one for pk, one in commands.items() if pk not in single}
    if len(batched) == 1:
        single, batched = single | batched, {}
    for pk, command in single.items():
        outcomes[pk] = _put_off(outcomes) or _call(portal, command)
    if put_off := _put_off(outcomes):
        outcomes |= dict.fromkeys(batched, put_off)
    else:
        outcomes |= _batch(portal, batched)


def _put_off(outcomes: Outcomes) -> Outcome | None:
    """Once the portal does not answer, the rest of a chunk is not tried: every try may take a
    minute, and a worker has three of them."""
    down = {ErrorCode.PORTAL_UNREACHABLE.value, ErrorCode.PORTAL_BUSY.value}
    trouble = next((one for one in outcomes.values() if one.code in down), None)
    if trouble is None:
        return None
    retry_at = trouble.retry_at or timezone.now() + PUT_OFF
    return Outcome(done=False, code=trouble.code, detail="not tried", retry_at=retry_at)


def _batch(portal: Portal, commands: Prepared) -> Outcomes:
    if not commands:
        return {}
    try:
        answer = client.batch(portal, {f"d{pk}": command for pk, command in commands.items()})
    except SignXError as error:
        return dict.fromkeys(commands, failure(error))
    outcomes: Outcomes = {}
    for pk, command in commands.items():
        try:
            outcomes[pk] = Outcome(done=True, result=answer.take(f"d{pk}"))
        except BitrixError as error:
            outcomes[pk] = _refusal(command, error)
    return outcomes


def _call(portal: Portal, command: Command) -> Outcome:
    try:
        return Outcome(done=True, result=methods.run(portal, command))
    except BitrixError as error:
        return _refusal(command, error)


def _refusal(command: Command, error: SignXError) -> Outcome:
    """A process that is locked for a moment is refused like a wrong call: worth another try.
    A spent or bad event token is ACCESS_DENIED, and stays so.

    A card that takes no comment (deleted, or of a type without one: the docs list not all types)
    goes without: nobody at the support desk could mend it. The row keeps why."""
    outcome = failure(error)
    if command.method == "bizproc.event.send" and error.code == ErrorCode.INPUT_INVALID:
        return replace(outcome, final=False)
    if command.method == COMMENT and outcome.final:
        return replace(outcome, done=True)
    return outcome


def _length(command: Command) -> int:
    return len(str(command.params))


# --- Repeats: has the effect happened already? -----------------------------------------------


def _adopt_comments(
    portal: Portal, deliveries: list[Delivery], commands: Prepared, outcomes: Outcomes
) -> None:
    """A comment whose answer was lost stands in the timeline already: it is found, not doubled.
    All that are in doubt are looked for in one request."""
    doubted = [
        delivery
        for delivery in deliveries
        if delivery.is_repeat
        and delivery.pk in commands
        and commands[delivery.pk].method == COMMENT
    ]
    if not doubted:
        return
    try:
        answers = methods.read_many(
            portal, *(_comments_beside(commands[delivery.pk]) for delivery in doubted)
        )
    except SignXError as error:
        answers = [error] * len(doubted)
    for delivery, answer in zip(doubted, answers, strict=True):
        if outcome := _standing_comment(delivery, commands[delivery.pk], answer):
            outcomes[delivery.pk] = outcome
            del commands[delivery.pk]


def _comments_beside(command: Command) -> Command:
    fields = command.params["fields"]
    return methods.timeline_comments_command(
        str(fields["ENTITY_TYPE"]), as_int(fields["ENTITY_ID"])
    )


def _standing_comment(delivery: Delivery, command: Command, answer: Any) -> Outcome | None:
    """Done when the card has the comment; the failure when it cannot be asked; else None.

    Recognised by payload["marker"] (our document number), without one by the whole text.
    """
    if isinstance(answer, SignXError):
        return _refusal(command, answer)
    marker = str(delivery.payload.get("marker") or command.params["fields"]["COMMENT"])
    comments = methods.parse_comments(answer)
    found = next((comment for comment in comments if marker in comment.text), None)
    return Outcome(done=True, result=found.id) if found else None


def _upload(portal: Portal, delivery: Delivery) -> Outcome:
    content = prepare(delivery)
    if isinstance(content, Outcome):
        return content
    if not isinstance(content, Command):
        raise TypeError(f"{delivery.key} is not a file for Disk")
    try:
        folder_id = _folder(portal, content)
        name, data = str(content.params["name"]), bytes(content.params["content"])
        file_id = _upload_once(portal, folder_id, name, data)
    except BitrixError as error:
        return failure(error)
    return Outcome(done=True, result=file_id)


def _folder(portal: Portal, command: Command) -> str:
    if folder_id := str(command.params.get("id") or portal.disk_folder_id):
        return folder_id
    install.prepare_disk(portal, 0)
    return portal.disk_folder_id


def _upload_once(portal: Portal, folder_id: str, name: str, data: bytes) -> str:
    """Disk id of the file. Names are ours alone, so a name that is taken is an earlier attempt
    whose answer was lost; if somebody else's file has it, ours gets a number."""
    try:
        return methods.upload_file(portal, folder_id, name, data)
    except BitrixError as error:
        if error.bitrix_code != methods.NAME_TAKEN:
            raise
    files = methods.folder_files(portal, folder_id, name)
    standing = next((file for file in files if (file.name, file.size) == (name, len(data))), None)
    if standing is not None:
        return standing.id
    return methods.upload_file(portal, folder_id, name, data, is_unique=True)
