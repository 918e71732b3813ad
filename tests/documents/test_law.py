"""What the law refuses, and what it leaves to the parties."""

from __future__ import annotations

import pytest

from documents.core import law
from signing.base import Level
from signx.errors import ErrorCode, SignXError

BOTH = ("company", "counterparty")


@pytest.mark.parametrize(
    ("title", "code"),
    [
        ("Трудовой договор № 12 от 01.12.2026", "labour_contract"),
        ("Дополнительное соглашение № 2 к трудовому договору", "labour_contract"),
        ("Договор о полной материальной ответственности", "labour_contract"),
        ("Ученический договор", "labour_contract"),
        ("Приказ об увольнении Сидорова С. С.", "dismissal_order"),
        ("Приказ о прекращении трудового договора", "dismissal_order"),
        ("Акт о несчастном случае на производстве", "accident"),
        ("Журнал инструктажа на рабочем месте", "safety_briefing"),
        ("Сведения СТД-Р", "work_book"),
        ("Приказ об объявлении выговора", "penalty"),
        ("Заявление на увольнение по собственному желанию", "own_will"),
        # as files are named, and as people turn words around
        ("Трудовой_договор_Сидоров.pdf", "labour_contract"),
        ("Трудовой-договор", "labour_contract"),
        ("Договор трудовой № 5", "labour_contract"),
        ("Трудовые договоры филиала", "labour_contract"),
        ("Изменения в трудовом договоре", "labour_contract"),
        ("Договор ученический", "labour_contract"),
        ("Приказ_об_увольнении_Сидорова", "dismissal_order"),
        ("Об увольнении Сидорова. Приказ № 5", "dismissal_order"),
        (
            "Приказ (распоряжение) о прекращении (расторжении) трудового договора с работником",
            "dismissal_order",
        ),
        ("Приказ по форме Т-8", "dismissal_order"),
        ("Акт (форма Н-1)", "accident"),
    ],
)
def test_a_one_time_code_is_not_enough_for_labour_documents(title: str, code: str) -> None:
    with pytest.raises(SignXError) as caught:
        law.refuse_level(title, BOTH, "simple")

    assert caught.value.code == ErrorCode.SIGNATURE_LEVEL_REFUSED
    assert caught.value.detail.startswith(code)
    assert law.TABLE_VERSION in caught.value.detail
    assert "—" not in caught.value.sentence  # every gap of the sentence is filled


@pytest.mark.parametrize(
    "title",
    [
        "Договор оказания услуг № 24-117",
        "Договор поставки оборудования",
        "Акт выполненных работ",
        "Счёт на оплату № 300",
        "Согласие на обработку персональных данных",
        "Договор подряда (трудовые ресурсы заказчика)",
        "Заявление на отпуск",
        "Приказ о направлении в командировку",
        "Договор на обучение персонала заказчика",
    ],
)
def test_ordinary_papers_are_left_to_the_parties(title: str) -> None:
    law.refuse_level(title, BOTH, "simple")

    assert law.rule_for(title) is None


@pytest.mark.parametrize("level", list(Level))
def test_what_must_stay_on_paper_is_refused_at_every_level(level: Level) -> None:
    with pytest.raises(SignXError):
        law.refuse_level("Приказ об увольнении", ["company"], level)


def test_the_employer_needs_more_than_the_employee() -> None:
    law.refuse_level("Трудовой договор", ["counterparty"], "unqualified")

    with pytest.raises(SignXError):
        law.refuse_level("Трудовой договор", ["company"], "unqualified")
    law.refuse_level("Трудовой договор", BOTH, "qualified")


def test_training_of_an_employee_is_no_civil_contract() -> None:
    for title in ("Договор на обучение", "Договор на получение образования № 3"):
        with pytest.raises(SignXError) as caught:
            law.refuse_level(title, ["company"], "unqualified", personnel=True)
        assert caught.value.detail.startswith("training")


def test_the_employer_signs_no_personnel_document_with_a_code() -> None:
    title = "Приказ о приёме на работу"

    with pytest.raises(SignXError) as caught:
        law.refuse_level(title, ["company"], "simple", personnel=True)

    assert caught.value.detail.startswith("personnel")
    law.refuse_level(title, ["company"], "unqualified", personnel=True)
    law.refuse_level(title, ["counterparty"], "simple", personnel=True)


def test_every_refusal_has_advice() -> None:
    for rule in law.TABLE:
        for party in BOTH:
            for level in set(Level) - rule.levels[party]:
                with pytest.raises(SignXError) as caught:
                    law.refuse_level(_title_of(rule), [party], level, personnel=True)
                assert caught.value.detail.startswith(rule.code)
                assert caught.value.context["reason"]


def _title_of(rule: law.Rule) -> str:
    titles = {
        "work_book": "Дубликат трудовой книжки",
        "accident": "Акт о несчастном случае",
        "dismissal_order": "Приказ об увольнении",
        "safety_briefing": "Лист инструктажа",
        "labour_contract": "Трудовой договор",
        "training": "Договор об обучении",
        "penalty": "Дисциплинарное взыскание",
        "change_notice": "Уведомление об изменении условий трудового договора",
        "own_will": "Заявление об увольнении",
        "personnel": "График отпусков",
    }
    return titles[rule.code]
