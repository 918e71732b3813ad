"""Every REST method of the portal. Importing it fills `registry.METHODS`."""

from devportal.rest.app import basic, events, placements
from devportal.rest.crm import documents, items, timeline, triggers
from devportal.rest.disk import files, folders
from devportal.rest.people import notices, users
from devportal.rest.workflows import answers, robots

__all__ = [
    "answers",
    "basic",
    "documents",
    "events",
    "files",
    "folders",
    "items",
    "notices",
    "placements",
    "robots",
    "timeline",
    "triggers",
    "users",
]
