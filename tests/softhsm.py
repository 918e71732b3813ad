"""A PKCS#11 token in software, for the tests of keys that never leave one."""

from __future__ import annotations

import os
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import pytest

from signing.keys.tokens import Token
from tests.tools import program

MODULES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/local/lib/softhsm/libsofthsm2.so")
PIN = "271828"


@cache
def soft_token() -> Token:
    """One for the whole process: the library reads its settings once."""
    tool = program("softhsm2-util")
    pytest.importorskip("pkcs11")
    folder = Path(tempfile.mkdtemp(prefix="signx-softhsm-"))
    (folder / "tokens").mkdir()
    settings = folder / "softhsm2.conf"
    settings.write_text(f"directories.tokendir = {folder}/tokens\nlog.level = ERROR\n")
    os.environ["SOFTHSM2_CONF"] = str(settings)
    command = [tool, "--init-token", "--free", "--label", "SIGNX", "--pin", PIN, "--so-pin", "3141"]
    subprocess.run(command, check=True, capture_output=True)
    return Token(next(path for path in MODULES if Path(path).exists()), "SIGNX", PIN)
