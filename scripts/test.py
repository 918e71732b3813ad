"""Runs every test: first on SQLite, then all that touch data on PostgreSQL.

`DATABASE_URL` names a PostgreSQL server to use; without it a private one is started and removed.
Arguments go to pytest. Outside CI a missing PostgreSQL costs the second pass, in CI the build.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.postgres import NoPostgres, private_server  # noqa: E402

# Bytes in, bytes out, another program, or what a browser shows: the database makes no difference.
WITHOUT_DATABASE = [
    "--ignore=tests/signing",
    "--ignore=tests/devportal",
    "--ignore=tests/commands",
    "--ignore=tests/signx/test_gateway.py",
    "--ignore=tests/scenarios/test_browser.py",
    "--ignore=tests/scenarios/test_chaos.py",
    "--ignore-glob=tests/scenarios/contract/*_doubts.py",
    "--ignore=tests/scenarios/test_main_job.py",
    "--ignore=tests/scenarios/test_new_document.py",
    "--ignore=tests/scenarios/test_signing_page.py",
]
# Many processes, half a minute each: once, where processes of several machines meet. On SQLite
# `make chaos` kills workers, and the main job runs with real processes.
ON_THE_SERVER_ONLY = [
    "--ignore=tests/scenarios/test_killed_worker.py",
    "--ignore=tests/signer/test_guessing.py",
]


def pytest(name: str, database_url: str, *arguments: str) -> int:
    print(f"\n=== {name} ===", flush=True)
    environment = os.environ | {"DATABASE_URL": database_url}
    if not database_url:
        environment.pop("DATABASE_URL")
    # One more than there are processors: some always wait for a browser or a server.
    workers = ["-n", str((os.cpu_count() or 1) + 1), "--dist", "loadfile", "--no-loadscope-reorder"]
    command = [sys.executable, "-m", "pytest", "-q", *workers]
    return subprocess.run([*command, *arguments], cwd=ROOT, env=environment).returncode


def main(arguments: list[str]) -> int:
    given = os.environ.get("DATABASE_URL", "")
    failed = pytest("SQLite", "", *ON_THE_SERVER_ONLY, *arguments)
    if given.startswith("postgres"):
        return pytest("PostgreSQL", given, *WITHOUT_DATABASE, *arguments) or failed
    try:
        with private_server() as url:
            return pytest("PostgreSQL", url, *WITHOUT_DATABASE, *arguments) or failed
    except NoPostgres as reason:
        print(f"PostgreSQL: {reason}", file=sys.stderr)
        return 1 if os.environ.get("CI") == "true" else failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
