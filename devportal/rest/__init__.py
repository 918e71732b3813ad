"""The REST methods of the portal. Importing the package registers all of them."""

from devportal.rest import (
    app_methods,
    crm_items,
    disk_methods,
    event_methods,
    generator,
    notices,
    placements,
    robots,
    timeline,
    triggers,
    users,
    workflow_methods,
)

__all__ = [
    "app_methods",
    "crm_items",
    "disk_methods",
    "event_methods",
    "generator",
    "notices",
    "placements",
    "robots",
    "timeline",
    "triggers",
    "users",
    "workflow_methods",
]
