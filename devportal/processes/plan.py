"""The process of the demonstration: make a document, send it for signing, ask for its status."""

from __future__ import annotations

from typing import Any

from devportal.portals.portal import DEAL
from devportal.portals.process import CREATE_DOCUMENT, Step

SEND, STATUS = "signx_send", "signx_status"

_SEND_INPUTS: dict[str, Any] = {
    "document": "{=create:document_id}",
    "signer_company": "user_1",
    "signer_counterparty": "{{Контакт > int}}",
    "responsible": "{=Document:ASSIGNED_BY_ID}",
    "crm_entity": "{{ID}}",
}
_STATUS_INPUTS: dict[str, Any] = {"document": "{=send:document_id}"}


# An HR document has an employee on the other side, and no deal to be bound to.
_HR_INPUTS: dict[str, Any] = {
    "document": "{=create:document_id}",
    "signer_company": "user_1",
    "signer_counterparty": "user_7",
    "responsible": "{=Document:ASSIGNED_BY_ID}",
}


def default_steps(
    send: dict[str, Any], status: dict[str, Any], *, entity_type_id: int
) -> list[Step]:
    """Steps `create`, `send` and `status`; given inputs replace the usual ones."""
    usual = _SEND_INPUTS if entity_type_id == DEAL else _HR_INPUTS
    return [
        Step("create", CREATE_DOCUMENT),
        Step("send", SEND, usual | send),
        Step("status", STATUS, _STATUS_INPUTS | status),
    ]
