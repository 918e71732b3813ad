"""What the checking of a file may take of Python itself."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable

# Not an answer about the file: the check ran out of memory, or of calls inside each other.
OUT_OF_ROOM = (MemoryError, RecursionError)
# Bookmarks and the parts of a form are followed one from the other, each some calls deeper.
_MOST_CALLS = 100_000
_STACK_BYTES = 128 * 1024 * 1024


def in_deep_stack(task: Callable[[], None]) -> None:
    """Do it where calls may nest deeply. For child processes: limits are set for all of them.

    Raises what the task raises.
    """
    errors: list[BaseException] = []

    def guarded() -> None:
        try:
            task()
        except BaseException as error:
            errors.append(error)

    sys.setrecursionlimit(_MOST_CALLS)
    threading.stack_size(_STACK_BYTES)
    thread = threading.Thread(target=guarded)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
