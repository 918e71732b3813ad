"""The Russian edition is complete: no string is missing, uncertain or without a use."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def test_every_string_has_its_russian():
    check = [sys.executable, "scripts/messages.py", "check"]
    done = subprocess.run(check, cwd=ROOT, capture_output=True, text=True)

    assert (done.returncode, done.stdout) == (0, "")
