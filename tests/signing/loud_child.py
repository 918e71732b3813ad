"""A child that answers without end and reads nothing."""

from __future__ import annotations

import os


def main() -> None:
    while True:
        os.write(1, b"x" * 65536)
