"""Portal, web and worker as real processes on free ports of this machine."""

from __future__ import annotations

import base64
import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parent.parent
CLIENT_ID = "local.6744f1a0c3b2e5.40917265"


class StackError(Exception):
    """A process did not start; the message names its log."""


def free_port(wanted: int) -> int:
    """`wanted` when nobody listens there, else any free port; 0 wants any."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise StackError("no free port")


@dataclass
class Stack:
    """Names and ports of one running SIGNX with its stand-in portal.

    The portal and the application have different host names, as they have in life. `app_host`
    must have a dot: Bitrix24 refuses robot handlers without one.
    """

    folder: Path
    app_host: str = "127.0.0.1"
    portal_host: str = "localhost"
    conversion_s: float = 3.0
    database_url: str = ""
    app_port: int = 8000
    portal_port: int = 8001
    smtp_port: int = 8025
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.app_port = free_port(self.app_port)
        self.portal_port = free_port(self.portal_port)
        self.smtp_port = free_port(self.smtp_port)

    @property
    def app_url(self) -> str:
        return f"http://{self.app_host}:{self.app_port}"

    @property
    def portal_url(self) -> str:
        return f"http://{self.portal_host}:{self.portal_port}"

    @property
    def app_address(self) -> str:
        """Where this machine reaches the application, whatever its name."""
        return f"http://127.0.0.1:{self.app_port}"

    @property
    def portal_address(self) -> str:
        return f"http://127.0.0.1:{self.portal_port}"

    def prepare(self) -> None:
        """A new folder with new secrets and an empty database."""
        shutil.rmtree(self.folder, ignore_errors=True)
        (self.folder / "log").mkdir(parents=True)
        self.client_secret = secrets.token_hex(25)
        portal = f"{self.portal_host}:{self.portal_port}"
        self.environment = {
            **os.environ,
            "SIGNX_SECRET_KEY": secrets.token_urlsafe(50),
            "SIGNX_ENCRYPTION_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            "SIGNX_PUBLIC_URL": self.app_url,
            "SIGNX_ALLOWED_HOSTS": f"{self.app_host},127.0.0.1",
            "SIGNX_DATA_DIR": str(self.folder / "data"),
            "DATABASE_URL": self.database_url or f"sqlite:///{self.folder}/data/signx.sqlite3",
            "SIGNX_SMTP_URL": f"smtp://127.0.0.1:{self.smtp_port}",
            "SIGNX_MAIL_FROM": "SIGNX <noreply@signx.example>",
            "SIGNX_SUPPORT_EMAIL": "support@signx.example",
            "SIGNX_OPERATOR": "SIGNX Демо",
            "BITRIX24_CLIENT_ID": CLIENT_ID,
            "BITRIX24_CLIENT_SECRET": self.client_secret,
            "BITRIX24_AUTH_SERVERS": self.portal_url,
            "BITRIX24_JS_URL": f"{self.portal_url}/bx24/api/v1/",
            "SELF_HOSTED_PORTALS": f"{portal}@127.0.0.1",
            "PYTHONUNBUFFERED": "1",
        }
        (self.folder / "data").mkdir()

    def start(self) -> None:
        """Starts all three and waits until each answers."""
        self.manage("setup")
        self.start_portal()
        self.start_web()
        self.start_worker()

    def start_portal(self) -> None:
        portal = f"{self.portal_host}:{self.portal_port}"
        command = [
            sys.executable, "-m", "devportal", "--host", "127.0.0.1",
            "--port", str(self.portal_port), "--smtp-port", str(self.smtp_port),
            "--domain", portal, "--auth-url", self.portal_url, "--app-url", self.app_url,
            "--client-id", CLIENT_ID, "--client-secret", self.client_secret,
            "--conversion-s", str(self.conversion_s), "--resolve", "*.test=127.0.0.1",
        ]  # fmt: skip
        self.run("portal", command)
        self.wait_for("portal", f"{self.portal_address}/_dev/world")

    def start_web(self) -> None:
        command = [sys.executable, "manage.py", "run", "--only", "web"]
        self.run("web", [*command, "--port", str(self.app_port)])
        self.wait_for("web", f"{self.app_address}/readyz")

    def start_worker(self) -> None:
        self.run("worker", [sys.executable, "manage.py", "work"])

    def manage(self, *arguments: str, **environment: str) -> str:
        """Output of one `manage.py` command. Raises StackError with what it said."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment | environment,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise StackError(f"manage.py {arguments[0]}: {done.stderr or done.stdout}")
        return done.stdout

    def run(self, name: str, command: list[str]) -> None:
        log = (self.folder / "log" / f"{name}.log").open("ab")
        self.processes[name] = subprocess.Popen(
            command,
            cwd=ROOT,
            env=self.environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def wait_for(self, name: str, url: str, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.processes[name].poll() is not None:
                break
            try:
                if requests.get(url, timeout=2).status_code == 200:
                    return
            except requests.RequestException:
                pass
            time.sleep(0.1)
        raise StackError(f"{name} did not start, see {self.folder}/log/{name}.log")

    def kill(self, name: str) -> None:
        """SIGKILL to the process and all its children: nothing gets a chance to tidy up."""
        process = self.processes.pop(name)
        for pid in [process.pid, *descendants(process.pid)]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        for process in self.processes.values():
            process.terminate()
        for name in list(self.processes):
            try:
                self.processes[name].wait(timeout=15)
            except subprocess.TimeoutExpired:
                self.kill(name)
        self.processes.clear()


def descendants(pid: int) -> list[int]:
    """Children, their children and so on, from /proc; empty where there is no /proc."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found, queue = [], [pid]
    while queue:
        queue = [child for parent in queue for child in children.get(parent, [])]
        found += queue
    return found
