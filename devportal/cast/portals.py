"""Both portals as they are in the beginning: people, cards, documents."""

from __future__ import annotations

from typing import Any

from devportal.cast import (
    CLERK,
    COMPANY_MAIN,
    CONTACT_MAIN,
    CONTACT_NO_EMAIL,
    DEAL_MAIN,
    DEAL_NO_CONTACT,
    DEAL_NO_EMAIL,
    HR,
    HR_ITEM,
    MEMBER_ID,
    OTHER_MEMBER_ID,
)
from devportal.cast.papers import documents_of
from devportal.cast.people import SEVER, VOSTOK, Company
from devportal.config import Config
from devportal.portals.portal import COMPANY, CONTACT, DEAL, SMART_PROCESS, Installation, Portal


def build_portals(config: Config, now: float) -> list[Portal]:
    """Both portals as they are before anything happened."""
    first = _portal(config, config.domain, MEMBER_ID, VOSTOK, row_id=3, now=now)
    second = _portal(config, config.other_domain, OTHER_MEMBER_ID, SEVER, row_id=4, now=now)
    return [first, second]


def _portal(
    config: Config, domain: str, member_id: str, company: Company, *, row_id: int, now: float
) -> Portal:
    portal = Portal(
        domain=domain,
        renamed_domain=_renamed(domain),
        member_id=member_id,
        title=company.title,
        language=config.language,
        app=Installation(row_id=row_id),
    )
    portal.users = {user.id: user for user in company.users()}
    _fill_crm(portal, company, now)
    portal.documents = {
        document.id: document for document in documents_of(company, config.conversion_s, now)
    }
    return portal


def new_item(
    portal: Portal, entity_type_id: int, fields: dict[str, Any], now: float
) -> dict[str, Any]:
    """Add a CRM item; fields that its type has and `fields` does not name are empty."""
    item_id = 1 + max((one for kind, one in portal.crm if kind == entity_type_id), default=1000)
    empty: dict[str, Any] = {"title": ""}
    if entity_type_id == CONTACT:
        empty = {"name": "", "lastName": "", "secondName": "", "post": "", "fm": []}
    if entity_type_id in (CONTACT, DEAL):
        empty |= {"companyId": 0, "companyIds": []}
    if entity_type_id == DEAL:
        empty |= {"stageId": "NEW", "categoryId": 0, "contactId": 0, "contactIds": []}
        empty |= {"opportunity": 0, "currencyId": "RUB"}
    _Adder(portal, now)(entity_type_id, item_id, **(empty | fields))
    return portal.crm[entity_type_id, item_id]


def _renamed(domain: str) -> str:
    # localhost has no subdomains that resolve everywhere, its address does.
    host, colon, port = domain.partition(":")
    return f"127.0.0.1{colon}{port}" if host == "localhost" else f"new-{domain}"


def _fill_crm(portal: Portal, company: Company, now: float) -> None:
    add = _Adder(portal, now)
    partner, contact, shy = company.partner, company.contact, company.contact_without_email
    add(COMPANY, COMPANY_MAIN, title=partner.short_name, fm=_fm(partner.email, partner.phone))
    for item_id, person in ((CONTACT_MAIN, contact), (CONTACT_NO_EMAIL, shy)):
        add(
            CONTACT,
            item_id,
            name=person.name,
            lastName=person.last_name,
            secondName=person.second_name,
            post=person.position,
            companyId=COMPANY_MAIN if item_id == CONTACT_MAIN else 0,
            companyIds=[COMPANY_MAIN] if item_id == CONTACT_MAIN else [],
            fm=_fm(person.email, person.phone),
        )
    for item_id, title, contact_id, amount in (
        (DEAL_MAIN, company.deal_title, CONTACT_MAIN, 2_347_100),
        (DEAL_NO_EMAIL, "Сервисное обслуживание на 2027 год", CONTACT_NO_EMAIL, 384_000),
        (DEAL_NO_CONTACT, "Аренда погрузчика", 0, 96_000),
    ):
        add(
            DEAL,
            item_id,
            title=title,
            stageId="PREPARATION",
            categoryId=0,
            companyId=COMPANY_MAIN if item_id == DEAL_MAIN else 0,
            contactId=contact_id,
            contactIds=[contact_id] if contact_id else [],
            opportunity=amount,
            currencyId="RUB",
        )
    add(SMART_PROCESS, HR_ITEM, title="Кадровое уведомление № 24-К", stageId="DT128_8:NEW")


class _Adder:
    def __init__(self, portal: Portal, now: float) -> None:
        self._portal = portal
        self._now = now

    def __call__(self, entity_type_id: int, item_id: int, **fields: Any) -> None:
        self._portal.crm[entity_type_id, item_id] = {
            "id": item_id,
            "entityTypeId": entity_type_id,
            "createdBy": CLERK,
            "updatedBy": CLERK,
            "assignedById": HR if entity_type_id == SMART_PROCESS else CLERK,
            "createdTime": self._now - 86_400,
            "updatedTime": self._now - 3_600,
            "observers": [],
            **fields,
        }


def _fm(email: str, phone: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for number, (kind, value) in enumerate((("PHONE", phone), ("EMAIL", email)), start=101):
        if value:
            rows.append({"id": number, "typeId": kind, "valueType": "WORK", "value": value})
    return rows
