"""`manage.py run`: web and worker together, for one machine."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from typing import Any

from django.core.management import BaseCommand, CommandParser


def web_command(host: str, port: int) -> list[str]:
    """The web server: granian before the lanes; threads belong to these (signx.web.gateway)."""
    return [
        sys.executable, "-m", "granian", "--interface", "rsgi", "--host", host,
        "--port", str(port), "--workers", "2", "--no-ws", "--respawn-failed-workers",
        "--log-level", "warning", "signx.web.gateway:application",
    ]  # fmt: skip


class Command(BaseCommand):
    help = "Runs web and worker; stops both when one ends or on Ctrl-C."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--only", choices=["web", "worker"], help="one of the two")

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        commands = {
            "web": web_command(options["host"], options["port"]),
            "worker": [sys.executable, "manage.py", "work"],
        }
        chosen = [options["only"]] if options["only"] else list(commands)
        processes = [subprocess.Popen(commands[name]) for name in chosen]
        try:
            while not stop.wait(0.5) and all(process.poll() is None for process in processes):
                pass
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait(timeout=20)
