"""The journal: its lines, filters and pages."""

from __future__ import annotations

import pytest

from documents.models import Document
from journal.models import AuditEvent
from journal.pages.views import PAGE_SIZE
from tests.frame.desk import Desk


def test_lines_tell_who_and_what_with_every_field(director: Desk, sent: Document) -> None:
    html = director.read("/app/journal/")
    event = AuditEvent.objects.filter(subject_id=sent.public_id).first()

    assert event is not None
    assert "Document created" in html
    assert sent.number in html
    assert event.hash in html


def test_filter_by_kind_and_document(director: Desk, sent: Document) -> None:
    html = director.read("/app/journal/", kind="document_created", document=sent.number)

    assert html.count("<tr>") == 2  # the head and the one event
    assert "No event fits" in director.read("/app/journal/", document="2222-2222-2222")


@pytest.mark.parametrize("mistake", [{"kind": "nonsense"}, {"since": "вчера"}, {"before": "x"}])
def test_filter_that_cannot_be_read_filters_nothing(
    director: Desk, sent: Document, mistake: dict[str, str]
) -> None:
    assert "Document created" in director.read("/app/journal/", **mistake)


def test_events_of_another_portal_are_not_shown(
    director: Desk, stranger: Desk, sent: Document
) -> None:
    assert sent.number in director.read("/app/journal/")
    assert sent.number not in stranger.read("/app/journal/")


def test_pages_show_every_event_once(director: Desk, newcomer: Desk, sent: Document) -> None:
    for number in range(PAGE_SIZE):
        director.post("/app/employees/30/rights/journal", {"on": str((number + 1) % 2)})
    total = AuditEvent.objects.filter(portal=sent.portal).count()

    first = director.read("/app/journal/")
    before = first.partition("before=")[2].partition('"')[0]
    second = director.read("/app/journal/events", before=before)

    assert first.count("<pre") + second.count("<pre") == total
