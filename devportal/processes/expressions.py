"""Expressions in robot inputs: `{=send:document_id}`, `{=Document:ID}`, `{{Контакт > int}}`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from devportal.portals.crm_types import CrmType
from devportal.portals.portal import Portal
from devportal.portals.process import Process

_EXPRESSION = re.compile(r"\{=(?P<source>\w+):(?P<field>[\w ]+)\}|\{\{(?P<caption>[^{}]+)\}\}")

_CAPTIONS = {
    "id": "ID",
    "id элемента crm": "ID",
    "контакт": "CONTACT_ID",
    "контакт > int": "CONTACT_ID",
    "компания": "COMPANY_ID",
    "компания > int": "COMPANY_ID",
    "ответственный": "ASSIGNED_BY_ID",
    "название": "TITLE",
    "сумма": "OPPORTUNITY",
}
_FIELDS = {
    "ID": "id",
    "TITLE": "title",
    "CONTACT_ID": "contactId",
    "COMPANY_ID": "companyId",
    "ASSIGNED_BY_ID": "assignedById",
    "CREATED_BY_ID": "createdBy",
    "OPPORTUNITY": "opportunity",
    "CURRENCY_ID": "currencyId",
}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an expression can look at."""

    portal: Portal
    process: Process
    crm_type: CrmType


def resolve(value: Any, around: Surroundings) -> Any:
    """The value with its expressions substituted.

    A text that is one expression takes the value itself, lists included; inside a longer text
    the value is printed. What is unknown or empty resolves to an empty text.
    """
    if isinstance(value, list):
        return [resolve(item, around) for item in value]
    if not isinstance(value, str):
        return value
    whole = _EXPRESSION.fullmatch(value.strip())
    if whole:
        return _look_up(whole, around)
    return _EXPRESSION.sub(lambda found: _printed(_look_up(found, around)), value)


def _look_up(found: re.Match[str], around: Surroundings) -> Any:
    caption = found.group("caption")
    if caption is not None:
        return _document_field(_CAPTIONS.get(caption.strip().lower(), ""), around)
    source, name = found.group("source"), found.group("field")
    if source.lower() == "document":
        return _document_field(name, around)
    try:
        return around.process.step(source).values.get(name, "")
    except KeyError:
        return ""


def _document_field(name: str, around: Surroundings) -> Any:
    process = around.process
    item = around.portal.item(process.entity_type_id, process.entity_id) or {}
    value = item.get(_FIELDS.get(name, ""), "")
    if name.endswith("_BY_ID") and value:
        return f"user_{value}"
    return "" if value in (None, 0) else str(value)


def _printed(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return "" if value is None else str(value)
