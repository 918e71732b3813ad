"""How a generated document becomes a PDF: a while later, or never, with an event or without."""

from __future__ import annotations

import math

from devportal.application import events
from devportal.behaviour.faults import Point
from devportal.portals.portal import GeneratedDocument, Portal
from devportal.world import World


def begin(world: World, document: GeneratedDocument) -> None:
    """Start a conversion; the faults of conversions strike here, once."""
    struck = world.faults.draw(Point.CONVERSION)
    if "conversion_never" in struck:
        document.conversion_s = math.inf
    if "conversion_failed" in struck:
        document.conversion_fails = True
    document.conversion_started_at = world.clock.now()


def announce(world: World, portal: Portal) -> None:
    """Tell the application of PDFs that are ready, on a portal that does."""
    if world.ways.of("conversion_event") != "fired":
        return
    for document in portal.documents.values():
        if document.is_announced or not document.is_converted(world.clock.now()):
            continue
        document.is_announced = True
        event = "ONCRMDOCUMENTGENERATORDOCUMENTUPDATE"
        events.fire(world, portal, event, {"FIELDS": event_fields(document)})


def event_fields(document: GeneratedDocument) -> dict[str, int]:
    """FIELDS of the generator's events."""
    return {
        "ID": document.id,
        "ENTITY_TYPE_ID": document.entity_type_id,
        "ENTITY_ID": document.entity_id,
    }
