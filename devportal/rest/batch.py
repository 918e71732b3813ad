"""`batch`: up to fifty commands in one request, with references to earlier results.

Source: Bitrix24 docs, settings/how-to-call-rest-api/batch. Empty containers are `[]`, errors stay
inside, nested batches, uploads and downloads are refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from devportal import phpform
from devportal.errors import RestError
from devportal.rest.registry import Page

LIMIT = 50
_FORBIDDEN = ("batch", "download", "upload")
_REFERENCE = re.compile(r"\$result((?:\[[^\]]*\])+)")
_PART = re.compile(r"\[([^\]]*)\]")

# A command's name and parameters -> what it gave, and its `time`.
RunOne = Callable[[str, dict[str, Any]], tuple[Any, dict[str, Any]]]


def run(params: dict[str, Any], run_one: RunOne) -> dict[str, Any]:
    """The `result` of a batch answer, with its five containers."""
    upper = {key.upper(): value for key, value in params.items()}
    commands = upper.get("CMD") or {}
    is_list = isinstance(commands, list)
    pairs = list(enumerate(commands) if is_list else commands.items())
    stops = str(upper.get("HALT") or "0") not in ("0", "false", "False", "")
    done = _Done()
    for number, (key, command) in enumerate(pairs):
        # The real portal skips what is not text without a word.
        if isinstance(command, str) and not done.take(str(key), command, number, run_one) and stops:
            break
    return {name: _php(value, is_list=is_list) for name, value in done.parts().items()}


class _Done:
    def __init__(self) -> None:
        self.result: dict[str, Any] = {}
        self.errors: dict[str, Any] = {}
        self.totals: dict[str, int] = {}
        self.nexts: dict[str, int] = {}
        self.times: dict[str, dict[str, Any]] = {}

    def take(self, key: str, command: str, number: int, run_one: RunOne) -> bool:
        """Run one command; False when it failed."""
        name, _, query = command.partition("?")
        try:
            _refuse(name, number)
            given = phpform.parse_query(query and _filled(query, self.result))
            _refuse_upload(name, given)
            value, self.times[key] = run_one(name, given)
        except RestError as problem:
            self.errors[key] = problem.body()
            return False
        if isinstance(value, Page):
            self.totals[key] = value.total
            if value.next is not None:
                self.nexts[key] = value.next
            value = value.result
        self.result[key] = value
        return True

    def parts(self) -> dict[str, dict[str, Any]]:
        return {
            "result": self.result,
            "result_error": self.errors,
            "result_total": self.totals,
            "result_next": self.nexts,
            "result_time": self.times,
        }


def _refuse(name: str, number: int) -> None:
    if number >= LIMIT:
        raise RestError("ERROR_BATCH_LENGTH_EXCEEDED", "Max batch length exceeded")
    if name.lower().split(".")[-1] in _FORBIDDEN:
        raise RestError("ERROR_BATCH_METHOD_NOT_ALLOWED", "Method is not allowed", 405)


def _refuse_upload(name: str, given: dict[str, Any]) -> None:
    """The first step of an upload in two. Source: Bitrix24 docs, files/how-to-upload-files."""
    if name.lower() == "disk.folder.uploadfile" and "fileContent" not in given:
        raise RestError("ERROR_BATCH_METHOD_NOT_ALLOWED", "Method is not allowed", 405)


def _filled(query: str, results: dict[str, Any]) -> str:
    """`$result[a][item][contactId]` replaced; what cannot be found becomes empty."""
    plain = query.replace("%24result%5B", "$result[").replace("%24result", "$result")
    if "$result" not in plain:
        return query

    def found(match: re.Match[str]) -> str:
        value: Any = results
        for part in _PART.findall(match.group(1).replace("%5B", "[").replace("%5D", "]")):
            value = _step_into(value, part)
        return "" if value is None or isinstance(value, dict | list) else str(value)

    return _REFERENCE.sub(found, plain.replace("%5B", "[").replace("%5D", "]"))


def _step_into(value: Any, part: str) -> Any:
    if isinstance(value, dict):
        return value.get(part)
    if isinstance(value, list) and part.isdigit() and int(part) < len(value):
        return value[int(part)]
    return None


def _php(value: dict[str, Any], *, is_list: bool) -> Any:
    """An empty PHP array prints as `[]`; a gapless list with list keys prints as a list."""
    if not value:
        return []
    if is_list and list(value) == [str(index) for index in range(len(value))]:
        return list(value.values())
    return value
