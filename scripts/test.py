"""Runs every test on SQLite, then on PostgreSQL what may differ there (tests/databases.py).

`DATABASE_URL` names a PostgreSQL server to use; without it a private one is started and removed.
Arguments go to pytest. Outside CI a missing PostgreSQL costs the second pass, in CI the build.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.postgres import NoPostgres, private_server  # noqa: E402

# Many processes, half a minute each: once, where processes of several machines meet. On SQLite
# `make chaos` kills workers, and the main job runs with real processes.
ON_THE_SERVER_ONLY = [
    "--ignore=tests/scenarios/test_killed_worker.py",
    "--ignore=tests/signer/test_guessing.py",
]

# pytest says so of arguments that name only tests without a database.
NOTHING_TO_RUN = 5


def pytest(name: str, database_url: str, *arguments: str) -> int:
    print(f"\n=== {name} ===", flush=True)
    environment = os.environ | {"DATABASE_URL": database_url}
    if not database_url:
        environment.pop("DATABASE_URL")
    # One more than there are processors: some always wait for a browser or a server. One test at a
    # time, in their order (tests/conftest.py): the longest never run alone at the end.
    workers = ["-n", str((os.cpu_count() or 1) + 1), "--dist", "loadgroup"]
    command = [sys.executable, "-m", "pytest", "-q", *workers, "--no-loadscope-reorder"]
    return subprocess.run([*command, *arguments], cwd=ROOT, env=environment).returncode


def on_postgresql(url: str, *arguments: str) -> int:
    failed = pytest("PostgreSQL", url, *arguments)
    return 0 if failed == NOTHING_TO_RUN else failed


def main(arguments: list[str]) -> int:
    given = os.environ.get("DATABASE_URL", "")
    with tempfile.TemporaryDirectory(prefix="signx-statements-") as folder:
        failed = pytest("SQLite", "", *ON_THE_SERVER_ONLY, f"--statements={folder}", *arguments)
        arguments = [f"--covering={folder}", *arguments]
        if given.startswith("postgres"):
            return on_postgresql(given, *arguments) or failed
        try:
            with private_server() as url:
                return on_postgresql(url, *arguments) or failed
        except NoPostgres as reason:
            print(f"PostgreSQL: {reason}", file=sys.stderr)
            return 1 if os.environ.get("CI") == "true" else failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
