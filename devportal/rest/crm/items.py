"""`crm.item.*`: leads, deals, contacts, companies, invoices and smart processes, in camelCase."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from devportal.clock import iso
from devportal.errors import RestError
from devportal.portals.crm_types import crm_type
from devportal.portals.portal import COMPANY, CONTACT
from devportal.rest.filters import fits, parse_filter
from devportal.rest.registry import Call, Page, page_of, rest_method

_TIMES = ("createdTime", "updatedTime")
_WITH_CHANNELS = (CONTACT, COMPANY)


@rest_method("crm.item.get", "crm")
def item_get(call: Call) -> dict[str, Any]:
    """One item with its channels (`fm`) where the type has any. 400 NOT_FOUND."""
    entity_type_id = _type(call)
    item = call.portal.item(entity_type_id, call.integer("id"))
    if item is None:
        raise RestError("NOT_FOUND", "Элемент не найден")
    if not call.portal.can_read(call.user, entity_type_id, item["id"]):
        raise RestError("ACCESS_DENIED", "Доступ запрещён")
    return {"item": _row(item, with_channels=True)}


@rest_method("crm.item.list", "crm")
def item_list(call: Call) -> Page:
    """Readable items by filter and order; `fm` only with `select: ["*"]`."""
    entity_type_id = _type(call)
    items = [
        row
        for (kind, item_id), row in call.portal.crm.items()
        if kind == entity_type_id and call.portal.can_read(call.user, kind, item_id)
    ]
    conditions = parse_filter(call.params.get("filter"), _known_fields(items))
    rows = [row for row in items if fits(row, conditions)]
    for name, direction in reversed(_order(call)):
        rows.sort(key=_sort_key(name), reverse=direction == "DESC")
    page, following = page_of(rows, call.params.get("start"))
    select = call.params.get("select") or ["*"]
    shown = [_selected(_row(row, with_channels="*" in select), select) for row in page]
    return Page({"items": shown}, len(rows), following)


@rest_method("crm.deal.contact.items.get", "crm")
def deal_contacts(call: Call) -> list[dict[str, Any]]:
    """Contacts of a deal, the main one first."""
    deal = call.portal.item(2, call.integer("id"))
    if deal is None:
        raise RestError("", "Not found")
    return [
        {
            "CONTACT_ID": contact_id,
            "SORT": 10 * (index + 1),
            "ROLE_ID": 0,
            "IS_PRIMARY": "Y" if contact_id == deal["contactId"] else "N",
        }
        for index, contact_id in enumerate(deal["contactIds"])
    ]


def _type(call: Call) -> int:
    number = call.integer("entityTypeId")
    if crm_type(number) is None:
        raise RestError("NOT_FOUND", f"Смарт-процесс {number} не найден")
    return number


def _known_fields(items: list[dict[str, Any]]) -> set[str]:
    return {key for row in items for key in row} | {"id", "title"}


def _order(call: Call) -> list[tuple[str, str]]:
    order = call.params.get("order")
    pairs = order.items() if isinstance(order, dict) else [("id", "ASC")]
    return [(str(key), str(value).upper()) for key, value in pairs]


def _sort_key(name: str) -> Callable[[dict[str, Any]], Any]:
    return lambda row: row.get(name) or 0


def _row(item: dict[str, Any], *, with_channels: bool) -> dict[str, Any]:
    row = {key: iso(value) if key in _TIMES else value for key, value in item.items()}
    if not with_channels:
        row.pop("fm", None)
    elif item["entityTypeId"] in _WITH_CHANNELS:
        row.setdefault("fm", [])
    return row


def _selected(row: dict[str, Any], select: list[str]) -> dict[str, Any]:
    if "*" in select:
        return row
    return {key: value for key, value in row.items() if key in select}
