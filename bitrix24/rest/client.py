"""The only connection to a portal: calls, batches and files, within its limits, errors named.

Every function asks the network and must not be called inside a transaction.
Source: Bitrix24 docs, settings/how-to-call-rest-api.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

import requests
from django.conf import settings
from django.utils import timezone

from bitrix24.models import Portal, PortalToken
from bitrix24.tokens import choice
from bitrix24.wire import limits, phpform, rest_log, transport
from bitrix24.wire.addresses import netloc
from bitrix24.wire.answers import as_dict, as_text
from bitrix24.wire.errors import BUSY, BitrixError, from_answer, unreachable
from outbox.base import Command
from signx.errors import ErrorCode

Answer = TypeVar("Answer")

__all__ = ["BatchAnswer", "BitrixError", "Command", "batch", "call", "download", "upload"]

BATCH_SIZE = 50
# How a command of a batch names an earlier one.
_REFERENCE = re.compile(r"\$result\[(\w+)\]")
# Pauses before a request that came to nothing is repeated in place. A failure that took longer
# than QUICK_S is no blip: two more like it would cost a worker its life.
BLIP_PAUSES_S = (0.2, 1.0)
QUICK_S = 5.0
LONGEST_BUSY_S = 2.0
# Methods whose second call changes nothing. Bitrix24 names reads by their last word; a step that
# went on ignores a second answer, and a name that is taken is taken by the first upload.
_READS = frozenset({"get", "list", "getchildren", "getforapp", "profile", "admin", "scope"})
_REPEATABLE = frozenset({"bizproc.activity.log", "bizproc.event.send", "disk.folder.uploadfile"})


@dataclass(slots=True)
class BatchAnswer:
    """Results and errors of a batch by command key; a key in neither was not reached (`halt`)."""

    results: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, BitrixError] = field(default_factory=dict)

    def take(self, key: str) -> Any:
        """The result of one command. Raises its BitrixError."""
        if key in self.results:
            return self.results[key]
        raise self.errors.get(key) or unreachable(key, "the command was not carried out")

    def part(self, prefix: str) -> BatchAnswer:
        """What was answered to commands of `prefixed`, under their former keys."""
        return BatchAnswer(_under(prefix, self.results), _under(prefix, self.errors))


def _under(prefix: str, items: Mapping[str, Answer]) -> dict[str, Answer]:
    return {key.removeprefix(prefix): one for key, one in items.items() if key.startswith(prefix)}


def prefixed(commands: Mapping[str, Command], prefix: str) -> dict[str, Command]:
    """The same commands under longer keys, so that several askers fit into one batch. A parameter
    that is the result of another command follows."""

    def follow(value: Any) -> Any:
        return _REFERENCE.sub(rf"$result[{prefix}\1]", value) if isinstance(value, str) else value

    return {
        f"{prefix}{key}": Command(
            command.method, {name: follow(value) for name, value in command.params.items()}
        )
        for key, command in commands.items()
    }


def call(
    portal: Portal,
    method: str,
    params: Mapping[str, Any] | None = None,
    *,
    as_user: int | None = None,
) -> Any:
    """`result` of one REST method.

    With `as_user` (a Bitrix24 user id) only that user's token is used, so the portal applies
    his rights; without it administrators' tokens are tried, newest first.
    Raises BitrixError: PORTAL_UNREACHABLE, PORTAL_BUSY, NOT_FOUND, RIGHT_MISSING, INPUT_INVALID.
    """
    asked = dict(params or {})
    ask = _Ask(method, asked, asked, as_user, may_repeat=is_repeatable(Command(method, asked)))
    return _request(portal, ask).get("result")


def batch(
    portal: Portal,
    commands: Mapping[str, Command],
    *,
    as_user: int | None = None,
    halt: bool = False,
) -> BatchAnswer:
    """Many methods in one request (50 at most; more take several). A later command may use an
    earlier one of the same request: `"$result[a][item][contactId]"`.

    Errors of single commands are in the answer; raises BitrixError when a request fails as a whole.
    """
    answer = BatchAnswer()
    for chunk in _chunks(commands):
        # Asked anew for each request: the one before may have used up the time of a method.
        ready = _without_paused(portal, chunk, answer)
        if halt and answer.errors:
            break
        if ready:
            _run_batch(portal, ready, answer, as_user=as_user, halt=halt)
    return answer


def download(portal: Portal, url: str) -> bytes:
    """The bytes behind a machine link that the portal has just given; what they are is for the
    caller to check. Only the portal's own host is asked, at most FILE_LIMIT_BYTES are read.

    Raises BitrixError.
    """
    return _past_blips(portal, lambda: _download(portal, url))


def _download(portal: Portal, url: str) -> bytes:
    _check_own_host(portal, url)
    limits.admit(portal, "download")
    # The proxy before a portal answers 404 to those who do not look like a browser.
    headers = {
        "Accept": "*/*",
        "Accept-Language": portal.language,
        "Referer": f"{portal.origin}/",
    }
    with _logged(portal, "download", {"url": ""}) as entry:
        response, content = transport.get(
            url, headers=headers, limit_bytes=settings.FILE_LIMIT_BYTES
        )
        entry.status = response.status_code
        if response.status_code >= 400 or _is_json_error(response, content):
            entry.body = _object("download", response.status_code, content)
            raise _refusal(portal, "download", entry)
        if response.status_code != 200 or _is_page(response):
            raise unreachable("download", "a page instead of a file", response.status_code)
    return content


def upload(
    portal: Portal, url: str, *, field_name: str, name: str, content: bytes, may_repeat: bool
) -> Any:
    """`result` of sending one file to an `uploadUrl` that the portal has just given.

    `may_repeat`: a second try makes no second file. Raises BitrixError.
    """
    if not may_repeat:
        return _upload(portal, url, field_name, name, content)
    return _past_blips(portal, lambda: _upload(portal, url, field_name, name, content))


def _upload(portal: Portal, url: str, field_name: str, name: str, content: bytes) -> Any:
    _check_own_host(portal, url)
    limits.admit(portal, "upload")
    with _logged(portal, "upload", {"size": len(content)}) as entry:
        response, answer = transport.post(url, files={field_name: (name, content)})
        entry.status = response.status_code
        entry.body = _object("upload", response.status_code, answer)
        if "error" in entry.body or response.status_code >= 400:
            raise _refusal(portal, "upload", entry)
    return entry.body.get("result")


def call_with_token(portal: Portal, access_token: str, method: str) -> Any:
    """`result` of a method for a token that is in hand but not stored yet (the iframe's entry).

    The portal's endpoint must come from the authorization server. Raises BitrixError.
    """
    try:
        ask = _Ask(method, {}, {}, 0, may_repeat=True, total_s=transport.ENTRY_TOTAL_S)
        body = _post(portal, ask, lambda: access_token)
    except _Moved as moved:
        raise unreachable(method, "redirected") from moved
    return body.get("result")


# --- The wire -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Ask:
    """One request. `shown` goes to the log in place of `params`."""

    method: str
    params: dict[str, Any]
    shown: Any
    as_user: int | None
    may_repeat: bool
    total_s: float = transport.TOTAL_S


def _request(portal: Portal, ask: _Ask) -> dict[str, Any]:
    """One request, with whichever token works (bitrix24.tokens.choice)."""
    return choice.ask(portal, lambda token: _post_or_follow(token, ask), as_user=ask.as_user)


def _post_or_follow(token: PortalToken, ask: _Ask) -> dict[str, Any]:
    """Follow a renamed portal once, and only to where the authorization server says it lives."""
    try:
        return _post(token.portal, ask, lambda: choice.newest(token))
    except _Moved as moved:
        choice.learn_move(token)
        if netloc(token.portal.client_endpoint) != moved.netloc:
            raise unreachable(ask.method, "redirected to a host not the portal's") from moved
    try:
        return _post(token.portal, ask, lambda: choice.newest(token))
    except _Moved as moved:
        raise unreachable(ask.method, "redirected twice") from moved


class _Moved(Exception):
    """The portal redirects: it was renamed, or somebody wants us elsewhere."""

    def __init__(self, location: str) -> None:
        super().__init__("redirected")
        self.netloc = netloc(location)


def _post(portal: Portal, ask: _Ask, access_token: Callable[[], str]) -> dict[str, Any]:
    """Raises BitrixError, _Moved."""
    if not ask.may_repeat:
        return _post_once(portal, ask, access_token)
    return _past_blips(portal, lambda: _post_once(portal, ask, access_token))


def _past_blips(portal: Portal, attempt: Callable[[], Answer]) -> Answer:
    """Repeat at once, at most twice, what a portal that answers other requests left unanswered or
    has no time for this second. What was done on the way here need not be done again."""
    for pause_s in BLIP_PAUSES_S:
        began = time.monotonic()
        try:
            return attempt()
        except BitrixError as error:
            wait_s = _busy_for(error) or pause_s
            is_quick = time.monotonic() - began < QUICK_S
            if not (is_quick and _is_blip(portal, error)):
                raise
        time.sleep(wait_s)
    return attempt()


def _is_blip(portal: Portal, error: BitrixError) -> bool:
    if error.is_one_of(BUSY):
        return 0 < _busy_for(error) <= LONGEST_BUSY_S
    is_unanswered = error.code == ErrorCode.PORTAL_UNREACHABLE and not error.bitrix_code
    return is_unanswered and rest_log.has_answered_lately(portal)


def _busy_for(error: BitrixError) -> float:
    """Seconds until the time that a refusal names; 0 when it names none."""
    return (error.retry_at - timezone.now()).total_seconds() if error.retry_at else 0.0


def is_repeatable(command: Command) -> bool:
    """Whether carrying it out twice changes nothing."""
    name = command.method.lower()
    if command.params.get("generateUniqueName"):
        return False
    return name in _REPEATABLE or name.rpartition(".")[2] in _READS


def _post_once(portal: Portal, ask: _Ask, access_token: Callable[[], str]) -> dict[str, Any]:
    method = ask.method
    limits.admit(portal, method, for_person=transport.is_waited_for())
    # Only now: while a place was waited for, somebody else may have refreshed the token.
    params = ask.params | {"auth": access_token()}
    url = f"{portal.client_endpoint}{method}.json"
    with _logged(portal, method, ask.shown) as entry:
        response, content = transport.post(url, json=params, total_s=ask.total_s)
        entry.status = response.status_code
        if response.status_code in {301, 302, 307, 308}:
            raise _Moved(response.headers.get("Location", ""))
        entry.body = _object(method, response.status_code, content)
        if "error" in entry.body or response.status_code >= 400:
            raise _refusal(portal, method, entry)
    limits.note_success(portal, method, entry.body.get("time"), timezone.now())
    return entry.body


def _refusal(portal: Portal, method: str, entry: _LogEntry) -> BitrixError:
    status = entry.status or 0
    if "error" not in entry.body:
        return unreachable(method, "an error without a code", status)
    error = from_answer(method, entry.body["error"], entry.body.get("error_description"), status)
    limits.note_refusal(portal, method, error, timezone.now())
    return error


def _object(method: str, status: int, content: bytes) -> dict[str, Any]:
    """The JSON object of an answer; a gateway's page or anything else is no answer."""
    try:
        body = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise unreachable(method, "the answer is not JSON", status) from error
    if not isinstance(body, dict):
        raise unreachable(method, "the answer is not an object", status)
    return body


def _is_json_error(response: requests.Response, content: bytes) -> bool:
    if "json" not in response.headers.get("Content-Type", "") or not content.startswith(b"{"):
        return False
    return "error" in _object("download", response.status_code, content)


def _is_page(response: requests.Response) -> bool:
    """A page of the portal or of a gateway before it: a file would come as an attachment."""
    kind = response.headers.get("Content-Type", "").lower()
    return kind.startswith("text/html") and "Content-Disposition" not in response.headers


def _check_own_host(portal: Portal, url: str) -> None:
    if netloc(url) != netloc(portal.client_endpoint):
        # The request that brought the link may have learnt that the portal was renamed.
        portal.refresh_from_db(fields=["client_endpoint", "domain"])
    if netloc(url) != netloc(portal.client_endpoint):
        raise unreachable("file link", "it does not lead to the portal")


@dataclass(slots=True)
class _LogEntry:
    """One RestCall in the making; written when the exchange is over, however it ends."""

    portal: Portal
    method: str
    shown: Any
    at: datetime = field(default_factory=timezone.now)
    started: float = field(default_factory=time.monotonic)
    status: int | None = None
    body: dict[str, Any] = field(default_factory=dict)

    def __enter__(self) -> _LogEntry:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        unanswered = rest_log.NO_ANSWER if isinstance(error, BitrixError) else "redirected"
        failure = as_text(self.body.get("error")) or (unanswered if error else "")
        rest_log.write(
            self.portal,
            method=self.method,
            at=self.at,
            duration_ms=int((time.monotonic() - self.started) * 1000),
            http_status=self.status,
            error=failure,
            request=self.shown,
            response=self.body,
        )


def _logged(portal: Portal, method: str, shown: Any) -> _LogEntry:
    return _LogEntry(portal, method, shown)


# --- Batches --------------------------------------------------------------------------------


def _without_paused(
    portal: Portal, commands: Mapping[str, Command], answer: BatchAnswer
) -> dict[str, Command]:
    """Commands that may go now; those of resting methods are answered at once."""
    resting = limits.resting_methods(portal, timezone.now())
    ready = dict(commands)
    for key, command in commands.items():
        if until := resting.get(command.method.lower()):
            answer.errors[key] = limits.busy(command.method, until)
            del ready[key]
    return ready


def _chunks(commands: Mapping[str, Command]) -> Iterator[dict[str, Command]]:
    items = iter(commands.items())
    while chunk := dict(islice(items, BATCH_SIZE)):
        yield chunk


def _run_batch(
    portal: Portal,
    commands: dict[str, Command],
    answer: BatchAnswer,
    *,
    as_user: int | None,
    halt: bool,
) -> None:
    queries = {key: f"{one.method}?{phpform.encode(one.params)}" for key, one in commands.items()}
    shown = {key: {"method": one.method, "params": one.params} for key, one in commands.items()}
    params = {"halt": int(halt), "cmd": queries}
    may_repeat = all(is_repeatable(command) for command in commands.values())
    body = _request(portal, _Ask("batch", params, shown, as_user, may_repeat=may_repeat))
    result = as_dict(body.get("result"))
    answer.results |= _by_key(result.get("result"))
    for key, times in _by_key(result.get("result_time")).items():
        if key in commands:
            limits.note_time(portal, commands[key].method, times, timezone.now())
    for key, raw in _by_key(result.get("result_error")).items():
        method = commands[key].method if key in commands else "batch"
        error = as_dict(raw)
        refusal = from_answer(method, error.get("error"), error.get("error_description"), 200)
        limits.note_refusal(portal, method, refusal, timezone.now())
        answer.errors[key] = refusal


def _by_key(container: Any) -> dict[str, Any]:
    """PHP makes a list of keys 0..n-1, and [] of an empty array."""
    if isinstance(container, list):
        return {str(index): item for index, item in enumerate(container)}
    return as_dict(container)
