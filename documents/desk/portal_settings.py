"""Changing what a portal decided about its documents."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from documents.models import PortalSettings
from employees.models import Employee, Right
from journal.events import EventKind
from journal.services import record


@transaction.atomic
def change_settings(by: Employee, changes: Mapping[str, Any], *, at: datetime) -> PortalSettings:
    """Save the changed fields with a journal event; saving what is there already does nothing.

    Raises SignXError(RIGHT_MISSING).
    """
    by.require(Right.SETTINGS)
    portal_settings = PortalSettings.objects.of(by.portal)
    changed = {
        name: value for name, value in changes.items() if getattr(portal_settings, name) != value
    }
    if not changed:
        return portal_settings
    for name, value in changed.items():
        setattr(portal_settings, name, value)
    portal_settings.save(update_fields=list(changed))
    record(
        by.portal,
        EventKind.SETTINGS_CHANGED,
        actor=by.audit_name,
        subject=("portal", by.portal.member_id),
        # The names alone: the organisation may be a person's name.
        data={"fields": sorted(changed)},
        personal={"actor": by.name},
        at=at,
    )
    return portal_settings
