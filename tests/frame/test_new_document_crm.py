"""The page «New document» with a portal on the other side: CRM parties, the deal's tab, outages."""

from __future__ import annotations

from typing import Any

import pytest

from bitrix24.models import Portal
from devportal import cast
from devportal.world import World
from documents.drafts import services
from documents.models import Draft
from employees.balances import ledger
from employees.models import SignatureProfile
from employees.people.directory import find_employee
from tests.factories import NOON
from tests.frame.desk import Desk
from tests.frame.new_document import address, begun, document_of, fault, send

DEAL = 315


@pytest.fixture
def boss(portal: Portal) -> Desk:
    """The portal's director at his desk, with a signature that works."""
    director = find_employee(portal, cast.DIRECTOR)
    SignatureProfile.objects.create(
        employee=director,
        state=SignatureProfile.State.CONFIRMED,
        email="director@vostok.example",
        turned_on_at=NOON,
        confirmed_at=NOON,
    )
    ledger.top_up(portal, units=5, reason="Договор 7", actor="admin:support", at=NOON)
    return Desk(director)


def from_crm(reference: str, **more: Any) -> dict[str, Any]:
    return {
        "signer": str(cast.DIRECTOR),
        "p0-how": "crm",
        "p0-reference": reference,
        "p0-label": "",
        **more,
    }


def test_a_contact_and_a_company_s_contact_are_asked_as_the_crm_knows_them(
    boss: Desk, devportal: World
) -> None:
    draft = begun(boss)

    send(boss, draft, crm_entity="DEAL_315", **from_crm("C_5"))

    document = document_of(draft)
    other = document.signers.get(key="2")
    assert (other.crm_contact_id, bool(other.email), bool(other.organisation)) == (5, True, True)
    assert (document.crm_binding.entity_id, bool(document.crm_binding.title)) == (DEAL, True)


def test_a_company_signs_by_its_main_contact(boss: Desk) -> None:
    draft = begun(boss)

    send(boss, draft, **from_crm("CO_3"))

    assert document_of(draft).signers.get(key="2").crm_contact_id == 5


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        (from_crm("C_6"), "p0-reference", "Fill in these fields"),
        (from_crm("C_777"), "p0-reference", "was not found in the CRM"),
        (from_crm("user_99999"), "p0-reference", "was not found in the CRM"),
        (from_crm("C_5", crm_entity="31599"), "crm_entity", "was not found in the CRM"),
        (from_crm("C_5", crm_entity="T80_6"), "crm_entity", "only deals are allowed"),
    ],
)
def test_what_the_crm_refuses_is_told_beside_the_field(
    boss: Desk, changes: dict[str, Any], field: str, sentence: str
) -> None:
    draft = begun(boss)

    page = send(boss, draft, **changes)

    assert sentence in fault(page, field), page
    draft.refresh_from_db()
    assert draft.document is None


def test_a_portal_that_does_not_answer_loses_nothing(boss: Desk, devportal: World) -> None:
    draft = begun(boss)
    devportal.faults.set({"http_502": 1.0})

    page = send(boss, draft, **from_crm("C_5"))
    assert "Bitrix24 does not answer" in page
    devportal.faults.clear()
    send(boss, draft, **from_crm("C_5"))

    assert document_of(draft).signers.count() == 2


def test_from_the_deal_s_tab_the_deal_and_its_contact_are_there(boss: Desk) -> None:
    tab = Desk(boss.employee, deal=DEAL)
    assert 'hx-get="/app/new"' in tab.read("/app/deal")

    draft = begun(tab)

    page = tab.read(address(draft))
    assert 'value="DEAL_315"' in page
    assert 'value="C_5"' in page
    assert services.find(boss.employee, draft.public_id).answers["p0-label"].startswith("C_5 ")


def test_from_the_deal_s_tab_a_silent_portal_costs_only_the_comfort(
    boss: Desk, devportal: World
) -> None:
    devportal.faults.set({"http_502": 1.0})

    draft = begun(Desk(boss.employee, deal=DEAL))

    assert (draft.answers["crm_entity"], "p0-reference" in draft.answers) == ("DEAL_315", False)
    assert Draft.objects.count() == 1
