"""Background work of the outbox; each may run any number of times, anywhere."""

from __future__ import annotations

from datetime import datetime

from outbox import services
from outbox.models import Delivery


def deliver_due() -> int:
    """Send what is due now; the number of attempts."""
    return services.deliver_due()


def has_due(at: datetime) -> bool:
    """Whether `deliver_due` would find something at `at`."""
    return Delivery.objects.due(at).exists()
