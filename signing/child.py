"""A child process for hostile bytes: limits of the kernel, none of our secrets, no Django.

The child gets one line of JSON and a file on standard input; it answers with one line of JSON
and, perhaps, bytes. Native parsers may crash there; nothing else does.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parent.parent
# How a process ends at a limit: the kernel's signal, and native code that could get no memory.
_LIMIT_SIGNALS = {-number for number in (signal.SIGXCPU, signal.SIGABRT, signal.SIGTRAP)}
# Nothing of ours ends by it: the machine's last memory, its shutdown, an operator.
_KILLED = -signal.SIGKILL
_OPEN_FILES = 64
# Bookmarks and the parts of a form are followed one from the other, each some calls deeper; of
# native code nested between them a stack of the usual size would hold too few.
_NESTED_CALLS = 100_000
_STACK_BYTES = 64 * 1024 * 1024
# The kernel counts processor time; a child that only waits is ended this much later.
_GRACE_S = 5


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
    """Run `python -m module` on the data and give back its answer. Raises ChildDied."""
    limits = {"seconds": seconds, "memory_mb": memory_mb}
    # Not on the command line: the kernel takes 128 KB there, and all users could read it.
    first_line = json.dumps({**argument, **limits}).encode() + b"\n"
    try:
        done = subprocess.run(
            [sys.executable, "-X", "utf8", "-m", module],
            input=first_line + data,
            capture_output=True,
            cwd=_ROOT,
            env={"PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8"},
            timeout=seconds + _GRACE_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ChildDied("timeout", at_limit=True, is_waiting=True) from error
    header, _newline, body = done.stdout.partition(b"\n")
    if done.returncode == _KILLED:
        raise ChildDied("killed from outside", at_limit=False, is_waiting=True)
    if done.returncode != 0 or not header:
        limited = done.returncode in _LIMIT_SIGNALS or b"MemoryError" in done.stderr
        raise ChildDied(_last_words(done), at_limit=limited)
    return json.loads(header), body


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


def _last_words(done: subprocess.CompletedProcess[bytes]) -> str:
    """The exit code and the kind of the last exception: its message could quote the file."""
    lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
    kind = lines[-1].partition(":")[0][:80] if lines else "no message"
    return f"exit {done.returncode}, {kind}"
