"""How a signer's act came to us, as it goes into the signature's row and the journal."""

from __future__ import annotations

from dataclasses import dataclass

from documents.models import Signature


@dataclass(frozen=True)
class Evidence:
    """How a signer's act came to us.

    `confirmed_by` is the way of confirmation in the document's language, its address masked;
    `signed_sha256` the hash of the file that was shown; `level` the level of the signature.
    """

    ip: str | None = None
    user_agent: str = ""
    time_zone: str = ""
    confirmed_by: str = ""
    signed_sha256: str = ""
    level: str = "simple"

    @classmethod
    def of(cls, signature: Signature) -> Evidence:
        """As it was written down at the decision."""
        return cls(
            ip=signature.ip,
            user_agent=signature.user_agent,
            time_zone=signature.time_zone,
            confirmed_by=signature.confirmed_by,
            signed_sha256=signature.signed_sha256,
            level=signature.level,
        )

    @property
    def personal(self) -> dict[str, str]:
        """For the erasable part of the journal."""
        device = {"ip": self.ip or "", "user_agent": self.user_agent, "time_zone": self.time_zone}
        return {name: value for name, value in device.items() if value}
