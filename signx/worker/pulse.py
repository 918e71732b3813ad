"""Wakes work whose time has come.

The rows decide what is due (signx.due_work). The supervisor's pulse looks every second; the
queue's own schedule looks every minute, in case only a bare `qcluster` runs.
"""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django_q.models import OrmQ
from django_q.tasks import async_task

from signx.due_work import DUE_WORK

# A queue this long is awake already; more wake-ups would only make it longer.
ENOUGH_QUEUED = 20


def wake_due(at: datetime) -> list[str]:
    """Queues every task that has something due, unless it waits in the queue already;
    returns the dotted paths of all that have."""
    due = [work.task for work in DUE_WORK if work.has_due(at)]
    if due and OrmQ.objects.count() < ENOUGH_QUEUED:
        waiting = _waiting()
        for task in due:
            if task not in waiting:
                async_task(task)
    return due


def wake_now() -> None:
    """The schedule's entry point: once a minute."""
    wake_due(timezone.now())


def _waiting() -> set[str | None]:
    """Tasks that no worker has taken yet; those that one has are locked for the future."""
    return {row.task.get("func") for row in OrmQ.objects.filter(lock__lte=timezone.now())}
