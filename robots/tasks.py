"""What workers do with robot calls. The rows decide; the queue only wakes work early."""

from __future__ import annotations

import time
from datetime import datetime

from django.utils import timezone
from django_q.tasks import async_task

from robots import services, wiping
from robots.models import RobotCall

# Then other work has its turn at this worker: what is left goes to the end of the queue.
SWEEP_S = 5


def run_due() -> int:
    """Carry out the calls whose time has come, of each portal in turn; how many were looked at."""
    deadline = time.monotonic() + SWEEP_S
    count = 0
    while calls := services.due(timezone.now()):
        for call_id in calls:
            if time.monotonic() > deadline:
                async_task("robots.tasks.run_due")
                return count
            services.run(call_id)
            count += 1
    return count


def forget_old_calls(at: datetime | None = None) -> None:
    """Daily: see robots.wiping."""
    wiping.forget_old_calls(at or timezone.now())


def has_due(at: datetime) -> bool:
    """Whether there is anything for `run_due`: one indexed query."""
    return RobotCall.objects.due(at).exists()
