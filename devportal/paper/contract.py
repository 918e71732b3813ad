"""A sales contract of about four pages, with a specification, requisites and signature places."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from reportlab.lib.units import mm
from reportlab.platypus import Flowable, KeepTogether, Paragraph, Spacer

from devportal.paper import layout
from devportal.paper.contract_text import GOODS, SECTIONS


@dataclass(frozen=True, slots=True)
class Party:
    """One side of a contract. `acting` is the person in the genitive, as the preamble wants it."""

    name: str
    short_name: str
    acting: str
    signer: str
    post: str
    address: str
    inn: str
    kpp: str
    ogrn: str
    account: str
    bank: str
    bic: str
    email: str
    phone: str


@dataclass(frozen=True, slots=True)
class ContractFacts:
    """What differs from one contract to the next."""

    number: str
    date: str
    city: str
    seller: Party
    buyer: Party


@cache
def contract_pdf(facts: ContractFacts) -> bytes:
    """The contract as PDF bytes."""
    layout.register_fonts()
    story: list[Flowable] = [
        Paragraph(f"Договор поставки № {facts.number}", layout.TITLE),
        Spacer(1, 2 * mm),
        layout.columns(
            [Paragraph(f"г. {facts.city}", layout.LEFT)], [Paragraph(facts.date, layout.RIGHT)]
        ),
        Spacer(1, 2 * mm),
        Paragraph(_preamble(facts), layout.BODY),
    ]
    for title, clauses in SECTIONS:
        story.append(Paragraph(title, layout.HEAD))
        story += [Paragraph(clause, layout.BODY) for clause in clauses]
    story += _specification()
    story += _requisites(facts)
    footer = f"Договор поставки № {facts.number} от {facts.date}"
    return layout.build_pdf(story, title=f"Договор поставки № {facts.number}", footer=footer)


def _preamble(facts: ContractFacts) -> str:
    seller, buyer = facts.seller, facts.buyer
    return (
        f"{seller.name}, именуемое в дальнейшем «Поставщик», в лице {seller.acting}, "
        f"с одной стороны, и {buyer.name}, именуемое в дальнейшем «Покупатель», "
        f"в лице {buyer.acting}, с другой стороны, вместе именуемые «Стороны», заключили "
        "настоящий договор (далее — «Договор») о нижеследующем."
    )


def _money(value: int) -> str:
    return f"{value:,}".replace(",", "\u00a0") + ",00"


def _specification() -> list[Flowable]:
    rows = [["№", "Наименование товара", "Ед.", "Кол-во", "Цена, ₽", "Сумма, ₽"]]
    total = 0
    for number, (name, unit, count, price) in enumerate(GOODS, start=1):
        total += count * price
        rows.append([str(number), name, unit, str(count), _money(price), _money(count * price)])
    rows.append(["", "<b>Итого, без НДС</b>", "", "", "", f"<b>{_money(total)}</b>"])
    return [
        Paragraph("9. Спецификация", layout.HEAD),
        Paragraph(
            "9.1. Наименование, количество и цена товара, согласованные Сторонами:", layout.BODY
        ),
        layout.table(rows, [9, 72, 14, 17, 27, 31], right=(3, 4, 5)),
        Spacer(1, 2.5 * mm),
        Paragraph(
            f"9.2. Общая стоимость товара составляет {_money(total)} ₽ "
            "(НДС не облагается в связи с применением Поставщиком упрощённой системы "
            "налогообложения). Срок поставки — не позднее 20 рабочих дней с даты поступления "
            "предоплаты. Срок действия цены — 30 календарных дней.",
            layout.BODY,
        ),
    ]


def _requisites(facts: ContractFacts) -> list[Flowable]:
    seller, buyer = facts.seller, facts.buyer
    details = layout.columns(_details("Поставщик", seller), _details("Покупатель", buyer))
    places = layout.columns(
        _signature_place(seller, "От Поставщика"), _signature_place(buyer, "От Покупателя")
    )
    return [
        KeepTogether(
            [
                Paragraph("10. Адреса, реквизиты и подписи Сторон", layout.HEAD),
                details,
                Spacer(1, 6 * mm),
                places,
                Spacer(1, 38 * mm),
            ]
        )
    ]


def _details(label: str, party: Party) -> list[Flowable]:
    lines = [
        f"<b>{label}</b>",
        f"<b>{party.short_name}</b>",
        f"Адрес: {party.address}",
        f"ИНН {party.inn}, КПП {party.kpp}",
        f"ОГРН {party.ogrn}",
        f"Р/с {party.account}",
        f"{party.bank}, БИК {party.bic}",
        f"Эл. почта: {party.email}",
        f"Тел.: {party.phone}",
    ]
    return [Paragraph(line, layout.LEFT) for line in lines]


def _signature_place(party: Party, caption: str) -> list[Flowable]:
    return [
        Paragraph(f"<b>{caption}</b>", layout.LEFT),
        Paragraph(party.post, layout.LEFT),
        Spacer(1, 5 * mm),
        Paragraph(f"____________________ / {party.signer} /", layout.LEFT),
    ]
