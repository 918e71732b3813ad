"""CRM object types and the four ways in which Bitrix24 writes a reference to one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CrmType:
    """`code` as in DEAL_315, `short` as in D_315, `timeline` as in timeline comments."""

    entity_type_id: int
    code: str
    short: str
    document_class: str
    timeline: str

    def document_id(self, item_id: int) -> list[str]:
        """The three-part document id of business processes."""
        return ["crm", self.document_class, f"{self.code}_{item_id}"]

    def document_type(self) -> list[str]:
        """The three-part document type of business processes."""
        return ["crm", self.document_class, self.code]


_INTEGRATION = "Bitrix\\Crm\\Integration\\BizProc\\Document\\"

_CLASSIC = {
    row.entity_type_id: row
    for row in (
        CrmType(1, "LEAD", "L", "CCrmDocumentLead", "lead"),
        CrmType(2, "DEAL", "D", "CCrmDocumentDeal", "deal"),
        CrmType(3, "CONTACT", "C", "CCrmDocumentContact", "contact"),
        CrmType(4, "COMPANY", "CO", "CCrmDocumentCompany", "company"),
        CrmType(7, "QUOTE", "Q", f"{_INTEGRATION}Quote", "quote"),
        CrmType(31, "SMART_INVOICE", "SI", f"{_INTEGRATION}SmartInvoice", "smart_invoice"),
    )
}
_FIRST_SMART_PROCESS = 128


def crm_type(entity_type_id: int) -> CrmType | None:
    """The type of a number; smart processes begin at 128."""
    if entity_type_id in _CLASSIC:
        return _CLASSIC[entity_type_id]
    if entity_type_id < _FIRST_SMART_PROCESS:
        return None
    return CrmType(
        entity_type_id,
        f"DYNAMIC_{entity_type_id}",
        f"T{entity_type_id:x}",
        f"{_INTEGRATION}Dynamic",
        f"dynamic_{entity_type_id}",
    )


def crm_type_of_timeline(name: str) -> CrmType | None:
    """The type that timeline methods call `name`."""
    for row in _CLASSIC.values():
        if row.timeline == name:
            return row
    prefix, _, number = name.partition("_")
    if prefix == "dynamic" and number.isdigit():
        return crm_type(int(number))
    return None
