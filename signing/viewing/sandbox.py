"""Questions about a file, answered by a child process: a few at a time, within limits."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from signing import child
from signing.intake import refusal
from signx.errors import ErrorCode, SignXError

# An ordinary page takes a second at most; intake refuses pages that take six.
SECONDS = 12
_MEMORY_MB = 1024
# More at once would only take the processor from each other.
_SLOTS = threading.BoundedSemaphore(2)
_PATIENCE_S = 8


def ask(
    task: str,
    pdf: bytes,
    *,
    indexes: Sequence[int] = (),
    seconds: int = SECONDS,
    when_busy: ErrorCode = ErrorCode.SERVICE_BUSY,
    **argument: Any,
) -> tuple[dict[str, Any], bytes]:
    """The answer of `signing.viewing.worker`.

    Raises SignXError: NOT_FOUND for a page off the file, DOCUMENT_INVALID for a file that takes
    too much time or memory, `when_busy` when the machine has none to give.
    """
    question = {"task": task, "indexes": list(indexes), **argument}
    if not _SLOTS.acquire(timeout=_PATIENCE_S):
        raise SignXError(when_busy, f"no slot for {task}")
    try:
        facts, body = child.run(
            "signing.viewing.worker", question, pdf, seconds=seconds, memory_mb=_MEMORY_MB
        )
    except child.ChildDied as error:
        if error.is_waiting:
            raise SignXError(when_busy, f"{task}: {error}") from error
        raise refusal("too_heavy" if error.at_limit else "damaged", died=str(error)) from error
    finally:
        _SLOTS.release()
    if facts.get("is_off_file"):
        raise SignXError(ErrorCode.NOT_FOUND, f"no page {list(indexes)}")
    return facts, body
