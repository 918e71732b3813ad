"""Programs that some tests need beside Python packages."""

from __future__ import annotations

import os
import shutil

import pytest


def program(*names: str) -> str:
    """Path of the first of these programs that is here. In CI a missing one fails the test;
    elsewhere it costs only this test, because `make test` could not install it.
    """
    for name in names:
        if path := shutil.which(name):
            return path
    missing = f"none of {', '.join(names)} is installed"
    if os.environ.get("CI") == "true":
        pytest.fail(missing)
    pytest.skip(missing)
