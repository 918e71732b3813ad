from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from signing.papers.agreement import (
    LANGUAGES,
    TEMPLATE_VERSION,
    AgreementValues,
    Kind,
    agreement_pdf,
    agreement_text,
    mistake_of,
    shipped,
)
from tests.signing import papers

VALUES = AgreementValues(
    number="SX-2026-000431/С",
    date="24.11.2026",
    company="ООО «Север-Логистика»",
    company_signer="генеральный директор Қасымова Әлия Өмірқызы",
    counterparty="Ёлкин Пётр Алексеевич",
    address="elkin@mail.example",
    channel="письмо на электронную почту",
    service="SIGNX",
    operator="ООО «Сервис подписи»",
    operator_details="ИНН 7800000000",
)


def everything(values: AgreementValues, language: str) -> str:
    text = agreement_text(values, shipped(language))
    return "\n".join(clause for section in text.sections for _number, clause in section.clauses)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_gap_is_left_unfilled(language: str) -> None:
    text = everything(VALUES, language)

    assert "{" not in text
    for value in (VALUES.company, VALUES.counterparty, VALUES.address, VALUES.operator):
        assert value in text


def test_both_languages_have_the_same_sections_and_clauses() -> None:
    russian, english = (agreement_text(VALUES, shipped(language)) for language in LANGUAGES)

    assert [len(section.clauses) for section in russian.sections] == [
        len(section.clauses) for section in english.sections
    ]


def test_the_rules_that_the_law_asks_for_are_there() -> None:
    text = agreement_text(VALUES, shipped("ru"))

    headings = [section.heading for section in text.sections]
    assert headings[4] == "Как определяется подписавший"
    assert headings[5] == "Конфиденциальность ключа"
    assert headings[6] == "Проверка подписи и споры"
    clauses = dict(clause for section in text.sections for clause in section.clauses)
    assert "признаётся владелец электронного адреса" in clauses["5.2"]
    assert "обязана хранить ссылки и коды в тайне" in clauses["6.1"]
    assert "равнозначным документу на бумаге" in clauses["4.1"]
    assert "пункта 6.3" in clauses["2.1"]
    assert "Новый адрес начинает действовать" in clauses["6.3"]


def test_the_hash_belongs_to_the_template_and_not_to_the_values() -> None:
    other = replace(VALUES, counterparty="Другой человек")

    assert agreement_text(other, shipped("ru")).template_hash == shipped("ru").sha256
    assert shipped("ru").sha256 != shipped("en").sha256
    assert agreement_text(VALUES, shipped("ru")).version == TEMPLATE_VERSION


def test_braces_and_markup_in_a_name_are_only_text() -> None:
    values = replace(VALUES, counterparty="{address} <b>&amp; Ко</b>")

    assert "{address} <b>&amp; Ко</b>" in everything(values, "ru")
    assert "<b>&amp; Ко</b>" in "".join(papers.texts(agreement_pdf(values, shipped("ru"))))


def test_an_unknown_language_falls_back_to_english() -> None:
    assert (
        agreement_text(VALUES, shipped("de")).title == agreement_text(VALUES, shipped("en")).title
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_paper_holds_the_whole_text_and_is_the_same_each_time(language: str) -> None:
    pdf = agreement_pdf(VALUES, shipped(language))

    words = " ".join("".join(papers.texts(pdf)).split())
    for clause in everything(VALUES, language).splitlines():
        assert clause[:40] in words
    assert pdf == agreement_pdf(VALUES, shipped(language))


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_shipped_texts_have_no_mistake(language: str, kind: Kind) -> None:
    assert mistake_of(shipped(language, kind).text) == ""


@pytest.mark.parametrize(
    ("change", "mistake"),
    [
        (lambda text: text.replace("{address}", "{adress}"), "There is no gap {adress}."),
        (lambda text: text.replace("{address}", "the address"), "The gap {address} is missing."),
        (lambda text: text + " {", "A brace stands alone."),
        (lambda text: text + " {}", "A gap has no name."),
        (lambda text: text + " {company.__class__}", "There is no gap {company.__class__}."),
        (lambda text: text + " {company!r}", "There is no gap {company}."),
        (lambda text: text.replace("\n# ", "\n"), "Begin with a title of one line, then a"),
    ],
)
def test_a_text_that_cannot_be_used_is_refused_in_words(change: Any, mistake: str) -> None:
    assert str(mistake_of(change(shipped("en").text))).startswith(mistake)
