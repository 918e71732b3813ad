"""A private PostgreSQL server for one test run: own folder, own socket, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Nobody needs the data of a test run after a crash of the machine.
UNSAFE = ["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]
OPTIONS = ["-c", "listen_addresses=", "-c", "max_connections=200", *UNSAFE]


class NoPostgres(Exception):
    """PostgreSQL's programs are not on this machine, or do not start."""


@contextmanager
def private_server() -> Iterator[str]:
    """Yields a DATABASE_URL. PostgreSQL refuses to run as root, so root hands it to `nobody`."""
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="signx-pg-", dir="/tmp"))
    prefix: list[str] = []
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        owner = f"--reuid={nobody.pw_uid} --regid={nobody.pw_gid} --clear-groups"
        prefix = ["setpriv", *owner.split()]
    data = folder / "data"
    try:
        _run(
            [*prefix, f"{programs}/initdb", f"--pgdata={data}", "--username=signx"],
            "--auth=trust --encoding=UTF8 --locale=C.UTF-8 --no-sync",
        )
        server = subprocess.Popen(
            [*prefix, f"{programs}/postgres", "-D", f"{data}", "-k", f"{folder}", *OPTIONS],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=folder,
        )
        try:
            _wait_for(folder / ".s.PGSQL.5432", server)
            yield f"postgres://signx@/{folder}/postgres"
        finally:
            server.terminate()
            server.wait(timeout=30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path:
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    found = installed[0] if installed else shutil.which("initdb")
    if not found:
        raise NoPostgres("initdb is not installed")
    return Path(found).parent


def _run(command: list[str], options: str) -> None:
    done = subprocess.run([*command, *options.split()], capture_output=True, text=True, cwd="/tmp")
    if done.returncode:
        raise NoPostgres(done.stderr.strip() or done.stdout.strip())


def _wait_for(socket: Path, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while not socket.exists():
        if server.poll() is not None or time.monotonic() > deadline:
            raise NoPostgres("the server did not start")
        time.sleep(0.05)
