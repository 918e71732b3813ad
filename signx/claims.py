"""Claiming rows: of many workers one gets each row, and no row is lost with its worker.

A field of the row says when its work is due. A claim moves that time ahead by the lease: should the
worker die, the row comes due again by itself.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet

# A minute longer than a worker may live on one task: a row whose lease has run out belongs to a
# worker that is dead.
LEASE = timedelta(seconds=settings.Q_CLUSTER["timeout"] + 60)


def claim(
    due: QuerySet[Any],
    *,
    field: str,
    at: datetime,
    lease: timedelta = LEASE,
    attempts: str = "",
    most: int = 1,
) -> list[int]:
    """Primary keys of the first rows of `due` that no other worker holds, in its order.

    `due` must leave out rows whose `field` is after `at`. `attempts` names the counter for which a
    claim is an attempt. A row that somebody has locked is passed over, not waited for. Nothing else
    of a row is read: one that cannot be read is claimed like any other, and comes due again.
    """
    values: dict[str, Any] = {field: at + lease}
    if attempts:
        values[attempts] = F(attempts) + 1
    with transaction.atomic():
        # SQLite has no locks of rows: there a transaction has the database to itself.
        free = due.select_for_update(of=("self",), skip_locked=True).select_related(None)
        keys = [row.pk for row in free.only("pk")[:most]]
        due.model._base_manager.filter(pk__in=keys).update(**values)
    return keys
