"""CRM types by their number, and the names other methods want for them.

Source: Bitrix24 docs, api-reference/crm/data-types (object types).
"""

from __future__ import annotations

LEAD, DEAL, CONTACT, COMPANY, QUOTE, SMART_INVOICE = 1, 2, 3, 4, 7, 31
FIRST_DYNAMIC = 128

_SYMBOLS = {
    LEAD: "lead",
    DEAL: "deal",
    CONTACT: "contact",
    COMPANY: "company",
    QUOTE: "quote",
    14: "order",
    SMART_INVOICE: "smart_invoice",
}


def symbol(entity_type_id: int) -> str:
    """ENTITY_TYPE of timeline methods: `deal`, `dynamic_177`; empty if they have none."""
    if entity_type_id >= FIRST_DYNAMIC:
        return f"dynamic_{entity_type_id}"
    return _SYMBOLS.get(entity_type_id, "")
