"""What a child process may be asked to do in the tests of `signing.child`."""

from __future__ import annotations

import os
import resource
import signal
import sys
from pathlib import Path

from signing import child


def main() -> None:
    argument, data = child.begin()
    if argument["what"] == "leave somebody behind":
        if os.fork() == 0:
            signal.pause()
        child.answer({}, data[::-1])
        return
    if argument["what"] == "print":
        os.write(1, b"warning: \n")
        return
    if argument["what"] == "terminated":
        os.kill(os.getpid(), signal.SIGTERM)
    if argument["what"] == "tell":
        memory = resource.getrlimit(resource.RLIMIT_AS)[0]
        modules = sorted(name for name in sys.modules if name.split(".")[0] in ("django", "signx"))
        facts = {"environment": sorted(os.environ), "memory": memory, "modules": modules}
        left = signal.getitimer(signal.ITIMER_REAL)[0]
        child.answer(facts | {"nursery": nursery(), "seconds_left": left}, data[::-1])
    elif argument["what"] == "fail":
        raise ValueError("a secret of the file")
    elif argument["what"] == "spin":
        while True:
            pass
    elif argument["what"] == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    elif argument["what"] == "wait":
        signal.pause()
    elif argument["what"] == "stop":
        os.kill(os.getpid(), signal.SIGSTOP)
    elif argument["what"] == "kill the keeper":
        os.kill(os.getppid(), signal.SIGKILL)
        signal.pause()
    elif argument["what"] == "kill the nursery":
        os.kill(nursery(), signal.SIGKILL)
        child.answer({}, data[::-1])
    elif argument["what"] == "eat":
        child.answer({"eaten": len(bytearray(10**10))})


def nursery() -> int:
    """The process that made this one's keeper."""
    status = Path(f"/proc/{os.getppid()}/stat").read_text()
    return int(status.rpartition(")")[2].split()[1])


if __name__ == "__main__":
    main()
