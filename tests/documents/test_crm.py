"""The portal's answers, judged: what is a verdict, what is only a reason to ask again."""

from __future__ import annotations

from typing import Any

import pytest

from bitrix24.models import Portal
from bitrix24.rest.client import BatchAnswer
from bitrix24.wire.errors import BitrixError
from documents.crm.lookup import Facts, StillConverting, Wanted
from documents.crm.references import read_item, read_party, read_source
from signx.errors import ErrorCode, SignXError

CONTACT = {
    "id": 5,
    "lastName": "Зайцева",
    "name": "Ирина",
    "secondName": "Львовна",
    "companyId": 3,
    "fm": [
        {"typeId": "EMAIL", "value": "не адрес"},
        {"typeId": "EMAIL", "value": "zaytseva@zakazchik.example"},
        {"typeId": "PHONE", "value": "+7 495 000-00-01"},
    ],
}
BUSY = BitrixError(ErrorCode.PORTAL_BUSY, bitrix_code="OPERATION_TIME_LIMIT")
GONE = BitrixError(ErrorCode.NOT_FOUND, bitrix_code="NOT_FOUND")
FORBIDDEN = BitrixError(ErrorCode.RIGHT_MISSING, bitrix_code="ACCESS_DENIED")


def facts(
    results: dict[str, Any] | None = None,
    errors: dict[str, BitrixError] | None = None,
    *,
    document: str = "61",
    party: str = "C_5",
    item: str = "315",
) -> Facts:
    wanted = Wanted(read_source(document), (read_party(party),), read_item(item))
    answer = BatchAnswer(_of_the_first(results or {}), _of_the_first(errors or {}))
    return Facts(Portal(pk=1), wanted, answer)


def _of_the_first(answers: dict[str, Any]) -> dict[str, Any]:
    """Keys as the batch has them: parties are counted."""
    counted = {"contact", "company", "contacts"}
    return {f"{key}0" if key in counted else key: found for key, found in answers.items()}


def test_a_contact_is_the_other_side_with_the_first_address_that_works():
    known = facts(
        {"contact": {"item": CONTACT}, "company": {"item": {"id": 3, "title": "Заказчик"}}}
    )

    other = known.counterparty()

    assert other.name == "Зайцева Ирина Львовна"
    assert other.email == "zaytseva@zakazchik.example"
    assert (other.phone, other.organisation) == ("+7 495 000-00-01", "Заказчик")
    assert other.reference == "contact:5"


def test_a_contact_without_a_company_signs_for_himself():
    known = facts({"contact": {"item": CONTACT}}, {"company": GONE})

    assert known.counterparty().organisation == ""


@pytest.mark.parametrize("key", ["contact", "company"])
def test_a_busy_portal_is_no_verdict_on_the_contact(key):
    results = {"contact": {"item": CONTACT}, "company": {"item": {"id": 3, "title": "Заказчик"}}}
    del results[key]

    with pytest.raises(BitrixError) as waiting:
        facts(results, {key: BUSY}).counterparty()

    assert waiting.value is BUSY


def test_a_busy_portal_is_no_verdict_on_the_document_or_the_deal():
    busy = facts(errors={"document": BUSY, "item": BUSY})

    for judge in (busy.document, lambda: busy.crm_entity([])):
        with pytest.raises(BitrixError):
            judge()


@pytest.mark.parametrize("refusal", [GONE, FORBIDDEN])
def test_what_the_application_may_not_see_is_not_found(refusal):
    unseen = facts(errors={"document": refusal, "contact": refusal, "item": refusal})
    judges = {
        ErrorCode.DOCUMENT_NOT_FOUND: unseen.document,
        ErrorCode.CONTACT_NOT_FOUND: unseen.counterparty,
        ErrorCode.CRM_ENTITY_NOT_FOUND: lambda: unseen.crm_entity([]),
    }

    for code, judge in judges.items():
        with pytest.raises(SignXError) as refused:
            judge()
        assert refused.value.code == code


@pytest.mark.parametrize("answer", [[], {}, None, {"item": []}, {"document": []}, {"items": []}])
def test_an_empty_answer_is_not_found(answer):
    empty = facts({"document": answer, "contact": answer, "item": answer})

    for judge in (empty.document, empty.counterparty, lambda: empty.crm_entity([])):
        with pytest.raises(SignXError):
            judge()


def test_a_document_without_a_pdf_is_still_being_converted_until_it_failed():
    row = {"id": "61", "title": "Договор", "isTransformationError": False}

    with pytest.raises(StillConverting) as waiting:
        facts({"document": {"document": row}}).document()
    assert waiting.value.too_long().code == ErrorCode.DOCUMENT_NOT_READY

    row |= {"isTransformationError": True, "transformationErrorMessage": "Шаблон повреждён"}
    with pytest.raises(SignXError) as refused:
        facts({"document": {"document": row}}).document()
    assert refused.value.code == ErrorCode.DOCUMENT_NOT_READY
    assert "Шаблон повреждён" in refused.value.sentence


def test_a_disk_file_over_the_limit_is_not_even_downloaded(settings):
    settings.FILE_LIMIT_BYTES = 1000
    row = {"ID": "9011", "NAME": "Договор.pdf", "SIZE": "1001", "DOWNLOAD_URL": "http://x/1"}

    with pytest.raises(SignXError) as refused:
        facts({"document": row}, document="disk_9011").document()

    assert refused.value.code == ErrorCode.DOCUMENT_INVALID


def test_a_type_that_is_not_allowed_is_refused_before_it_is_looked_for():
    with pytest.raises(SignXError) as refused:
        facts(errors={"item": GONE}, item="T80_6").crm_entity([])
    assert refused.value.code == ErrorCode.CRM_ENTITY_NOT_ALLOWED

    with pytest.raises(SignXError) as refused:
        facts(errors={"item": GONE}, item="T80_6").crm_entity([128])
    assert refused.value.code == ErrorCode.CRM_ENTITY_NOT_FOUND


def test_every_empty_field_is_named():
    nameless = {"id": 5, "fm": []}

    with pytest.raises(SignXError) as refused:
        facts({"contact": {"item": nameless}}).counterparty()

    assert refused.value.code == ErrorCode.CONTACT_INCOMPLETE
    assert str(refused.value.context["contact"]) == "C_5"
    assert len(str(refused.value.context["fields"]).split(", ")) == 2
