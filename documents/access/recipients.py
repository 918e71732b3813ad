"""What a delivery to a signer remembers of the one it goes to.

The signer's row may name another person or address by the time the message comes back; the
journal states where this one went.
"""

from __future__ import annotations

from typing import Any

from documents.models import Signer
from employees.signatures.codes import mask_address


def payload_for(signer: Signer, *, is_code: bool = False, **more: Any) -> dict[str, Any]:
    """The payload of a message to a signer: who he is now, and his masked address."""
    address = signer.code_address if is_code else signer.email
    return {"signer": signer.pk, "name": signer.name, "address": mask_address(address)} | more
