"""Wakes work whose time has come.

The rows decide what is due (settings.DUE_WORK). The supervisor's pulse looks every second; the
queue's own schedule looks every minute, in case only a bare `qcluster` runs.
"""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.utils.module_loading import import_string
from django_q.models import OrmQ
from django_q.tasks import async_task

# A queue this long is awake already; more wake-ups would only make it longer.
ENOUGH_QUEUED = 20


def wake_due(at: datetime) -> list[str]:
    """Queues every task of DUE_WORK that has something due; returns their dotted paths."""
    due = [task for task, has_due in settings.DUE_WORK.items() if import_string(has_due)(at)]
    if due and OrmQ.objects.count() < ENOUGH_QUEUED:
        for task in due:
            async_task(task)
    return due


def wake_now() -> None:
    """The schedule's entry point: once a minute."""
    from django.utils import timezone

    wake_due(timezone.now())
