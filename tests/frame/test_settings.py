"""Settings: documents and notices. The robots' switches speak with the portal: tests/robots."""

from __future__ import annotations

import pytest

from documents.models import PortalSettings
from documents.news.notices import DEFAULT_MATRIX
from journal.events import EventKind
from journal.models import AuditEvent
from tests.frame.desk import Desk

GENERAL = {
    "organisation": "ООО «Контора»",
    "expires_in_days": "21",
    "coordinates": "1=-1:20:250; 2=-1:110:250",
    "agreement": "always",
    "signing_order": "together",
}


def changes() -> int:
    return AuditEvent.objects.filter(kind=EventKind.SETTINGS_CHANGED).count()


def test_page_shows_robots_documents_and_notices(director: Desk) -> None:
    html = director.read("/app/settings/")

    assert html.count('role="switch"') == 3
    assert "Switched off" in html
    assert 'name="organisation"' in html
    assert html.count(" checked") == sum(len(people) for people in DEFAULT_MATRIX.values())


def test_saving_twice_changes_once(director: Desk) -> None:
    for _twice in range(2):
        answer = director.post("/app/settings/documents", GENERAL)
        assert "Saved" in answer.content.decode()

    saved = PortalSettings.objects.of(director.employee.portal)
    assert saved.organisation == "ООО «Контора»"
    assert saved.expires_in_days == 21
    assert changes() == 1


@pytest.mark.parametrize(
    ("field", "typed", "told"),
    [
        ("expires_in_days", "0", "greater than or equal to 1"),
        ("expires_in_days", "много", "whole number"),
        ("coordinates", "1=9:", "position 5"),
        ("agreement", "sometimes", "valid choice"),
    ],
)
def test_mistake_is_told_beside_its_field_and_nothing_is_saved(
    director: Desk, field: str, typed: str, told: str
) -> None:
    answer = director.post("/app/settings/documents", GENERAL | {field: typed})

    html = answer.content.decode()
    assert told in html
    assert f'id="id_{field}_error"' in html
    assert "ООО «Контора»" in html  # what was typed stays
    assert changes() == 0


def test_notices_are_kept_even_when_nobody_is_to_be_told(director: Desk) -> None:
    director.post("/app/settings/notices", {"marks": ["sent:sender", "declined:responsible"]})

    notices = PortalSettings.objects.of(director.employee.portal).notices
    assert notices["sent"] == ["sender"]
    assert notices["declined"] == ["responsible"]
    assert notices["completed"] == []
    assert set(notices) == set(DEFAULT_MATRIX)


def test_unknown_mark_is_refused(director: Desk) -> None:
    answer = director.post("/app/settings/notices", {"marks": ["sent:everybody"]})

    assert "sx-field__error" in answer.content.decode()
    assert PortalSettings.objects.of(director.employee.portal).notices == {}


def test_stranger_changes_his_own_settings_alone(director: Desk, stranger: Desk) -> None:
    stranger.post("/app/settings/documents", GENERAL)

    changed = PortalSettings.objects.of(stranger.employee.portal)
    assert changed.organisation == GENERAL["organisation"]
    assert PortalSettings.objects.of(director.employee.portal).organisation == ""


def test_adding_to_signed_files_is_off_until_somebody_turns_it_on(director: Desk) -> None:
    assert not PortalSettings.objects.of(director.employee.portal).adds_to_signed
    html = director.read("/app/settings/")
    assert "Add signatures to files that are signed already" in html

    director.post("/app/settings/documents", GENERAL | {"adds_to_signed": "on"})

    assert PortalSettings.objects.of(director.employee.portal).adds_to_signed
    assert changes() == 1
