"""What the demo prints: numbered steps that appear as they happen."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

BOLD, DIM, GREEN, RED, PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[32m", "\x1b[31m", "\x1b[0m"


def _paint(text: str, colour: str) -> str:
    return f"{colour}{text}{PLAIN}" if sys.stdout.isatty() else text


def title(text: str) -> None:
    print(f"\n{_paint(text, BOLD)}", flush=True)


@contextmanager
def step(text: str) -> Iterator[None]:
    """A line that says what is done, then how long it took or that it failed."""
    if sys.stdout.isatty():
        print(f"  … {text}\r", end="", flush=True)
    started = time.monotonic()
    try:
        yield
    except BaseException:
        print(f"  {_paint('✗', RED)} {text}", flush=True)
        raise
    took = _paint(f"{time.monotonic() - started:.1f} s", DIM)
    print(f"  {_paint('✓', GREEN)} {text}  {took}", flush=True)


def fact(name: str, value: object) -> None:
    print(f"    {_paint(name + ':', DIM)} {value}", flush=True)
