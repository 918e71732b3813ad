"""What workers do with robot calls. The rows decide; the queue only wakes work early."""

from __future__ import annotations

import time
from datetime import datetime

from django.utils import timezone

from robots import services, wiping
from robots.models import RobotCall

# Well under the queue's time limit (Q_CLUSTER timeout, 180 s): what is left comes due again.
SWEEP_S = 60
SWEEP_SIZE = 50


def run_call(call_id: int) -> None:
    """Carry one call out, if it is due and nobody else has it."""
    services.run(call_id)


def run_due() -> int:
    """Carry out the calls whose time has come; how many were looked at."""
    deadline = time.monotonic() + SWEEP_S
    count = 0
    for call_id in services.due(timezone.now(), SWEEP_SIZE):
        if time.monotonic() > deadline:
            break
        services.run(call_id)
        count += 1
    return count


def forget_old_calls(at: datetime | None = None) -> None:
    """Daily: see robots.wiping."""
    wiping.forget_old_calls(at or timezone.now())


def has_due(at: datetime) -> bool:
    """Whether there is anything for `run_due`: one indexed query."""
    return RobotCall.objects.due(at).exists()
