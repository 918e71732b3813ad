"""A child process for hostile bytes: limits of the kernel, none of our secrets, no Django.

The child gets one line of JSON and a file on standard input; it answers with one line of JSON
and, perhaps, bytes. Native parsers may crash there; nothing else does.
"""

from __future__ import annotations

import json
import resource
import signal
import socket
import sys
import time
from contextlib import suppress
from typing import Any

from signing import nursery

# How a process ends at a limit: the kernel's signal, and native code that could get no memory.
_LIMIT_SIGNALS = {-number for number in (signal.SIGXCPU, signal.SIGABRT, signal.SIGTRAP)}
# Nothing of ours ends by them: the machine's last memory, its shutdown, an operator.
_KILLED = {
    -number
    for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGALRM)
}
_OPEN_FILES = 64
# Bookmarks and the parts of a form are followed one from the other, each some calls deeper; of
# native code nested between them a stack of the usual size would hold too few.
_NESTED_CALLS = 100_000
_STACK_BYTES = 64 * 1024 * 1024
# The kernel counts processor time; a child that only waits is ended this much later.
_GRACE_S = 5
_PATIENCE_S = 5
_HEARD_BYTES = 1024 * 1024
# Several times what the largest file may become.
_MOST_BYTES = 512 * 1024 * 1024


class ChildDied(Exception):
    """The child gave no answer; `at_limit` tells whether time or memory ran out.

    `is_waiting`: it was killed from outside or not given the processor in time, which says nothing
    about the file.
    """

    def __init__(self, detail: str, *, at_limit: bool, is_waiting: bool = False) -> None:
        super().__init__(detail)
        self.at_limit = at_limit
        self.is_waiting = is_waiting


def run(
    module: str, argument: dict[str, Any], data: bytes, *, seconds: int, memory_mb: int
) -> tuple[dict[str, Any], bytes]:
    """Run the module's `main` in a child and give back its answer. Raises ChildDied."""
    limits = {"seconds": seconds, "memory_mb": memory_mb}
    # Not on a command line: all users could read it.
    first_line = json.dumps({**argument, **limits}).encode() + b"\n"
    said, end = _talk(module, first_line + data, seconds=seconds + _GRACE_S)
    if end is None:  # the nursery was killed with the request in its hands
        nursery.renew()
        said, end = _talk(module, first_line + data, seconds=seconds + _GRACE_S)
    if end is None or end.exit_code in _KILLED:
        is_timeout = end is not None and end.is_timeout
        detail = "timeout" if is_timeout else "killed from outside"
        raise ChildDied(detail, at_limit=is_timeout, is_waiting=True)
    header, _newline, body = said.partition(b"\n")
    if end.exit_code != 0 or not header:
        limited = end.exit_code in _LIMIT_SIGNALS or end.exception == "MemoryError"
        raise ChildDied(f"exit {end.exit_code}, {end.exception}".rstrip(", "), at_limit=limited)
    try:
        return json.loads(header), body
    except ValueError as error:  # a library has printed something of its own
        raise ChildDied("not an answer", at_limit=False) from error


def _talk(module: str, question: bytes, *, seconds: int) -> tuple[bytes, nursery.End | None]:
    """What the child says, and its keeper of it."""
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            nursery.bear(module, theirs, seconds=seconds)
        # The keeper ends the child in time, unless somebody has killed the keeper.
        deadline = time.monotonic() + seconds + _PATIENCE_S
        try:
            return nursery.ending(_exchange(ours, question, deadline))
        except TimeoutError:
            return b"", nursery.End(is_timeout=True, exit_code=-signal.SIGKILL, exception="")


def _exchange(channel: socket.socket, question: bytes, deadline: float) -> bytes:
    """All that comes back. Raises TimeoutError at the deadline, of `time.monotonic`."""
    # A child may die before it has read everything; the keeper tells of it all the same.
    with suppress(BrokenPipeError, ConnectionResetError):
        _until(channel, deadline).sendall(question)
        channel.shutdown(socket.SHUT_WR)
    said = bytearray()
    with suppress(ConnectionResetError):
        while heard := _until(channel, deadline).recv(_HEARD_BYTES):
            said += heard
            if len(said) > _MOST_BYTES:
                raise ChildDied("an endless answer", at_limit=True)
    return bytes(said)


def _until(channel: socket.socket, deadline: float) -> socket.socket:
    channel.settimeout(max(deadline - time.monotonic(), 0.001))
    return channel


def begin() -> tuple[dict[str, Any], bytes]:
    """In the child: take the limits upon oneself, then read the argument and the data."""
    argument = json.loads(sys.stdin.buffer.readline())
    memory = argument["memory_mb"] * 1024 * 1024
    # Its signal comes at the first of the two; at the second the kernel kills like anybody else.
    resource.setrlimit(resource.RLIMIT_CPU, (argument["seconds"], argument["seconds"] + 1))
    for kind, limit in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
    ):
        resource.setrlimit(kind, (limit, limit))
    _nest_deeply()
    return argument, sys.stdin.buffer.read()


def _nest_deeply() -> None:
    _soft, hard = resource.getrlimit(resource.RLIMIT_STACK)
    soft = _STACK_BYTES if hard == resource.RLIM_INFINITY else min(hard, _STACK_BYTES)
    resource.setrlimit(resource.RLIMIT_STACK, (soft, hard))
    sys.setrecursionlimit(_NESTED_CALLS)


def answer(facts: dict[str, Any], body: bytes = b"") -> None:
    """In the child: give the answer."""
    output = sys.stdout.buffer
    output.write(json.dumps(facts).encode() + b"\n")
    output.write(body)
    output.flush()
