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
    required(False, f"one of {', '.join(names)}")
    return ""


def required(is_here: bool, what: str) -> None:
    """The same for anything that is more than a program on the path."""
    if is_here:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what} is not installed")
    pytest.skip(f"{what} is not installed")
