"""Several callers at once on a real database, each with its own connection."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.db import connection

from signx.errors import SignXError


def at_once(work: Callable[[int], object], callers: int) -> list[object]:
    """Results of `work(0)`, `work(1)`, … started together; an expected failure is its code."""
    start = threading.Barrier(callers)

    def call(number: int) -> object:
        start.wait(timeout=30)
        try:
            return work(number)
        except SignXError as error:
            return error.code
        finally:
            connection.close()

    with ThreadPoolExecutor(callers) as pool:
        return list(pool.map(call, range(callers), timeout=120))
