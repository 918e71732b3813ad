"""Where child processes come from: a process that has loaded the libraries and only forks.

Loading them takes a second, a fork some milliseconds. The nursery itself never sees a byte of a
file: a child reads its file from a socket of its own, and a keeper beside it ends the child at its
time and says at the end of the same socket how it went.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
_LIBRARIES = (
    "signing.cleaning.worker",
    "signing.verification.worker",
    "signing.viewing.worker",
)
# All children of one nursery have the same addresses in memory; hostile bytes must not get as
# many tries at them as they want.
_CHILDREN = 200
# A child whose keeper was killed ends itself so much later than the keeper would have ended it.
_ALONE_S = 2
# How a child ended: that a keeper says so, whether its time was over, its exit code, the class of
# its last exception.
_END = struct.Struct("!8s?i80s")
_MARK = b"\0SIGNX\0\0"
_MESSAGE_BYTES = 1024


@dataclass(frozen=True)
class End:
    """`exit_code`: negative for a signal, as `subprocess` has it."""

    is_timeout: bool
    exit_code: int
    exception: str


def bear(module: str, channel: socket.socket, *, seconds: int) -> None:
    """A child that runs `module.main()` with the channel as its standard input and output.

    It is killed after the seconds. What it writes ends with what `ending` reads.
    """
    message = json.dumps({"module": module, "seconds": seconds}).encode()
    try:
        socket.send_fds(_nursery(), [message], [channel.fileno()])
    except (BrokenPipeError, ConnectionResetError):  # somebody killed it
        renew()
        socket.send_fds(_nursery(), [message], [channel.fileno()])


def renew() -> None:
    """The next child comes from a new nursery; the former one serves what it was asked."""
    with _Current.lock:
        _Current.requests = None


def ending(said: bytes) -> tuple[bytes, End | None]:
    """The child's answer and how the child ended; None: the nursery is gone too."""
    if len(said) < _END.size:
        return b"", None
    mark, is_timeout, exit_code, exception = _END.unpack(said[-_END.size :])
    if mark != _MARK:  # the keeper was killed
        return b"", None
    words = exception.rstrip(b"\0").decode("ascii", "replace")
    return said[: -_END.size], End(is_timeout, exit_code, words)


class _Current:
    """The nursery of this process."""

    lock = threading.Lock()
    requests: socket.socket | None = None
    process: subprocess.Popen[bytes] | None = None
    children = 0


def _nursery() -> socket.socket:
    with _Current.lock:
        _Current.children += 1
        if _Current.requests is None or _Current.children > _CHILDREN:
            _Current.requests, _Current.process = _start()
            _Current.children = 1
        return _Current.requests


def _start_anew() -> None:
    """In a forked process: one nursery has one owner, and the lock may be held by a thread that
    was left behind."""
    _Current.lock = threading.Lock()
    _Current.requests = None


os.register_at_fork(after_in_child=_start_anew)


def _start() -> tuple[socket.socket, subprocess.Popen[bytes]]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-X", "utf8", "-m", "signing.nursery"],
            stdin=theirs.fileno(),
            stdout=subprocess.DEVNULL,
            cwd=_ROOT,
            # None of our secrets; and a key pressed at our terminal is not for it.
            env={"PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8"},
            start_new_session=True,
        )
    return ours, process


def main() -> None:
    """The nursery: until nobody is left to ask, a keeper and a child for each request."""
    requests = socket.socket(fileno=0)
    for name in _LIBRARIES:
        importlib.import_module(name)
    # What keeps it from starting is told; what the parsers say of a file is not.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    gc.freeze()  # a collection in a child would copy every page of memory
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for keepers
    while True:
        message, descriptors, _flags, _address = socket.recv_fds(requests, _MESSAGE_BYTES, 1)
        if not message:
            return
        if os.fork() == 0:
            # Nobody but the nursery holds the requests: when it dies, its parent must learn it.
            os.dup2(descriptors[0], requests.detach())
            os.close(descriptors[0])
            _keep(**json.loads(message))
        os.close(descriptors[0])


def _keep(*, module: str, seconds: int) -> None:
    """The keeper, from the fork to its end; its standard input is the child's channel."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    failed, failing = os.pipe()
    child = os.fork()
    if child == 0:
        _live(module, failing, seconds)
    os.set_blocking(failed, False)
    is_timeout = not select.select([os.pidfd_open(child)], [], [], seconds)[0]
    with suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)  # with whatever it has started
    os.kill(child, signal.SIGKILL)  # it may not have come to its own group yet
    _pid, status = os.waitpid(child, 0)
    exception = b""
    with suppress(BlockingIOError):
        exception = os.read(failed, 80)
    with socket.socket(fileno=0) as answer:
        answer.shutdown(socket.SHUT_RD)  # who still asks is told that nobody listens
        answer.sendall(_END.pack(_MARK, is_timeout, os.waitstatus_to_exitcode(status), exception))
    os._exit(0)


def _live(module: str, failing: int, seconds: int) -> None:
    """The child, from the fork to its end."""
    os.setsid()
    signal.alarm(seconds + _ALONE_S)
    os.dup2(0, 1)
    exit_code = 0
    try:
        importlib.import_module(module).main()
    except BaseException as error:
        # The class and not the message, which could quote the file.
        os.write(failing, type(error).__qualname__.encode("ascii", "replace")[:80])
        exit_code = 1
    os._exit(exit_code)


if __name__ == "__main__":
    main()
