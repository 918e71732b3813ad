"""Values of robot inputs as Bitrix24 really sends them (bizproc basetype/*)."""

from __future__ import annotations

import pytest
from django.utils import translation

from documents.crm.references import PartyKind, PartyReference, SourceKind, SourceReference
from robots.parameters import Parameter
from robots.registry import robot
from robots.words import Words
from signx.errors import ErrorCode, SignXError

SEND = robot("signx_send")
STATUS = robot("signx_status")
ENOUGH = {"document": "61", "signer_company": "user_12", "signer_counterparty": "C_5"}


def refusal(properties: dict[str, object], language: str = "en") -> SignXError:
    with translation.override(language), pytest.raises(SignXError) as refused:
        SEND.read(properties)
    return refused.value


def test_the_least_that_a_process_must_give():
    given = SEND.read(ENOUGH)

    assert given.document == SourceReference(SourceKind.CRM_DOCUMENT, 61)
    assert given.signer_company == 12
    assert given.signer_counterparty == PartyReference(PartyKind.CONTACT, 5)
    assert given.responsible is given.crm_entity is given.agreement is None
    assert given.coordinates == ""
    assert given.wait_for == "sent"
    assert given.expires_in_days is None


@pytest.mark.parametrize("value", ["user_12", "12", ["user_12"], {"3": "user_12"}, " user_12\r\n"])
def test_a_single_user_may_come_as_text_or_list(value):
    assert SEND.read(ENOUGH | {"signer_company": value}).signer_company == 12


@pytest.mark.parametrize("value", ["", [], [""], None, " \r\n "])
@pytest.mark.parametrize("key", list(ENOUGH))
def test_an_empty_needed_parameter_is_missing_and_named_as_in_the_form(key, value):
    error = refusal(ENOUGH | {key: value})

    assert error.code == ErrorCode.PARAMETER_MISSING
    with translation.override("ru"):
        assert str(error.context["parameter"]) == SEND.title_of(key).ru


def test_no_properties_at_all_misses_the_first_parameter():
    assert refusal({}).detail == "document"


def test_the_first_bad_parameter_in_the_order_of_the_form_is_the_answer():
    error = refusal({"document": "61", "signer_company": "group_hr5", "signer_counterparty": ""})

    assert error.code == ErrorCode.PARAMETER_INVALID
    assert str(error.context["parameter"]) == SEND.title_of("signer_company").en


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"document": "договор"}, "61"),
        ({"document": ["61", "62"]}, "several"),
        ({"signer_company": "group_hr5"}, "group"),
        ({"signer_company": ["user_12", "user_15"]}, "several"),
        ({"signer_counterparty": "D_315"}, "C_5"),
        ({"signer_counterparty": ["C_5", "C_6"]}, "several"),
        ({"responsible": "Белова Анна"}, "user_12"),
        ({"crm_entity": "сделка"}, "DEAL_315"),
        ({"agreement": "да"}, "61"),
        ({"wait_for": "later"}, "sent, final"),
        ({"expires_in_days": "366"}, "1 to 365"),
        ({"expires_in_days": "-1"}, "1 to 365"),
        ({"expires_in_days": "14 дней"}, "1 to 365"),
        ({"expires_in_days": "٣"}, "1 to 365"),
        ({"coordinates": "слева внизу"}, ""),
    ],
)
def test_an_unreadable_parameter_says_what_would_be_right(changes, reason):
    error = refusal(ENOUGH | changes)

    (key,) = changes
    assert error.code == ErrorCode.PARAMETER_INVALID
    assert str(error.context["parameter"]) == SEND.title_of(key).en
    assert reason in str(error.context["reason"])
    assert str(error.context["reason"])


def test_the_same_value_given_twice_is_one_value():
    assert SEND.read(ENOUGH | {"signer_counterparty": ["C_5", "C_5"]}).signer_counterparty.id == 5


def test_an_empty_number_comes_as_zero():
    assert SEND.read(ENOUGH | {"expires_in_days": "0"}).expires_in_days is None


def test_the_agreement_is_a_wish_or_a_file():
    assert SEND.read(ENOUGH | {"agreement": "y"}).agreement is True
    assert SEND.read(ENOUGH | {"agreement": "N"}).agreement is False
    assert str(SEND.read(ENOUGH | {"agreement": "n9011"}).agreement) == "disk_9011"


def test_line_breaks_inside_a_text_become_spaces():
    given = SEND.read(ENOUGH | {"coordinates": "1=-1:20:240;\r\n2=-1:120:240"})

    assert given.coordinates == "1=-1:20:240; 2=-1:120:240"


def test_unknown_keys_and_other_case_are_legal():
    given = SEND.read({"DOCUMENT": "61", "Signer_Company": "12", "something": "else"} | ENOUGH)

    assert given.signer_company == 12


@pytest.mark.parametrize(
    ("language", "title"),
    [("ru", "Подписант, сторона 1"), ("en", "Signer, side 1"), ("kk", "Қол қоюшы, 1-тарап")],
)
def test_the_sentence_names_the_parameter_in_the_portals_language(language, title):
    error = refusal(ENOUGH | {"signer_company": ""}, language)

    with translation.override(language):
        assert title in error.sentence


def test_the_status_robot_needs_a_document_and_answers_at_once_by_default():
    assert STATUS.read({"document": " 7kqm-29xd-fhp3 "}).wait_for == "now"
    with pytest.raises(SignXError) as refused:
        STATUS.read({"wait_for": "final"})

    assert refused.value.code == ErrorCode.PARAMETER_MISSING


def test_a_kind_of_parameter_that_reads_nothing_cannot_be_made():
    words = Words(ru="а", kz="а", en="a")
    unread = type("Unread", (Parameter,), {})

    with pytest.raises(TypeError, match="read"):
        unread(title=words, hint=words)
