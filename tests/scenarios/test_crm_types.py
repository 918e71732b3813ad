"""Settings decide which CRM items besides deals a robot may bind a document to."""

from __future__ import annotations

import re

import pytest

from devportal import cast
from documents.models import PortalSettings
from employees.people.directory import find_employee
from tests.frame.desk import Desk

GENERAL = {
    "organisation": "ООО «Контора»",
    "expires_in_days": "14",
    "coordinates": "",
    "agreement": "when_needed",
    "signing_order": "company_first",
}
NAMED, NUMBERS = "allowed_entity_types_named", "allowed_entity_types_numbers"


@pytest.fixture
def desk(portal):
    return Desk(find_employee(portal, cast.DIRECTOR))


def allowed(portal):
    return PortalSettings.objects.of(portal).allowed_entity_types


def test_types_are_chosen_by_name_and_by_number(desk, portal):
    chosen = GENERAL | {NAMED: ["1", "31"], NUMBERS: "177; 128,128"}

    desk.post("/app/settings/documents", chosen)
    page = desk.post("/app/settings/documents", chosen).content.decode()

    assert allowed(portal) == [1, 31, 128, 177]
    assert "Saved" in page
    html = desk.read("/app/settings/")
    assert 'value="128, 177"' in html
    assert re.findall(r'name="allowed_entity_types_named" value="(\d+)"[^>]* checked', html) == [
        "1",
        "31",
    ]


@pytest.mark.parametrize("typed", ["12", "сделки", "128-", "-5"])
def test_what_is_no_smart_process_is_told(desk, portal, typed):
    page = desk.post("/app/settings/documents", GENERAL | {NUMBERS: typed}).content.decode()

    assert "128, 177" in page
    assert 'id="id_allowed_entity_types_error"' in page
    assert allowed(portal) == []


def test_an_unknown_name_is_refused(desk, portal):
    desk.post("/app/settings/documents", GENERAL | {NAMED: ["3"]})

    assert allowed(portal) == []
