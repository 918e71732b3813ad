"""Background work of the outbox; each may run any number of times, anywhere."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from outbox import kinds, services
from outbox.models import Delivery

# Deleted in pieces: with each row go its places in the lists of what others wait for.
PIECE = 1000


def deliver_due() -> int:
    """Send what is due now; the number of attempts."""
    return services.deliver_due()


def has_due(at: datetime) -> bool:
    """Whether `deliver_due` would find something at `at`."""
    return Delivery.objects.due(at).exists()


def forget_delivered(at: datetime | None = None) -> None:
    """Daily: drop what was delivered more than DELIVERY_DAYS ago; of the kinds that are kept only
    the contents. What has failed stays on support's desk."""
    limit = (at or timezone.now()) - timedelta(days=settings.DELIVERY_DAYS)
    old = Delivery.objects.filter(state=Delivery.State.DONE, settled_at__lt=limit)
    old.filter(kind__in=kinds.kept()).exclude(payload={}).update(payload={})
    told = old.exclude(kind__in=kinds.kept()).values_list("pk", flat=True)
    while piece := list(told[:PIECE]):
        Delivery.objects.filter(pk__in=piece).delete()
