"""Channels of the outbox that end in a portal: REST commands and files for its Disk."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from django.utils import timezone

from bitrix24.installation import wizard
from bitrix24.models import Portal
from bitrix24.rest import client, methods
from bitrix24.wire.answers import as_int
from bitrix24.wire.errors import BitrixError
from outbox.base import Command, Outcome
from outbox.models import Delivery
from outbox.services import content_or_outcome, failure
from signx.errors import RETRYABLE, ErrorCode, SignXError

# So long the texts (files in base64) of one request may be; a longer one goes alone.
REQUEST_LENGTH = 1_000_000
# So many tries a command or a file travels with others, then alone.
TRIES_TOGETHER = 4
ALONE_AT_ONCE = 5
# So much of files is taken in hand at once.
FILES_LENGTH = 10_000_000
# No further request of a chunk is begun after this: a worker has three minutes.
CHUNK_S = 45
PUT_OFF = timedelta(seconds=30)
COMMENT = "crm.timeline.comment.add"

# By the number of the delivery. An answer is what the portal said, or why it said nothing.
Commands = dict[int, Command]
Answers = dict[int, Any]
Outcomes = dict[int, Outcome]


def send_commands(deliveries: list[Delivery]) -> list[Outcome]:
    """REST calls of one portal's lane, in as few requests as their size allows."""
    portal, refusal = _portal(deliveries)
    if portal is None:
        return [refusal] * len(deliveries)
    outcomes: Outcomes = {}
    commands = _built(deliveries, outcomes)
    doubted = [one for one in deliveries if _is_in_doubt(one, commands.get(one.pk))]
    looks = {one.pk: _comments_beside(commands[one.pk]) for one in doubted}
    answers = _ask(portal, commands | looks, _alone(deliveries))
    absent: Commands = {}
    for one in doubted:
        standing = _standing_comment(one, commands[one.pk], answers[one.pk])
        if standing is None:
            absent[one.pk] = commands[one.pk]
        else:
            answers[one.pk] = standing
    trouble = _trouble(answers)
    answers |= dict.fromkeys(absent, trouble) if trouble else _ask(portal, absent)
    for pk, answer in answers.items():
        outcomes[pk] = _outcome(commands[pk], answer)
    return [outcomes[delivery.pk] for delivery in deliveries]


def upload_files(deliveries: list[Delivery]) -> list[Outcome]:
    """Files of one portal's lane, small ones together. The result is the Disk id, as text."""
    portal, refusal = _portal(deliveries)
    if portal is None:
        return [refusal] * len(deliveries)
    outcomes: Outcomes = {}
    commands: Commands = {}
    length = 0
    for delivery in deliveries:
        if length > FILES_LENGTH:
            outcomes[delivery.pk] = failure(_later())
            continue
        ready = _built([delivery], outcomes)
        length += sum(len(command.params["content"]) for command in ready.values())
        commands |= ready
    try:
        files = {pk: _file(portal, command) for pk, command in commands.items()}
    except BitrixError as error:
        outcomes |= dict.fromkeys(commands, failure(error))
    else:
        answers = _upload(portal, files, _alone(deliveries))
        answers |= _upload_to_new_folder(portal, files, answers, _alone(deliveries))
        for pk, answer in answers.items():
            outcomes[pk] = _outcome(commands[pk], answer)
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


def _built(deliveries: list[Delivery], outcomes: Outcomes) -> Commands:
    """Commands by delivery; what is not to be sent gets its outcome at once."""
    commands: Commands = {}
    for delivery in deliveries:
        content = content_or_outcome(delivery)
        if isinstance(content, Outcome):
            outcomes[delivery.pk] = content
        elif isinstance(content, Command):
            commands[delivery.pk] = content
        else:
            raise TypeError(f"{delivery.key} is not a REST command")
    return commands


def _later() -> BitrixError:
    """A worker holds only so much at once, and has so much time: the next chunk begins with it."""
    return BitrixError(ErrorCode.SERVICE_BUSY, "not tried", retry_at=timezone.now())


def _late(began: float) -> BitrixError | None:
    return _later() if time.monotonic() - began > CHUNK_S else None


def _alone(deliveries: list[Delivery]) -> set[int]:
    """Some of those that have failed often: it may be for the sake of one of them that all did."""
    often = [delivery.pk for delivery in deliveries if delivery.attempts > TRIES_TOGETHER]
    return set(often[:ALONE_AT_ONCE])


def _ask(portal: Portal, commands: Commands, alone: Collection[int] = ()) -> Answers:
    """What the portal says to each. Once it does not answer, the rest is not tried: every try may
    take a minute, and a worker has three of them."""
    answers: Answers = {}
    began = time.monotonic()
    for together in _requests(commands, alone):
        trouble = _trouble(answers) or _late(began)
        answers |= dict.fromkeys(together, trouble) if trouble else _request(portal, together)
    return answers


def _requests(commands: Commands, alone: Collection[int]) -> Iterator[Commands]:
    together: Commands = {}
    length = 0
    for pk, command in commands.items():
        if pk in alone:
            yield {pk: command}
            continue
        more = len(str(command.params))
        if together and length + more > REQUEST_LENGTH:
            yield together
            together, length = {}, 0
        together[pk] = command
        length += more
    if together:
        yield together


def _request(portal: Portal, commands: Commands) -> Answers:
    try:
        if len(commands) == 1:
            return {pk: methods.run(portal, command) for pk, command in commands.items()}
        answer = client.batch(portal, {f"d{pk}": command for pk, command in commands.items()})
    except BitrixError as error:
        return dict.fromkeys(commands, error)
    return {pk: _taken(answer, f"d{pk}") for pk in commands}


def _taken(answer: client.BatchAnswer, key: str) -> Any:
    try:
        return answer.take(key)
    except BitrixError as error:
        return error


def _trouble(answers: Answers) -> BitrixError | None:
    """A method that rests is none: others go on, and a portal that rests is not asked anyway."""
    down = ErrorCode.PORTAL_UNREACHABLE
    for error in answers.values():
        if isinstance(error, BitrixError) and error.code == down:
            retry_at = error.retry_at or timezone.now() + PUT_OFF
            return BitrixError(down, "not tried", retry_at=retry_at)
    return None


def _outcome(command: Command, answer: Any) -> Outcome:
    """A process that is locked for a moment is refused like a wrong call: worth another try.
    A spent or bad event token is ACCESS_DENIED, and stays so.

    A card that takes no comment (deleted, or of a type without one: the docs list not all types)
    goes without: nobody at the support desk could mend it. The row keeps why."""
    if not isinstance(answer, SignXError):
        return Outcome(done=True, result=answer)
    outcome = failure(answer)
    if command.method == "bizproc.event.send" and answer.code == ErrorCode.INPUT_INVALID:
        return replace(outcome, final=False)
    if command.method == COMMENT and outcome.final:
        return replace(outcome, done=True)
    return outcome


# --- Repeats: has the effect happened already? -----------------------------------------------


def _is_in_doubt(delivery: Delivery, command: Command | None) -> bool:
    """A comment whose answer was lost may stand in the timeline already: it is looked for, in the
    request for what is sent anyway."""
    return command is not None and command.method == COMMENT and delivery.is_repeat


def _comments_beside(command: Command) -> Command:
    fields = command.params["fields"]
    return methods.timeline_comments_command(
        str(fields["ENTITY_TYPE"]), as_int(fields["ENTITY_ID"])
    )


def _standing_comment(delivery: Delivery, command: Command, answer: Any) -> Any:
    """Id of the comment that the card has; the error when it could not be asked now; else None,
    also for a card that does not show its comments.

    Recognised by payload["marker"] (one line of ours), without one by the whole text.
    """
    if isinstance(answer, SignXError):
        return answer if answer.code in RETRYABLE else None
    marker = str(delivery.payload.get("marker") or command.params["fields"]["COMMENT"])
    comments = methods.parse_comments(answer)
    return next((comment.id for comment in comments if marker in comment.text), None)


# --- Files ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _File:
    folder_id: str
    name: str
    content: bytes


def _file(portal: Portal, command: Command) -> _File:
    folder_id = str(command.params.get("id") or portal.disk_folder_id)
    if not folder_id:
        wizard.learn_folder(portal, 0)
        folder_id = portal.disk_folder_id
    return _File(folder_id, str(command.params["name"]), bytes(command.params["content"]))


def _upload_to_new_folder(
    portal: Portal, files: Mapping[int, _File], answers: Answers, alone: Collection[int]
) -> Answers:
    """Once more for files that the application's folder refused, if it has another one by now:
    somebody may remove the application and install it anew while files wait."""
    old = portal.disk_folder_id
    refused = {
        pk: files[pk]
        for pk, answer in answers.items()
        if files[pk].folder_id == old and isinstance(answer, BitrixError) and _is_foreign(answer)
    }
    if not refused:
        return {}
    try:
        wizard.learn_folder(portal, 0)
    except BitrixError as error:
        return dict.fromkeys(refused, error)
    if portal.disk_folder_id == old:
        return {}
    new = portal.disk_folder_id
    return _upload(
        portal, {pk: replace(file, folder_id=new) for pk, file in refused.items()}, alone
    )


def _is_foreign(answer: BitrixError) -> bool:
    return answer.code in {ErrorCode.NOT_FOUND, ErrorCode.RIGHT_MISSING}


def _upload(portal: Portal, files: Mapping[int, _File], alone: Collection[int]) -> Answers:
    """Disk id of each, or why there is none. Names are ours alone, so a name that is taken is an
    earlier attempt whose answer was lost; if somebody else's file has it, ours gets a number."""
    answers = _put(portal, files, alone)
    taken = {pk: files[pk] for pk, answer in answers.items() if _is_taken(answer)}
    if trouble := _trouble(answers):
        return answers | dict.fromkeys(taken, trouble)
    listings = _ask(
        portal,
        {pk: methods.folder_files_command(one.folder_id, one.name) for pk, one in taken.items()},
    )
    strangers: dict[int, _File] = {}
    for pk, listing in listings.items():
        if isinstance(listing, SignXError):
            answers[pk] = listing
        elif standing := _standing_file(taken[pk], listing):
            answers[pk] = standing
        else:
            strangers[pk] = taken[pk]
    return answers | _put(portal, strangers, alone, is_unique=True)


def _put(
    portal: Portal, files: Mapping[int, _File], alone: Collection[int], *, is_unique: bool = False
) -> Answers:
    """Files too large for base64 go one by one, in two steps each."""
    small: Commands = {}
    large: dict[int, _File] = {}
    for pk, file in files.items():
        if len(file.content) > methods.BASE64_LIMIT_BYTES:
            large[pk] = file
        else:
            small[pk] = methods.upload_command(
                file.folder_id, file.name, file.content, is_unique=is_unique
            )
    began = time.monotonic()
    answers = {pk: _disk_id(answer) for pk, answer in _ask(portal, small, alone).items()}
    for pk, file in large.items():
        refusal = _trouble(answers) or _late(began)
        answers[pk] = refusal or _put_large(portal, file, is_unique=is_unique)
    return answers


def _put_large(portal: Portal, file: _File, *, is_unique: bool) -> Any:
    try:
        return methods.upload_file(
            portal, file.folder_id, file.name, file.content, is_unique=is_unique
        )
    except BitrixError as error:
        return error


def _disk_id(answer: Any) -> Any:
    try:
        return answer if isinstance(answer, SignXError) else methods.parse_disk_file(answer).id
    except BitrixError as error:
        return error


def _is_taken(answer: Any) -> bool:
    return isinstance(answer, BitrixError) and answer.bitrix_code == methods.NAME_TAKEN


def _standing_file(file: _File, listing: Any) -> str:
    """Id of the file with this name and size; empty when there is none."""
    wanted = (file.name, len(file.content))
    found = methods.parse_disk_files(listing)
    return next((one.id for one in found if (one.name, one.size) == wanted), "")
