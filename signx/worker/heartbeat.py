"""The heartbeat goes through the queue itself: a cluster that hangs stops beating."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from signx.models import Heartbeat

QUEUE = "queue"


def beat() -> None:
    """Run by the cluster every few seconds (queued by the supervisor)."""
    Heartbeat.objects.update_or_create(name=QUEUE, defaults={"beat_at": timezone.now()})


def age(at: datetime) -> timedelta | None:
    """How long ago the queue last did anything; None before the first beat."""
    last = Heartbeat.objects.filter(name=QUEUE).values_list("beat_at", flat=True).first()
    return None if last is None else at - last
