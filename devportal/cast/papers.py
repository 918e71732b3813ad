"""The generated documents that both portals start with; their bytes are made when asked for."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

from devportal.cast.people import Company
from devportal.paper.contract import ContractFacts, contract_pdf
from devportal.paper.faulty import damaged_pdf, encrypted_pdf, not_a_pdf, simple_docx
from devportal.paper.notice import notice_pdf
from devportal.portals.portal import DEAL, SMART_PROCESS, GeneratedDocument

DEFAULT_TITLE = "Договор поставки № 24/11-П"


def default_contract(company: Company) -> bytes:
    """The sales contract between a company and its partner."""
    facts = ContractFacts(
        number="24/11-П",
        date="24 ноября 2026 г.",
        city=company.own.address.split("г. ")[1].split(",")[0],
        seller=company.own,
        buyer=company.partner,
    )
    return contract_pdf(facts)


def documents_of(company: Company, conversion_s: float, now: float) -> list[GeneratedDocument]:
    """Documents 61 to 69 of `devportal.cast`."""
    contract = partial(default_contract, company)
    employee = company.employee(7)
    notice = partial(
        notice_pdf, company.own.short_name, company.own.signer, employee.full_name,
        employee.position,
    )  # fmt: skip
    rows: list[tuple[int, str, int, int, Callable[[], bytes], float, bool]] = [
        (61, DEFAULT_TITLE, DEAL, 315, contract, conversion_s, False),
        (62, "Уведомление № 24-К", SMART_PROCESS, 6, notice, conversion_s, False),
        (63, "Счёт на оплату № 118", DEAL, 315, contract, math.inf, False),
        (64, "Акт сверки за III квартал", DEAL, 315, contract, conversion_s, True),
        (65, "Соглашение о неразглашении", DEAL, 315, encrypted_pdf, conversion_s, False),
        (66, "Спецификация № 2", DEAL, 315, partial(_damaged, contract), conversion_s, False),
        (67, "Коммерческое предложение", DEAL, 315, not_a_pdf, conversion_s, False),
        (68, "Договор обслуживания № 7-С", DEAL, 316, contract, conversion_s, False),
        (69, "Договор аренды № 31", DEAL, 317, contract, conversion_s, False),
    ]
    return [
        GeneratedDocument(
            id=number,
            title=title,
            number=str(number - 60),
            entity_type_id=entity_type_id,
            entity_id=entity_id,
            created_at=now - 3600,
            updated_at=now - 3600,
            created_by=12,
            pdf=pdf,
            docx=partial(simple_docx, title),
            conversion_s=seconds,
            conversion_fails=fails,
        )
        for number, title, entity_type_id, entity_id, pdf, seconds, fails in rows
    ]


def _damaged(whole: Callable[[], bytes]) -> bytes:
    return damaged_pdf(whole())
