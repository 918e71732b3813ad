"""A row for each way of a doubt, and what the rows share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from devportal import actions
from devportal.behaviour.doubts import DOUBTS
from documents.models import Document
from tests import factories

decided: set[str] = set()


def doubt(name: str) -> Callable[[Any], Any]:
    """A row for each way of a doubt; `way` is chosen before anything else happens."""
    decided.add(name)
    row = DOUBTS[name].row
    ways = [pytest.param((name, way), id=f"{row}-{way}") for way in DOUBTS[name].ways]
    return pytest.mark.parametrize("way", ways, indirect=True)


def work_on(processes, clock, hours: int = 1) -> None:
    """A while passes, and the worker takes up what has become due."""
    for _quarter in range(hours * 4):
        processes.worker.run()
        actions.tick(processes.devportal)
        clock(minutes=15)
    processes.worker.run()


def completed(processes) -> Document:
    """Sent by a process and signed by the other side."""
    processes.send(wait_for="final", agreement="N")
    processes.worker.run()
    factories.sign_as_counterparty(Document.objects.get(), at=timezone.now())
    processes.worker.run()
    document = Document.objects.get()
    assert document.status == "completed"
    return document
